"""Blend of the best models: one weight per model, learned on rows that the models were not fitted on.

Stacking (Wolpert 1992) with non-negative weights (Breiman, "Stacked Regressions", 1996): the blend is the
softmax of the weighted sum of log-probabilities. It has one parameter per model, not one per model and genre,
for which there are too few artists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classifiers.ensemble.pooling import pooled
from classifiers.metrics.splits import scores
from classifiers.training.stacking import fit_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.training.cross_validation import FoldVotes

    Floats = NDArray[np.float64]


MAX_MODELS = 4  # in a blend


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
