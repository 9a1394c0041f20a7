"""Samples for leaderboards: colours differ between genres, tags and thumbnails do not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from classifiers.image import COLOURS, THUMBNAIL
from classifiers.training.dataset import Row
from helpers.rows import cover
from spotitags.evaluation.samples import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

GENRES = ("jazz", "metal", "pop")


def sample(genre: str, number: int, covers: int, genres: Sequence[str] = GENRES) -> Sample:
    """Build an artist: a third of each cover has one of the genre's colours, the rest is random."""
    rng = np.random.default_rng([genres.index(genre), number])
    liked = 100 * genres.index(genre) + rng.integers(0, 8, size=(covers, 1))
    bins = np.hstack([np.repeat(liked, 10, axis=1), rng.integers(0, 512, size=(covers, 20))])
    shares = np.stack([np.bincount(row, minlength=512) / 30 for row in bins])
    pictures = rng.random((covers, 48))
    tags = [
        cover(random.Random(f"{genre} {number} {i}").choice(GENRES), random.Random(i)) for i in range(covers)
    ]
    row = Row(
        f"{genre} {number}",
        genre,
        {"lite": tags},
        {COLOURS: shares.astype(np.float32), THUMBNAIL: pictures.astype(np.float32)},
        tuple(f"{genre} {number} {i}" for i in range(covers)),
    )
    return Sample(row, row.id)


def samples(per_genre: int = 9, covers: int = 3, genres: Sequence[str] = GENRES) -> list[Sample]:
    """Build artists of each genre, without covers in common."""
    return [sample(genre, number, covers, genres) for genre in genres for number in range(per_genre)]
