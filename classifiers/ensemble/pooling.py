"""Pooling of votes into shares, and calibration of the winning share. Needs numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classifiers.arrays import softmax
from classifiers.ensemble.results import Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


FLAT_PRIOR = 0.25  # weight of the flat vote mixed into a vote on a bag, in covers; see docs/ensemble.md
COVER_FLOOR = 1e-9  # no single cover can rule a genre out
VOTER_FLOOR = 1e-3  # nor can any voter, even one that is certain since its few artists were easy


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


def temper(votes: NDArray[np.float64], covers: int) -> NDArray[np.float64]:
    """Mix votes on a bag with a flat vote: the fewer covers, the flatter.

    Args:
        votes: (..., n_genres) probabilities.
        covers: Number of covers in the bag.

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
    """Pool voters in a logarithmic opinion pool: the weighted geometric mean of votes, renormalised.

    Genest and Zidek, "Combining Probability Distributions: A Critique and an Annotated Bibliography" (1986).

    Args:
        votes: (..., n_voters, n_genres) probabilities.
        weights: (..., n_voters), summing to 1; either one weight per voter, or one per artist and voter.

    Returns:
        (..., n_genres) shares, summing to 1.
    """
    return softmax(np.einsum("...vg,...v->...g", np.log(np.maximum(votes, VOTER_FLOOR)), weights))


class Step(NamedTuple):
    """Votes whose largest share is at least ``share``, up to the next step.

    Attributes:
        share: Lower bound, in [0, 1]; 0 for the first step.
        right: Rate at which such votes name the right genre, in (0, 1); it rises from step to step.
        artists: Number of held-out artists in the step. An artist that was tested in three repeats, and falls
            into this step in two of them, counts 2/3 here, so that all steps sum to the tested artists.
    """

    share: float
    right: float
    artists: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising step function from the winner's share to the rate at which it is right.

    Attributes:
        steps: At least one, ascending.
        sure_from: Smallest share of a vote that counts as sure; None if no vote does.
    """

    steps: tuple[Step, ...]
    sure_from: float | None

    def confidence(self, share: float) -> Confidence:
        """Return the confidence of a vote whose winner has this share, in [0, 1]."""
        step = next(step for step in reversed(self.steps) if step.share <= share)
        sure = self.sure_from is not None and share >= self.sure_from
        return Confidence(step.right, round(step.artists), sure)

    def to_card(self) -> dict[str, Any]:
        """Return the calibration as JSON values for the model card."""
        return {"sure_from": self.sure_from, "steps": [step._asdict() for step in self.steps]}

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Calibration:
        """Read the output of `to_card`.

        Raises:
            KeyError, TypeError, ValueError: The card has other content.
        """
        steps = tuple(Step(**{name: float(step[name]) for name in Step._fields}) for step in card["steps"])
        if not steps or steps[0].share > 0 or list(steps) != sorted(steps):
            raise ValueError("the steps of the calibration do not start at 0 and rise")
        return cls(steps, None if card["sure_from"] is None else float(card["sure_from"]))
