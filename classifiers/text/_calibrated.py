"""Probabilities for classifiers whose scores are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin
    from sklearn.calibration import CalibratedClassifierCV


def calibrated(classifier: ClassifierMixin, inner_folds: int, seed: int) -> CalibratedClassifierCV:
    """Platt's sigmoid a genre, fitted on scores of held-out rows (Platt 1999), then scaled to sum to 1."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(inner_folds, shuffle=True, random_state=seed)
    return CalibratedClassifierCV(classifier, method="sigmoid", cv=folds, ensemble=False)
