"""Multinomial naive Bayes: the classic of text classification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.text._calibrated import calibrated

if TYPE_CHECKING:
    from sklearn.calibration import CalibratedClassifierCV


def build(inner_folds: int, seed: int) -> CalibratedClassifierCV:
    """Multinomial naive Bayes with a flat prior over genres; calibrated, since its raw answers are unsure."""
    from sklearn.naive_bayes import MultinomialNB

    return calibrated(MultinomialNB(alpha=0.03, fit_prior=False), inner_folds, seed)
