"""Linear support vector machine on covers' embeddings."""

from __future__ import annotations

from typing import Final

from classifiers.softmax_svm import SoftmaxLinearSVC

FEATURE: Final = "embedding"
DEFAULT: Final = True


def build(seed: int) -> SoftmaxLinearSVC:
    """Build the unfitted model with squared hinge loss, one genre against the rest."""
    return SoftmaxLinearSVC(penalty=0.3, seed=seed)
