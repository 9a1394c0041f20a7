"""Linear support vector machine on covers' embeddings."""

from __future__ import annotations

from typing import Final

from classifiers.margins import SoftMargins

READS: Final = "embedding"
STANDING: Final = True


def build(seed: int) -> SoftMargins:
    """Squared hinge loss, one genre against the rest."""
    return SoftMargins(penalty=0.3, seed=seed)
