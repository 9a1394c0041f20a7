"""What zero-shot taggers share: votes on genres by their names alone, a cover at a time and pooled."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from classifiers.arrays import softmax
from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


def check_genres(genres: Sequence[str]) -> None:
    """Make sure that there is something to choose from.

    Raises:
        InputError: Fewer than two genres, or one twice.
    """
    if len(set(genres)) != len(genres) or len(genres) < 2:  # noqa: PLR2004
        raise InputError(f"a vote needs two genres or more, none twice; got: {', '.join(genres) or 'none'}")


def shares(logits: NDArray[np.float64], genres: Sequence[str]) -> list[dict[str, float]]:
    """The softmax of each row of (n_covers, n_genres), by genre."""
    return [dict(zip(genres, map(float, row), strict=True)) for row in softmax(logits)]


def pool_votes(votes: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Join the votes of one artist's covers: the softmax of their mean logits, largest first.

    The logarithm of a softmax is the logits up to a constant, so the mean of logarithms gives the same as
    the mean of logits would.

    Args:
        votes: One mapping a cover, all with the same genres, each summing to 1.

    Raises:
        InputError: No votes at all.

    >>> pool_votes([{"jazz": 0.9, "metal": 0.1}, {"jazz": 0.1, "metal": 0.9}])
    {'jazz': 0.5, 'metal': 0.5}
    """
    if not votes:
        raise InputError("there is no vote to pool: no cover was looked at")
    genres = list(votes[0])
    logits = np.log([[max(vote[genre], sys.float_info.min) for genre in genres] for vote in votes])
    (pooled,) = shares(logits.mean(axis=0, keepdims=True), genres)
    return dict(sorted(pooled.items(), key=lambda share: -share[1]))
