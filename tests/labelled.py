"""Labelled rows as tests want them: each genre has labels that it likes and shares others with all."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from classifiers.training import Row

if TYPE_CHECKING:
    from collections.abc import Mapping

LIKED = {
    "jazz": "trumpet saxophone piano stage",
    "metal": "skull church shield flame",
    "pop": "gown pink wig smile",
}
COMMON = [f"common {i}" for i in range(20)]


def bag(genre: str, rng: random.Random, labels: int = 12) -> dict[str, float]:
    """A bag with about half of its labels from what the genre likes."""
    liked = LIKED[genre].split()
    return {
        rng.choice(liked) if rng.random() < 0.5 else rng.choice(COMMON): round(rng.random() * 3, 3)
        for _ in range(labels)
    }


def rows(
    per_genre: int = 8,
    genres: tuple[str, ...] = ("jazz", "metal", "pop"),
    taggers: tuple[str, ...] = ("lite",),
) -> list[Row]:
    """Rows of ``per_genre`` artists a genre."""
    rng = random.Random(7)
    return [
        Row(f"{genre} {i}", genre, {tagger: bag(genre, rng) for tagger in taggers})
        for genre in genres
        for i in range(per_genre)
    ]


def versions(*taggers: str) -> Mapping[str, str]:
    """A version for each tagger."""
    return {tagger: f"{tagger} 1" for tagger in taggers or ("lite",)}
