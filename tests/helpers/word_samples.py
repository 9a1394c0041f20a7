"""Artists with words of no meaning, and one planted word."""

from __future__ import annotations

import numpy as np

from classifiers.training.dataset import Row
from spotitags.evaluation.samples import Sample, Samples
from spotitags.records import Album, Artist

COVERS = 8


def artists(number: int, seed: int = 0, planted: float = 0.8, noise: int = 60) -> list[Sample]:
    """Make artists of jazz and metal in turn; ``sword`` is on a part of metal's covers, ``planted``."""
    rng = np.random.default_rng(seed)
    found = []
    for index in range(number):
        genre = ("jazz", "metal")[index % 2]
        own = rng.random(noise) ** 3  # an artist's covers resemble each other
        covers = []
        for _ in range(COVERS):
            there = rng.random(noise) < own
            cover = {f"word {i}": float(weight) for i, weight in enumerate(rng.random(noise)) if there[i]}
            if rng.random() < (planted if genre == "metal" else 0.05):
                cover["sword"] = 0.5
            covers.append(cover)
        groups = tuple(f"{index}-{number}" for number in range(COVERS))
        found.append(Sample(Row(f"a{index}", genre, {"lite": covers}, {}, groups), f"a{index}"))
    return found


def collected(samples: list[Sample], name: str = "Band") -> Samples:
    """Put samples together as `collect_samples` does, with albums."""
    albums = {
        digest: Album(digest, f"{name} {digest}", Artist(one.id, name), digest=digest)
        for one in samples
        for digest in one.row.groups
    }
    return Samples(tuple(samples), {}, (), tuple(one.row for one in samples), albums)
