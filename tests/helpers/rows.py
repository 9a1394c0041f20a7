"""Labelled rows for tests: each genre has labels of its own and shares others with all genres."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from classifiers.training.dataset import Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

LIKED = {
    "jazz": "trumpet saxophone piano stage",
    "metal": "skull church shield flame",
    "pop": "gown pink wig smile",
}
COMMON = [f"common {i}" for i in range(20)]
DIM = 6


def cover(genre: str, rng: random.Random, labels: int = 4) -> dict[str, float]:
    """Tags of one cover, about half of them labels of the genre."""
    liked = LIKED[genre].split()
    return {
        rng.choice(liked) if rng.random() < 0.5 else rng.choice(COMMON): round(rng.random(), 3)
        for _ in range(labels)
    }


def row(
    genre: str,
    rng: random.Random,
    name: str = "new",
    *,
    covers: int = 3,
    taggers: tuple[str, ...] = ("lite",),
    embedded: tuple[str, ...] = (),
) -> Row:
    """Build an artist of a genre, with embeddings by the taggers in ``embedded``."""
    return Row(
        name,
        genre,
        {tagger: [cover(genre, rng) for _ in range(covers)] for tagger in taggers},
        {tagger: _embedding(genre, rng, covers) for tagger in embedded},
    )


def rows(
    per_genre: int = 8,
    genres: tuple[str, ...] = ("jazz", "metal", "pop"),
    taggers: tuple[str, ...] = ("lite",),
    embedded: tuple[str, ...] = (),
) -> list[Row]:
    """Build rows of ``per_genre`` artists per genre."""
    rng = random.Random(7)
    return [
        row(genre, rng, f"{genre} {i}", taggers=taggers, embedded=embedded)
        for genre in genres
        for i in range(per_genre)
    ]


def bags(artist: Row) -> dict[str, dict[str, float]]:
    """Return all bags of a row."""
    return {tagger: artist.bag(tagger) for tagger in artist.covers}


def versions(*taggers: str) -> Mapping[str, str]:
    """Return a version for each tagger."""
    return {tagger: f"{tagger} 1" for tagger in taggers or ("lite",)}


def _embedding(genre: str, rng: random.Random, covers: int) -> NDArray[np.float32]:
    """(covers, DIM): the direction of the genre, and noise."""
    noise = [[rng.gauss(0, 0.9) for _ in range(DIM)] for _ in range(covers)]
    centre = np.eye(DIM)[sorted(LIKED).index(genre)]
    return (centre + noise).astype(np.float32)
