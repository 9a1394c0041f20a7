"""Fit the calibration of an ensemble on votes on held-out artists."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.ensemble.calibration import Calibration, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEAST_ARTISTS = 10  # behind a step: a rate of fewer says little
SURE = 0.75  # least rate of a sure vote: a wrong genre costs as much as four unnamed ones (t = 1/4)


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
