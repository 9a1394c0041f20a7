"""Complement naive Bayes: estimates a genre from the tags of all other genres; suits uneven genres."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.text._calibrated import calibrated

if TYPE_CHECKING:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.naive_bayes import ComplementNB


def build(inner_folds: int, seed: int, per_cover: bool) -> ComplementNB | CalibratedClassifierCV:  # noqa: FBT001
    """Build the unfitted classifier, calibrated on bags; little smoothing, since unit rows have small sums.

    Rennie, Shih, Teevan and Karger, "Tackling the Poor Assumptions of Naive Bayes ..." (ICML 2003). The raw
    probabilities are nearly flat.
    """
    from sklearn.naive_bayes import ComplementNB

    classifier = ComplementNB(alpha=0.1)
    return classifier if per_cover else calibrated(classifier, inner_folds, seed)
