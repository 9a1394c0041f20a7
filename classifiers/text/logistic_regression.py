"""Multinomial logistic regression; its answers are probabilities as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


def build(inner_folds: int, seed: int) -> LogisticRegression:  # noqa: ARG001 - every classifier's door is the same
    """Logistic regression with a weak L2 penalty: unit rows are short, so coefficients must be large."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=100.0, max_iter=5000)
