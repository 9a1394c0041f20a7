"""Calibrated probabilities for classifiers whose scores are not probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin
    from sklearn.calibration import CalibratedClassifierCV


def calibrated(classifier: ClassifierMixin, inner_folds: int, seed: int) -> CalibratedClassifierCV:
    """Add Platt scaling to a classifier: one sigmoid per genre, fitted on held-out rows (Platt 1999).

    The sigmoids are then scaled to sum to 1.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(inner_folds, shuffle=True, random_state=seed)
    return CalibratedClassifierCV(classifier, method="sigmoid", cv=folds, ensemble=False)
