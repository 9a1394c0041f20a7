"""Linear support vector machine, one genre against the rest, with calibrated probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.text._calibrated import calibrated

if TYPE_CHECKING:
    from sklearn.calibration import CalibratedClassifierCV


def build(inner_folds: int, seed: int, per_cover: bool) -> CalibratedClassifierCV:  # noqa: FBT001
    """Squared hinge loss; the more rows, the smaller C."""
    from sklearn.svm import LinearSVC

    return calibrated(
        LinearSVC(C=0.3 if per_cover else 1.0, max_iter=20_000, random_state=seed), inner_folds, seed
    )
