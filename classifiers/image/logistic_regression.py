"""Multinomial logistic regression on covers' embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

FEATURE: Final = "embedding"
DEFAULT: Final = True


def build(seed: int) -> LogisticRegression:  # noqa: ARG001 - all classifiers have this signature
    """Build the unfitted model with a strong L2 penalty.

    Votes on single covers are uncertain, and pooling sharpens them.
    """
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, max_iter=5000)
