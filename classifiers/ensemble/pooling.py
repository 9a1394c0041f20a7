"""Pooling of votes into shares. Needs numpy only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.arrays import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray


FLAT_PRIOR = 0.25  # weight of the flat vote mixed into a vote on a bag, in covers; see docs/ensemble.md
COVER_FLOOR = 1e-9  # no single cover can rule a genre out
VOTER_FLOOR = 1e-3  # nor can any voter, even one that is certain since its few artists were easy
_SMALLEST = np.finfo(np.float64).tiny


class Sharpness(NamedTuple):
    """Exponent that sharpens the mean vote of n covers: ``scale * n ** growth``.

    If covers were independent, growth would be 1; an artist's covers resemble each other, so it is lower.
    """

    scale: float
    growth: float


def pool_covers(
    votes: NDArray[np.float64], known: NDArray[np.bool_], sharpness: Sharpness
) -> NDArray[np.float64]:
    """Pool the votes on an artist's covers: the sharpened geometric mean, renormalised.

    Args:
        votes: (..., n_covers, n_genres) probabilities.
        known: (..., n_covers), False for covers without any feature that the voter knows; they do not count.
        sharpness: Exponent of the mean.

    Returns:
        (..., n_genres) summing to 1; flat where no cover is known.
    """
    logs = np.log(np.maximum(votes, COVER_FLOOR)) * known[..., np.newaxis]
    covers = known.sum(axis=-1)[..., np.newaxis]
    exponent = sharpness.scale * np.maximum(covers, 1) ** (sharpness.growth - 1)
    return softmax(exponent * logs.sum(axis=-2))


def temper(votes: NDArray[np.float64], covers: int | NDArray[np.int64]) -> NDArray[np.float64]:
    """Mix votes on a bag with a flat vote: the fewer covers, the flatter.

    Args:
        votes: (..., n_genres) probabilities.
        covers: Number of covers in the bag, or (..., 1) numbers.

    Returns:
        (..., n_genres) summing to 1.
    """
    trust = covers / (covers + FLAT_PRIOR)
    mixed: NDArray[np.float64] = trust * votes + (1 - trust) / votes.shape[-1]
    return mixed


def flat_where_unknown(votes: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return (n, n_genres) votes, made flat wherever (n,) ``known`` is False."""
    return np.where(known[:, np.newaxis], votes, 1 / votes.shape[-1])


def pooled(votes: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pool voters in a logarithmic opinion pool: the product of votes to the power of weights, renormalised.

    Genest and Zidek, "Combining Probability Distributions: A Critique and an Annotated Bibliography" (1986).

    Args:
        votes: (..., n_voters, n_genres) probabilities.
        weights: (..., n_voters), at least 0; either one weight per voter, or one per artist and voter. With
            a sum of 1, the product is a mean.

    Returns:
        (..., n_genres) shares, summing to 1.
    """
    return softmax(np.einsum("...vg,...v->...g", np.log(np.maximum(votes, VOTER_FLOOR)), weights))


def log_odds(votes: NDArray[np.float64], genre: int, other: int) -> NDArray[np.float64]:
    """Return each vote's log-odds of one genre over another, without `VOTER_FLOOR`.

    Their weighted sum over voters is the logarithm of the ratio of two shares of `pooled`, wherever no vote
    is below the floor. Unlike a share, it does not saturate: a vote of 1e-9 differs from one of 1e-12.

    Args:
        votes: (..., n_genres) probabilities.
        genre: Column of the one.
        other: Column of the other.

    Returns:
        (...), finite; above 0 where the vote is for ``genre``.
    """
    logs: NDArray[np.float64] = np.log(np.maximum(votes[..., [genre, other]], _SMALLEST))
    return logs[..., 0] - logs[..., 1]
