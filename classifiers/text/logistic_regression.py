"""Multinomial logistic regression; its probabilities need no calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


def build(
    inner_folds: int,  # noqa: ARG001 - all classifiers have this signature
    seed: int,  # noqa: ARG001
    per_cover: bool,  # noqa: FBT001
) -> LogisticRegression:
    """Build the unfitted classifier with a weak L2 penalty.

    The values of unit rows are small, so coefficients must be large.
    """
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=3.0 if per_cover else 100.0, max_iter=5000)
