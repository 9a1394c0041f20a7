"""Multinomial logistic regression; its answers are probabilities as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


def build(
    inner_folds: int,  # noqa: ARG001 - every classifier's door is the same
    seed: int,  # noqa: ARG001
    per_cover: bool,  # noqa: FBT001
) -> LogisticRegression:
    """Logistic regression with a weak L2 penalty: unit rows are short, so coefficients must be large."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=3.0 if per_cover else 100.0, max_iter=5000)
