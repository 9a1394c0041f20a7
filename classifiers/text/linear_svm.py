"""Linear support vector machine, one genre against the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.softmax_svm import SoftmaxLinearSVC
from classifiers.text._calibrated import calibrated

if TYPE_CHECKING:
    from sklearn.calibration import CalibratedClassifierCV


def build(inner_folds: int, seed: int, per_cover: bool) -> SoftmaxLinearSVC | CalibratedClassifierCV:  # noqa: FBT001
    """Build the unfitted classifier with squared hinge loss; calibrated on bags."""
    from sklearn.svm import LinearSVC

    if per_cover:
        return SoftmaxLinearSVC(penalty=0.3, seed=seed)
    return calibrated(LinearSVC(C=1.0, max_iter=20_000, random_state=seed), inner_folds, seed)
