"""Samples for tests of the evaluation, with and without covers in common."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from classifiers.training.dataset import Row
from helpers.rows import cover
from spotitags.evaluation.samples import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence


def sample(name: str, genre: str, groups: Sequence[str], rng: random.Random | None = None) -> Sample:
    """Build an artist with one cover for each name in ``groups``."""
    rng = rng or random.Random(name)
    covers = [cover(genre, rng) for _ in groups]
    return Sample(Row(name, genre, {"lite": covers}, groups=tuple(groups)), name)


def samples(
    per_genre: int = 8, covers: int = 3, genres: Sequence[str] = ("jazz", "metal", "pop")
) -> list[Sample]:
    """Build artists of each genre, without covers in common."""
    return [
        sample(f"{genre} {i}", genre, [f"{genre} {i} {c}" for c in range(covers)])
        for genre in genres
        for i in range(per_genre)
    ]
