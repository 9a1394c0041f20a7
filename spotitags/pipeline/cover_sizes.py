"""Confidence in votes on small covers, lowered to the rates at which such votes were right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from spotitags.records import SMALL_SIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifiers.ensemble.results import Confidence

SURE_RATE: Final = 0.75
"""Least rate of right votes that count as sure, as in `classifiers.training.calibrate`."""


class SizeRates(NamedTuple):
    """Rates at which votes on covers of one size were right, on artists held out of training.

    Attributes:
        side: Shorter side of all covers in pixels.
        sure: Rate of the votes that are sure by the calibration on covers of full size.
        unsure: Rate of the others.
        artists: Number of artists behind ``sure`` and behind ``unsure``.
    """

    side: int
    sure: float
    unsure: float
    artists: tuple[int, int]


RATES: Final = (
    SizeRates(32, 0.57, 0.36, (36, 41)),
    SizeRates(48, 0.71, 0.45, (40, 37)),
    SizeRates(64, 0.85, 0.45, (43, 34)),
    SizeRates(80, 0.91, 0.45, (45, 32)),
    SizeRates(100, 0.93, 0.52, (48, 29)),
    SizeRates(125, 0.95, 0.52, (49, 28)),
)
"""Ascending; by ``benchmarks/cover_size.py MANIFEST.csv --groups 4 --seeds 3``, as docs/ensemble.md says."""


def lower_confidence(confidence: Confidence, sides: Sequence[int | None]) -> Confidence:
    """Lower a confidence that was measured on covers of full size, if most of an artist's covers are small.

    The median of the covers' shorter sides counts, of an even number the smaller one. A size between two
    measured ones counts as the smaller one. A vote is sure only if the lowered rate still is.

    Args:
        confidence: Confidence by the model's calibration.
        sides: Shorter side of each cover in pixels; None, which counts as large, where it is unknown.

    Returns:
        The same confidence for covers of full size; else the lower one of both rates with its number of
        artists.
    """
    side = _median(sides)
    if side is None or side >= SMALL_SIDE:
        return confidence
    rates = next((each for each in reversed(RATES) if each.side <= side), RATES[0])
    rate = rates.sure if confidence.sure else rates.unsure
    if rate >= confidence.right:
        return confidence
    artists = rates.artists[0 if confidence.sure else 1]
    return confidence._replace(right=rate, artists=artists, sure=confidence.sure and rate >= SURE_RATE)


def _median(sides: Sequence[int | None]) -> int | None:
    """Return the lower median, None for an unknown size; None also if there are no covers."""
    known = sorted(side for side in sides if side is not None)
    middle = (len(sides) - 1) // 2
    return known[middle] if 0 <= middle < len(known) else None
