"""Complement naive Bayes: learns a genre from what all the others show; helps where genres are uneven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.text._calibrated import calibrated

if TYPE_CHECKING:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.naive_bayes import ComplementNB


def build(inner_folds: int, seed: int, per_cover: bool) -> ComplementNB | CalibratedClassifierCV:  # noqa: FBT001
    """Rennie, Shih, Teevan and Karger, "Tackling the Poor Assumptions of Naive Bayes ..." (ICML 2003).

    Unit rows hold little mass, so the smoothing is small, and its own probabilities are nearly flat, so they
    are calibrated.
    """
    from sklearn.naive_bayes import ComplementNB

    classifier = ComplementNB(alpha=0.1)
    return classifier if per_cover else calibrated(classifier, inner_folds, seed)
