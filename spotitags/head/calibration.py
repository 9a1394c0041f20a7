"""From likeness to probability: how often a label that stands out so much is one that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spotitags.taggers._head import Calibration

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def priors(shown: NDArray[np.bool_]) -> Floats:
    """Log odds that a label fits a cover nobody has looked at.

    Half a cover is added to both sides (Krichevsky and Trofimov 1981), so that a label that was never seen
    is rare and not impossible.

    Args:
        shown: (n_covers, n_labels), which labels fit.

    Returns:
        (n_labels,).
    """
    counts = shown.sum(axis=0)
    odds: Floats = np.log((counts + 0.5) / (len(shown) - counts + 0.5)).astype(np.float32)
    return odds


def fitted(contrast: Floats, shown: NDArray[np.bool_], prior: Floats) -> Calibration:
    """Logistic regression on contrast and prior (Platt 1999), over all pairs of a cover and a label.

    Args:
        contrast: (n_covers, n_labels) of covers that the head has not learnt from.
        shown: (n_covers, n_labels), which labels fit.
        prior: (n_labels,) from `priors`.
    """
    from sklearn.linear_model import LogisticRegression

    pairs = np.stack([contrast.ravel(), np.broadcast_to(prior, contrast.shape).ravel()], axis=1)
    model = LogisticRegression(C=np.inf, max_iter=1000).fit(pairs, shown.ravel())
    (likeness, prevalence), (bias,) = model.coef_[0].tolist(), model.intercept_.tolist()
    return Calibration(likeness, prevalence, bias)
