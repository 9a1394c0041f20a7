"""Multinomial naive Bayes, the standard method of text classification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.text._calibrated import calibrated

if TYPE_CHECKING:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.naive_bayes import MultinomialNB


def build(inner_folds: int, seed: int, per_cover: bool) -> MultinomialNB | CalibratedClassifierCV:  # noqa: FBT001
    """Build the unfitted classifier with a flat prior over genres.

    It is calibrated on bags, since its raw probabilities are too flat.
    """
    from sklearn.naive_bayes import MultinomialNB

    classifier = MultinomialNB(alpha=0.1 if per_cover else 0.03, fit_prior=False)
    return classifier if per_cover else calibrated(classifier, inner_folds, seed)
