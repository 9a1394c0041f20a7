"""Transfer learning: a small network on the embeddings of a frozen backbone."""

from __future__ import annotations

from typing import Final

from classifiers.image._mlp import MlpEnsemble, TrainingOptions

FEATURE: Final = "embedding"


def build(seed: int) -> MlpEnsemble:
    """Build one hidden layer between two layers of dropout; docs/image-models.md compares alternatives."""
    return MlpEnsemble(TrainingOptions(), seed)
