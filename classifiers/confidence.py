"""How often votes as sure as this one were right on held-out artists, and when to say "not sure".

Fitting needs scikit-learn; looking up needs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classifiers.results import Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

LEAST_ARTISTS = 10  # behind a step: a rate of fewer says little
SURE = 0.75  # least rate of a sure vote: a wrong genre costs as much as four unnamed ones (t = 1/4)


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


def calibrate(answers: NDArray[np.float64], truth: NDArray[np.intp]) -> Calibration:
    """Fit how often the winner is right, by its share.

    Isotonic regression (Zadrozny and Elkan, "Transforming Classifier Scores into Accurate Multiclass
    Probability Estimates", 2002), an artist's repeats weighing 1 together. Its steps are then joined until
    each has `LEAST_ARTISTS` behind it and the rates rise; a rate is (right + 1) / (artists + 2), Laplace's
    rule of succession, so that a few lucky artists do not make a certainty.

    Votes are sure from the first step on whose rate is at least `SURE`. Chow, "On Optimum Recognition Error
    and Reject Tradeoff" (1970): answer where the chance of being right is at least 1 - t, t being the cost
    of no answer against that of a wrong one.

    Args:
        answers: (n_repeats, n_rows, n_genres) shares by ensembles that had not learnt from the row; nan where
            a row was not tested. One row is tested at least.
        truth: (n_rows,) genre indices.
    """
    from sklearn.isotonic import IsotonicRegression

    tested = ~np.isnan(answers).any(axis=2)
    weights = (tested / np.maximum(tested.sum(axis=0), 1))[tested]
    shares = answers[tested].max(axis=1)
    right = (answers[tested].argmax(axis=1) == np.broadcast_to(truth, tested.shape)[tested]).astype(float)
    fitted = IsotonicRegression().fit(shares, right, sample_weight=weights).predict(shares)
    _, step = np.unique(fitted.round(9), return_inverse=True)
    blocks = [
        _Block(
            float(shares[step == i].min()),
            float(shares[step == i].max()),
            float(weights[step == i] @ right[step == i]),
            float(weights[step == i].sum()),
        )
        for i in range(step.max() + 1)
    ]
    steps = _steps(_joined(blocks))
    return Calibration(steps, next((step.share for step in steps if step.right >= SURE), None))


class _Block(NamedTuple):
    """Neighbouring answers: their least and largest share, and how many artists, and right ones, they are."""

    low: float
    high: float
    right: float
    artists: float

    @property
    def rate(self) -> float:
        return (self.right + 1) / (self.artists + 2)

    def join(self, above: _Block) -> _Block:
        return _Block(self.low, above.high, self.right + above.right, self.artists + above.artists)


def _joined(blocks: Sequence[_Block]) -> list[_Block]:
    """Blocks joined with neighbours until each has artists enough and the rates rise."""
    blocks = list(blocks)
    while len(blocks) > 1:
        small = min(range(len(blocks)), key=lambda i: blocks[i].artists)
        gaps = [above.rate - below.rate for below, above in pairwise(blocks)]
        if blocks[small].artists < LEAST_ARTISTS - 1e-9:  # thirds of artists do not sum to whole numbers
            first = min((i for i in (small - 1, small) if 0 <= i < len(gaps)), key=lambda i: gaps[i])
        elif min(gaps) <= 0:
            first = gaps.index(min(gaps))
        else:
            break
        blocks[first : first + 2] = [blocks[first].join(blocks[first + 1])]
    return blocks


def _steps(blocks: Sequence[_Block]) -> tuple[Step, ...]:
    """Blocks as steps that meet half-way between the shares that were seen; the first starts at 0."""
    starts = [0.0] + [(a.high + b.low) / 2 for a, b in pairwise(blocks)]
    return tuple(
        Step(round(start, 4), round(block.rate, 4), round(block.artists, 2))
        for start, block in zip(starts, blocks, strict=True)
    )
