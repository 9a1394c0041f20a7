"""Blend of the best models: one weight per model, learned on rows that the models were not fitted on.

Stacking (Wolpert 1992) with non-negative weights (Breiman, "Stacked Regressions", 1996): the blend is the
softmax of the weighted sum of log-probabilities. It has one parameter per model, not one per model and genre,
for which there are too few artists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classifiers.arrays import softmax
from classifiers.ensemble.pooling import VOTER_FLOOR, pooled
from classifiers.metrics.splits import scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.training.cross_validation import FoldVotes

    Floats = NDArray[np.float64]


MAX_MODELS = 4  # in a blend
RIDGE = 0.01  # penalty that draws weights to an even blend, in nats per squared difference


def blended(fold: FoldVotes, sources: Sequence[str]) -> tuple[Floats, Floats]:
    """Predict one fold with a blend, whose models and weights are learned on the other folds.

    Args:
        fold: Votes of all models.
        sources: Feature of each model; of the models on one feature only the best one is selected.

    Returns:
        (n_test, n_genres) shares and (n_models,) weights, 0 for models that are not selected.
    """
    best = best_models(fold.other_votes, fold.other_truth, sources)
    weights = np.zeros(len(sources))
    weights[best] = fit_weights(fold.other_votes[:, best], fold.other_truth)
    return pooled(fold.votes, weights), weights


def best_models(votes: Floats, truth: NDArray[np.intp], sources: Sequence[str]) -> list[int]:
    """Return the numbers of the models with the lowest log loss: one per source, at most `MAX_MODELS`.

    Args:
        votes: (n_rows, n_models, n_genres).
        truth: (n_rows,) genre indices.
        sources: Feature of each model.
    """
    losses = [scores(votes[:, i], truth).log_loss for i in range(votes.shape[1])]
    best: dict[str, int] = {}
    for i in np.argsort(losses, kind="stable").tolist():
        best.setdefault(sources[i], i)
    return list(best.values())[:MAX_MODELS]


def fit_weights(votes: Floats, truth: NDArray[np.intp]) -> Floats:
    """Fit the log-linear blend with the lowest log loss; every genre weighs the same.

    The loss is convex, so there is one solution. Weights need not sum to 1: models that are right for
    different reasons are more certain together.

    Args:
        votes: (n_rows, n_models, n_genres).
        truth: (n_rows,) genre indices.

    Returns:
        (n_models,) weights, at least 0.
    """
    from scipy.optimize import minimize

    n, models, genres = votes.shape
    logs = np.log(np.maximum(votes, VOTER_FLOOR))
    targets = np.eye(genres)[truth]
    row_weights = 1 / np.maximum(targets.sum(axis=0), 1)[truth] / len(np.unique(truth))
    even = np.full(models, 1 / models)

    def loss(weights: Floats) -> tuple[float, Floats]:
        shares = softmax(np.einsum("nmg,m->ng", logs, weights))
        value = -row_weights @ np.log(np.maximum(shares[np.arange(n), truth], 1e-300))
        slope = np.einsum("ng,nmg->m", (shares - targets) * row_weights[:, None], logs)
        return float(value + RIDGE * ((weights - even) ** 2).sum()), slope + 2 * RIDGE * (weights - even)

    best: Floats = minimize(loss, even, jac=True, method="L-BFGS-B", bounds=[(0, None)] * models).x
    return best
