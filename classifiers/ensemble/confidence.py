"""Confidence in a vote: how often such votes are right, and whether any of the genres fits. Numpy only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classifiers.ensemble.results import Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


OUTSIDERS = "outsiders"
"""Output of the graph with each cover's (1 + n_genres) votes: none of the genres, then each genre."""
_TINY = 1e-6  # a probability nearer to 0 or 1 says no more


class Step(NamedTuple):
    """Votes whose winner's score is at least ``share``, up to the next step.

    Attributes:
        share: Lower bound, in [0, 1]; 0 for the first step.
        right: Rate at which such votes name the right genre, in (0, 1); it rises from step to step.
        artists: Number of held-out artists in the step, outsiders included. An artist that was tested in
            three repeats, and falls into this step in two of them, counts 2/3 here.
    """

    share: float
    right: float
    artists: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising step function from the winner's score to the rate at which it is right.

    The score is `OutsiderModel.right_score`, or the winner's share for a model without outsiders.

    Attributes:
        steps: At least one, ascending.
        sure_from: Smallest score of a vote that counts as sure; None if no vote does.
    """

    steps: tuple[Step, ...]
    sure_from: float | None

    def confidence(self, score: float) -> Confidence:
        """Return the confidence of a vote whose winner has this score, in [0, 1]."""
        step = next(step for step in reversed(self.steps) if step.share <= score)
        sure = self.sure_from is not None and score >= self.sure_from
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


class OutsiderEvidence(NamedTuple):
    """Evidence of an artist's covers for "none of the genres", and the number of these covers."""

    evidence: float
    covers: int


@dataclass(frozen=True, slots=True)
class OutsiderModel:
    """Two logistic regressions on an artist's evidence, fitted on held-out artists and on outsiders alike.

    Attributes:
        input: Name of the graph's input whose rows are the covers.
        none: Intercept and coefficients of (evidence, log of the number of covers) for the probability that
            the artist belongs to none of the genres.
        right: Intercept and coefficients of (log-odds of the winner's share, evidence, log of the number of
            covers) for the probability that the winner is right.
    """

    input: str
    none: tuple[float, float, float]
    right: tuple[float, float, float, float]

    def none_probability(self, evidence: Floats | float, covers: Floats | float) -> Floats:
        """Return the probability that none of the genres fits.

        Args:
            evidence: (...) from `evidence`.
            covers: (...) number of covers behind it, at least 1.

        Returns:
            (...) in (0, 1).
        """
        return _logistic(self.none, np.asarray(evidence), np.log(covers))

    def right_score(self, share: Floats | float, evidence: Floats | float, covers: Floats | float) -> Floats:
        """Return the score of a winner, which rises with its share and falls with the evidence.

        Args:
            share: (...) of the winner, in [0, 1].
            evidence: (...) from `evidence`.
            covers: (...) number of covers behind it, at least 1.

        Returns:
            (...) in (0, 1).
        """
        return _logistic(self.right, _log_odds(np.asarray(share)), np.asarray(evidence), np.log(covers))

    def to_card(self) -> dict[str, Any]:
        """Return the model as JSON values for the model card."""
        return asdict(self)

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> OutsiderModel:
        """Read the output of `to_card`.

        Raises:
            KeyError, TypeError, ValueError: The card has other content.
        """
        n0, n1, n2 = map(float, card["none"])
        r0, r1, r2, r3 = map(float, card["right"])
        return cls(str(card["input"]), (n0, n1, n2), (r0, r1, r2, r3))


def evidence(votes: Floats) -> float:
    """Return the mean log-odds of "none of the genres" over an artist's covers.

    Args:
        votes: (n_covers, 1 + n_genres) probabilities, none of the genres first; n_covers is at least 1.
    """
    return float(_log_odds(votes[:, 0]).mean())


def _log_odds(probabilities: Floats) -> Floats:
    clipped = np.clip(probabilities, _TINY, 1 - _TINY)
    odds: Floats = np.log(clipped / (1 - clipped))
    return odds


def _logistic(coefficients: tuple[float, ...], *features: Floats) -> Floats:
    score = coefficients[0] + sum(c * x for c, x in zip(coefficients[1:], features, strict=True))
    probability: Floats = 1 / (1 + np.exp(-score))
    return probability
