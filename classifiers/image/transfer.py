"""A small network on a frozen backbone's numbers: transfer learning."""

from __future__ import annotations

from typing import Final

from classifiers.image._head import MlpEnsemble, Recipe

FEATURE: Final = "embedding"


def build(seed: int) -> MlpEnsemble:
    """One hidden layer between two layers of dropout; docs/image-models.md has what was tried."""
    return MlpEnsemble(Recipe(), seed)
