"""How votes become one: covers into an artist's vote, and voters into shares. Needs numpy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


UNSURE = 0.25  # weight of a bag vote's flat prior in covers; docs/ensemble.md says how it was found
TINY = 1e-9  # no cover alone can rule a genre out
FLOOR = 1e-3  # nor any voter, however sure it became of a few artists that are easily told apart


class Sharpness(NamedTuple):
    """How sure an artist's vote is, given the mean log-probability of n covers: ``scale * n ** growth``.

    Were covers independent, growth would be 1; an artist's covers resemble each other, so it is lower.
    """

    scale: float
    growth: float


def pool_covers(
    votes: NDArray[np.float64], known: NDArray[np.bool_], sharpness: Sharpness
) -> NDArray[np.float64]:
    """One vote for an artist from the votes on its covers: the sharpened geometric mean, renormalised.

    Args:
        votes: (..., n_covers, n_genres) probabilities.
        known: (..., n_covers), False for a cover on which the voter knows nothing: it does not count.
        sharpness: Exponent of the mean.

    Returns:
        (..., n_genres) summing to 1; flat where no cover is known.
    """
    logs = np.log(np.maximum(votes, TINY)) * known[..., np.newaxis]
    covers = known.sum(axis=-1)[..., np.newaxis]
    exponent = sharpness.scale * np.maximum(covers, 1) ** (sharpness.growth - 1)
    return _shares(exponent * logs.sum(axis=-2))


def with_doubt(votes: NDArray[np.float64], covers: int) -> NDArray[np.float64]:
    """Votes on a bag of so many covers, mixed with a flat one: few covers, less sure. Sums stay 1."""
    trust = covers / (covers + UNSURE)
    mixed: NDArray[np.float64] = trust * votes + (1 - trust) / votes.shape[-1]
    return mixed


def with_unknown(votes: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n, n_genres) votes of one voter, made flat wherever (n,) ``known`` is False."""
    return np.where(known[:, np.newaxis], votes, 1 / votes.shape[-1])


def pooled(votes: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithmic opinion pool: the weighted geometric mean of votes, renormalised.

    Genest and Zidek, "Combining Probability Distributions: A Critique and an Annotated Bibliography" (1986).

    Args:
        votes: (..., n_voters, n_genres) probabilities.
        weights: (..., n_voters), summing to 1; one weight a voter, or one a voter and artist.

    Returns:
        (..., n_genres) shares, summing to 1.
    """
    return _shares(np.einsum("...vg,...v->...g", np.log(np.maximum(votes, FLOOR)), weights))


def _shares(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax over the last axis."""
    powers = np.exp(logs - logs.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return shares
