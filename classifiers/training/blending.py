"""The best few models blended: a weight for each, learnt on rows that the models were not fitted on.

Stacking (Wolpert 1992) with weights that are never negative (Breiman, "Stacked Regressions", 1996): the blend
is the softmax of the weighted sum of log-probabilities, so it has one number a model to learn and not one a
model and genre, which few artists could not bear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classifiers.ensemble.pooling import FLOOR, pooled
from classifiers.metrics.splits import scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.training.cross_validation import FoldVotes

    Floats = NDArray[np.float64]


FEW = 4  # models in a blend, at most
RIDGE = 0.01  # how strongly weights are drawn to an even blend, in nats a squared difference


def blended(fold: FoldVotes, sources: Sequence[str]) -> tuple[Floats, Floats]:
    """The blend's answers on one fold; whom it takes, and the weights, are learnt on the other folds.

    Args:
        fold: Votes of all models.
        sources: For each model what it reads; of models that read the same only the best one is taken.

    Returns:
        (n_test, n_genres) shares and (n_models,) weights, 0 for those not taken.
    """
    chosen = best_few(fold.known, fold.truth, sources)
    weights = np.zeros(len(sources))
    weights[chosen] = fit_weights(fold.known[:, chosen], fold.truth)
    return pooled(fold.votes, weights), weights


def best_few(votes: Floats, truth: NDArray[np.intp], sources: Sequence[str]) -> list[int]:
    """Numbers of the models with the lowest log loss, `FEW` at most and one of each source.

    Args:
        votes: (n_rows, n_models, n_genres).
        truth: (n_rows,) genre indices.
        sources: For each model what it reads.
    """
    losses = [scores(votes[:, i], truth).log_loss for i in range(votes.shape[1])]
    taken: dict[str, int] = {}
    for i in np.argsort(losses, kind="stable").tolist():
        taken.setdefault(sources[i], i)
    return list(taken.values())[:FEW]


def fit_weights(votes: Floats, truth: NDArray[np.intp]) -> Floats:
    """(n_models,) weights, at least 0, of the log-linear blend with the lowest log loss; genres count alike.

    The loss is convex, so there is one answer. Weights need not sum to 1: models that are right for different
    reasons are surer together.

    Args:
        votes: (n_rows, n_models, n_genres).
        truth: (n_rows,) genre indices.
    """
    from scipy.optimize import minimize

    n, models, genres = votes.shape
    logs = np.log(np.maximum(votes, FLOOR))
    right = np.eye(genres)[truth]
    each = 1 / np.maximum(right.sum(axis=0), 1)[truth] / len(np.unique(truth))
    even = np.full(models, 1 / models)

    def loss(weights: Floats) -> tuple[float, Floats]:
        sums = np.einsum("nmg,m->ng", logs, weights)
        powers = np.exp(sums - sums.max(axis=1, keepdims=True))
        shares = powers / powers.sum(axis=1, keepdims=True)
        value = -each @ np.log(np.maximum(shares[np.arange(n), truth], 1e-300))
        slope = np.einsum("ng,nmg->m", (shares - right) * each[:, None], logs)
        return float(value + RIDGE * ((weights - even) ** 2).sum()), slope + 2 * RIDGE * (weights - even)

    found: Floats = minimize(loss, even, jac=True, method="L-BFGS-B", bounds=[(0, None)] * models).x
    return found
