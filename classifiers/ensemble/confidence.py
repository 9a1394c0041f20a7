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
MOST_NONE = 0.5
"""Upper bound of `Calibration.none_below`: a sure vote is never more likely wrong than right."""
_TINY = 1e-6  # a probability nearer to 0 or 1 says no more


class Step(NamedTuple):
    """Votes whose largest share is at least ``share``, up to the next step.

    Attributes:
        share: Lower bound, in [0, 1]; 0 for the first step.
        right: Rate at which such votes name the right genre, in (0, 1); it rises from step to step.
        artists: Number of held-out artists in the step. An artist that was tested in three repeats, and falls
            into this step in two of them, counts 2/3 here.
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
        none_below: No vote counts as sure whose probability of none of the genres is as large or larger.
    """

    steps: tuple[Step, ...]
    sure_from: float | None
    none_below: float = MOST_NONE

    def confidence(self, share: float, none: float | None = None) -> Confidence:
        """Return the confidence of a vote.

        Args:
            share: Share of the winner, in [0, 1].
            none: Probability of none of the genres; None if unknown.
        """
        step = next(step for step in reversed(self.steps) if step.share <= share)
        fits = none is None or none < self.none_below
        return Confidence(step.right, round(step.artists), bool(self.sure_share(share)) and fits, fits)

    def sure_share(self, share: Floats | float) -> NDArray[np.bool_]:
        """Return whether shares (...) of winners are large enough for a sure vote."""
        return np.asarray(share) >= (np.inf if self.sure_from is None else self.sure_from)

    def to_card(self) -> dict[str, Any]:
        """Return the calibration as JSON values for the model card."""
        return {
            "sure_from": self.sure_from,
            "none_below": self.none_below,
            "steps": [step._asdict() for step in self.steps],
        }

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Calibration:
        """Read the output of `to_card`.

        Raises:
            KeyError, TypeError, ValueError: The card has other content.
        """
        steps = tuple(Step(**{name: float(step[name]) for name in Step._fields}) for step in card["steps"])
        if not steps or steps[0].share > 0 or list(steps) != sorted(steps):
            raise ValueError("the steps of the calibration do not start at 0 and rise")
        sure_from = None if card["sure_from"] is None else float(card["sure_from"])
        return cls(steps, sure_from, float(card.get("none_below", MOST_NONE)))


class OutsiderEvidence(NamedTuple):
    """Evidence of an artist's covers for "none of the genres", and the number of these covers."""

    evidence: float
    covers: int


@dataclass(frozen=True, slots=True)
class OutsiderModel:
    """Logistic regression on an artist's evidence, fitted on as many held-out artists as outsiders.

    Attributes:
        input: Name of the graph's input whose rows are the covers.
        intercept: Log-odds of none of the genres at no evidence, on one cover.
        evidence: Coefficient of the evidence.
        covers: Coefficient of the log of the number of covers.
    """

    input: str
    intercept: float
    evidence: float
    covers: float

    def none_probability(self, evidence: Floats | float, covers: Floats | float) -> Floats:
        """Return the probability of none of the genres, if half of all artists belong to none.

        Args:
            evidence: (...) from `evidence`.
            covers: (...) number of covers behind it, at least 1.

        Returns:
            (...) in (0, 1).
        """
        score = self.intercept + self.evidence * np.asarray(evidence) + self.covers * np.log(covers)
        probability: Floats = 1 / (1 + np.exp(-score))
        return probability

    def to_card(self) -> dict[str, Any]:
        """Return the model as JSON values for the model card."""
        return asdict(self)

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> OutsiderModel:
        """Read the output of `to_card`.

        Raises:
            KeyError, TypeError, ValueError: The card has other content.
        """
        numbers = [float(card[name]) for name in ("intercept", "evidence", "covers")]
        return cls(str(card["input"]), *numbers)


def evidence(votes: Floats) -> float:
    """Return the mean log-odds of "none of the genres" over an artist's covers.

    Args:
        votes: (n_covers, 1 + n_genres) probabilities, none of the genres first; n_covers is at least 1.
    """
    return float(cover_evidence(votes).mean())


def cover_evidence(votes: Floats) -> Floats:
    """Return the (n_covers,) log-odds of "none of the genres" on covers, from votes as for `evidence`."""
    none = np.clip(votes[:, 0], _TINY, 1 - _TINY)
    log_odds: Floats = np.log(none / (1 - none))
    return log_odds
