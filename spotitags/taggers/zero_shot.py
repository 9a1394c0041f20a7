"""Zero-shot genre votes: a softmax over genres for each cover, and pooling over an artist's covers."""

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
    """Check that there are at least two genres and that none is repeated.

    Raises:
        InputError: There are fewer than two genres, or one is repeated.
    """
    if len(set(genres)) != len(genres) or len(genres) < 2:  # noqa: PLR2004
        raise InputError(f"a vote needs two genres or more, none twice; got: {', '.join(genres) or 'none'}")


def softmax_votes(logits: NDArray[np.float64], genres: Sequence[str]) -> list[dict[str, float]]:
    """Return the softmax of each row of (n_covers, n_genres) logits, by genre."""
    return [dict(zip(genres, map(float, row), strict=True)) for row in softmax(logits)]


def pool_votes(votes: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Pool the votes of one artist's covers: the softmax of their mean logits, largest first.

    The logarithm of a softmax equals the logits up to a constant, so averaging logarithms gives the same
    result as averaging the logits.

    Args:
        votes: One mapping per cover, all with the same genres, each summing to 1.

    Raises:
        InputError: There are no votes.

    >>> pool_votes([{"jazz": 0.9, "metal": 0.1}, {"jazz": 0.1, "metal": 0.9}])
    {'jazz': 0.5, 'metal': 0.5}
    """
    if not votes:
        raise InputError("there is no vote to pool: no cover was tagged")
    genres = list(votes[0])
    logits = np.log([[max(vote[genre], sys.float_info.min) for genre in genres] for vote in votes])
    (pooled,) = softmax_votes(logits.mean(axis=0, keepdims=True), genres)
    return dict(sorted(pooled.items(), key=lambda vote: -vote[1]))
