"""Labelled artists and reference covers as points around directions, in a few dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classifiers.training.dataset import Row
from classifiers.training.detector import Kind, References
from classifiers.training.train import train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.training.train import TrainedEnsemble

GENRES = ("jazz", "metal", "pop")
DIM = 16
MUSIC = ("folk", "rock", "ambient", "dub")
PICTURES = ("photographs", "posters", "objects")
BLANKS = ("plain", "stripes")
UNUSED = "soul"
"""A kind of music that is in no references of this module."""

_KINDS = (*MUSIC, *PICTURES, *BLANKS, UNUSED)
_OUTSIDE = len(GENRES)  # all kinds of outsiders share this direction a little, and have one of their own


def size_directions() -> NDArray[np.float32]:
    """Return (2, DIM) orthonormal directions that overlap with those of genres and kinds."""
    directions = np.random.default_rng(99).normal(size=(DIM, 2))
    directions[: _OUTSIDE + 1] *= 0.2
    return np.linalg.qr(directions)[0].T.astype(np.float32)


def covers(name: str, seed: int, number: int = 4) -> NDArray[np.float32]:
    """Draw (number, DIM) embeddings of a genre or a kind; each seed is another artist."""
    rng = np.random.default_rng([seed, *name.encode()])
    centre = np.zeros(DIM)
    if name in GENRES:
        centre[GENRES.index(name)] = 1
    else:
        own = _OUTSIDE + 1 + _KINDS.index(name)
        centre[[_OUTSIDE, own]] = 0.5, 0.5
    return (centre + rng.normal(scale=0.1, size=(number, DIM))).astype(np.float32)


def artists(per_genre: int = 6, genres: Sequence[str] = GENRES, *, first_seed: int = 0) -> list[Row]:
    """Draw labelled artists with embeddings by ``lite``; their tags say nothing."""
    return [
        Row(f"{genre} {seed}", genre, {"lite": [{"guitar": 1.0}] * 4}, {"lite": covers(genre, seed)})
        for genre in genres
        for seed in range(first_seed, first_seed + per_genre)
    ]


def kind(name: str, category: str, genre: str | None = None, artists: int = 5) -> Kind:
    """Draw reference covers of one kind."""
    return Kind(name, category, genre, [covers(name, 1000 + seed) for seed in range(artists)])


def references(tagger: str = "lite") -> References:
    """Draw references of all categories."""
    kinds = [
        *(kind(name, "music") for name in MUSIC),
        *(kind(name, "pictures") for name in PICTURES),
        *(kind(name, "blanks") for name in BLANKS),
    ]
    return References(tagger, tuple(kinds), size_directions())


def trained(
    rows: Sequence[Row] | None = None, given: References | None = None, *, seed: int = 0
) -> TrainedEnsemble:
    """Train on embeddings with references."""
    return train(
        artists() if rows is None else rows,
        {"lite": "lite 1"},
        views=("embedding",),
        references=given or references(),
        folds=3,
        repeats=1,
        seed=seed,
    )
