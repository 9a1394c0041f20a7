"""Fitting of an ensemble's calibration on held-out artists."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.ensemble.blends import kind_of
from classifiers.ensemble.confidence import MOST_NONE, Calibration, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.blends import Blend
    from classifiers.ensemble.results import VoterName
    from classifiers.training.outsiders import TrainedOutsiders

MIN_ARTISTS = 10  # per step: a rate of fewer is too uncertain
SURE_RATE = 0.75  # of votes that count as sure: a wrong genre costs as much as four without a name (t = 1/4)
MOST_SURE = {"blanks": 0.01, "pictures": 0.05, "music": 0.1}  # outsiders with a sure genre, of each category
LEAST_KEPT = 0.8  # of the right votes that are sure by their share


def calibrate(shares: NDArray[np.float64], truth: NDArray[np.intp]) -> Calibration:
    """Fit the rate at which the winner is right, as a function of its share.

    Isotonic regression (Zadrozny and Elkan, "Transforming Classifier Scores into Accurate Multiclass
    Probability Estimates", 2002), in which the repeats of an artist weigh 1 together. Its steps are then
    merged until each has `MIN_ARTISTS` and the rates rise; a rate is (right + 1) / (artists + 2), Laplace's
    rule of succession, so that a few lucky artists do not make a certainty.

    Votes are sure from the first step on whose rate is at least `SURE_RATE`. Chow, "On Optimum Recognition
    Error and Reject Tradeoff" (1970): name a genre if the probability of being right is at least 1 - t, where
    t is the cost of naming none relative to that of a wrong one.

    Args:
        shares: (n_repeats, n_rows, n_genres) from ensembles that were not trained on the row; nan if a row
            was not tested. At least one row is tested.
        truth: (n_rows,) genre indices.
    """
    from sklearn.isotonic import IsotonicRegression

    tested = ~np.isnan(shares).any(axis=2)
    weights = (tested / np.maximum(tested.sum(axis=0), 1))[tested]
    winning = shares[tested].max(axis=1)
    right = (shares[tested].argmax(axis=1) == np.broadcast_to(truth, tested.shape)[tested]).astype(float)
    fitted = IsotonicRegression().fit(winning, right, sample_weight=weights).predict(winning)
    _, step = np.unique(fitted.round(9), return_inverse=True)
    blocks = [
        _Block(
            float(winning[step == i].min()),
            float(winning[step == i].max()),
            float(weights[step == i] @ right[step == i]),
            float(weights[step == i].sum()),
        )
        for i in range(step.max() + 1)
    ]
    steps = _steps(_merged(blocks))
    return Calibration(steps, next((step.share for step in steps if step.right >= SURE_RATE), None))


def calibrate_blends(
    blends: Mapping[frozenset[str], Blend],
    voters: Mapping[int, VoterName],
    shares_of: Callable[[Sequence[int]], NDArray[np.float64]],
    truth: NDArray[np.intp],
    limit: Callable[[Calibration, NDArray[np.float64]], Calibration],
) -> dict[frozenset[str], Blend]:
    """Calibrate the votes of each set of kinds, as `calibrate` does.

    Args:
        blends: Set of kinds to their weights.
        voters: Number and name of each default voter; a set with a kind that has none is left as it is.
        shares_of: Computes the shares of the voters with given numbers, as for `calibrate`.
        truth: (n_rows,) genre indices.
        limit: Sets the limit on the probability of none of the genres, such as by `limit_none`.
    """
    calibrated = {}
    for kinds, blend in blends.items():
        chosen = [i for i, name in voters.items() if kind_of(name) in kinds]
        calibrated[kinds] = blend
        if {kind_of(voters[i]) for i in chosen} == kinds:
            shares = shares_of(chosen)
            calibrated[kinds] = blend._replace(calibration=limit(calibrate(shares, truth), shares))
    return calibrated


def limit_none(
    calibration: Calibration,
    outsiders: TrainedOutsiders,
    ids: Sequence[str],
    shares: NDArray[np.float64],
    truth: NDArray[np.intp],
) -> Calibration:
    """Set the limit on the probability of none of the genres, from which on no vote is sure.

    It is the largest in steps of 0.05, at most `MOST_NONE`, at which no more held-out outsiders get a sure
    genre than `MOST_SURE` allows; but no smaller than keeps `LEAST_KEPT` of the held-out votes that are right
    and have a sure share.

    Args:
        calibration: Calibration of the shares.
        outsiders: Detector with its trials and its evidence on held-out rows.
        ids: Id of each row, held out or not.
        shares: (n_rows, n_genres) from ensembles that were not trained on the row.
        truth: (n_rows,) genre indices.
    """
    number = {each: i for i, each in enumerate(ids)}
    tested = [number[each] for each in outsiders.ids]
    shares, truth = shares[tested], truth[tested]
    sure = (shares.argmax(axis=1) == truth) & calibration.sure_share(shares.max(axis=1))
    none = outsiders.model.none_probability(*outsiders.rows.T)[sure]
    chosen = replace(calibration, none_below=MOST_NONE)
    while _over(outsiders, chosen):
        lower = round(chosen.none_below - 0.05, 2)
        if lower <= 0 or (none < lower).sum() < LEAST_KEPT * sure.sum():
            break
        chosen = replace(chosen, none_below=lower)
    return chosen


def _over(outsiders: TrainedOutsiders, calibration: Calibration) -> bool:
    """Return whether outsiders of any category get a sure genre too often."""
    rates = outsiders.rates(calibration, known=True)
    return any(rates[name]["sure"] > most for name, most in MOST_SURE.items() if name in rates)


class _Block(NamedTuple):
    """Votes with neighbouring shares: smallest and largest share, weight of right votes, and of all."""

    low: float
    high: float
    right: float
    artists: float

    @property
    def rate(self) -> float:
        return (self.right + 1) / (self.artists + 2)

    def merge(self, above: _Block) -> _Block:
        return _Block(self.low, above.high, self.right + above.right, self.artists + above.artists)


def _merged(blocks: Sequence[_Block]) -> list[_Block]:
    """Merge neighbours until each block has enough artists and the rates rise."""
    blocks = list(blocks)
    while len(blocks) > 1:
        small = min(range(len(blocks)), key=lambda i: blocks[i].artists)
        gaps = [above.rate - below.rate for below, above in pairwise(blocks)]
        if blocks[small].artists < MIN_ARTISTS - 1e-9:  # thirds of artists do not sum to whole numbers
            first = min((i for i in (small - 1, small) if 0 <= i < len(gaps)), key=lambda i: gaps[i])
        elif min(gaps) <= 0:
            first = gaps.index(min(gaps))
        else:
            break
        blocks[first : first + 2] = [blocks[first].merge(blocks[first + 1])]
    return blocks


def _steps(blocks: Sequence[_Block]) -> tuple[Step, ...]:
    """Turn blocks into steps that meet half-way between their shares; the first step starts at 0."""
    starts = [0.0] + [(a.high + b.low) / 2 for a, b in pairwise(blocks)]
    return tuple(
        Step(round(start, 4), round(block.rate, 4), round(block.artists, 2))
        for start, block in zip(starts, blocks, strict=True)
    )
