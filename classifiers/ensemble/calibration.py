"""Calibration of an ensemble: how often votes with a similar winning share were right on held-out artists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from classifiers.ensemble.results import Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping


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
