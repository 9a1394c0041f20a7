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
        share: In [0, 1]; the first step's is 0.
        right: How often such a vote names the right genre, in (0, 1); it rises from step to step.
        artists: Held-out artists behind it. An artist asked in three repeats, twice in this step, counts 2/3
            here, so that all steps sum to the artists that were tested.
    """

    share: float
    right: float
    artists: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising step function from the winner's share to how often it is right.

    Attributes:
        steps: Ascending, one at least.
        sure_from: Least share of a vote that is sure; None where no vote is.
    """

    steps: tuple[Step, ...]
    sure_from: float | None

    def of(self, share: float) -> Confidence:
        """How sure a vote is whose winner has this share in [0, 1]."""
        step = next(step for step in reversed(self.steps) if step.share <= share)
        sure = self.sure_from is not None and share >= self.sure_from
        return Confidence(step.right, round(step.artists), sure)

    def card(self) -> dict[str, Any]:
        """For the model card, as plain numbers."""
        return {"sure_from": self.sure_from, "steps": [step._asdict() for step in self.steps]}

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Calibration:
        """What `card` wrote.

        Raises:
            KeyError, TypeError, ValueError: It is something else.
        """
        steps = tuple(Step(**{name: float(step[name]) for name in Step._fields}) for step in card["steps"])
        if not steps or steps[0].share > 0 or list(steps) != sorted(steps):
            raise ValueError("the steps of the calibration do not start at 0 and rise")
        return cls(steps, None if card["sure_from"] is None else float(card["sure_from"]))
