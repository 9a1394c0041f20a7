"""How likely a tag is right on a cover by its weight, for taggers whose tags were judged by eye.

The numbers of a tagger are in a table named after it, such as ``lite.tsv``, which
`spotitags.training.tag_display` writes. docs/tags.md describes the measurement.
"""

from __future__ import annotations

import math
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FLOOR = 0.25
"""Chance below which a label on a cover counts for nothing."""
LEAST = 0.1
"""Chance below which a tag does not count for broader labels either."""

_DEFAULT = ""  # the row of labels that the table does not list
_NEVER = "-"
_TINY = 1e-3


class Rate(NamedTuple):
    """Chance of one label to be right, as a logistic function of its weight's log odds.

    Attributes:
        shown_as: Label to show; ``-`` for none.
        full: Maximum weight that the tagger gives; 0 for a label that only narrower ones stand for.
        usual: Probability that the tagger subtracted, added again to the share of ``full``.
        slope: Factor of the log odds.
        bias: Added to them.
        background: Mean chance on covers in general.
    """

    shown_as: str
    full: float
    usual: float
    slope: float
    bias: float
    background: float

    def probability(self, weight: float) -> float:
        """Return the tagger's own probability, in (0, 1)."""
        return min(max(weight / self.full + self.usual, _TINY), 1 - _TINY)

    def chance(self, weight: float) -> float:
        """Return how likely a tag of this weight is right, in (0, 1)."""
        probability = self.probability(weight)
        return _logistic(self.slope * math.log(probability / (1 - probability)) + self.bias)

    @property
    def least(self) -> float:
        """Weight at which the chance is `LEAST`; infinite if it never is."""
        if not self.full or self.shown_as == _NEVER:
            return math.inf
        log_odds = (math.log(LEAST / (1 - LEAST)) - self.bias) / self.slope
        return (_logistic(log_odds) - self.usual) * self.full


def _logistic(log_odds: float) -> float:
    return 1 / (1 + math.exp(min(-log_odds, 700)))  # exp overflows above 709


class Rates:
    """Rates of all labels of a tagger.

    Args:
        rows: Rate by label; the row of the empty label is for labels without a row.
    """

    def __init__(self, rows: Mapping[str, Rate]) -> None:
        self._rows = {label: (rate.least, rate) for label, rate in rows.items()}
        self._default = self._rows[_DEFAULT]

    def __getitem__(self, label: str) -> Rate:
        return self._rows.get(label, self._default)[1]

    def shown(self, label: str, weight: float) -> tuple[str, float]:
        """Return the label that a tag is shown as, and its chance to be right; 0 if that is below `LEAST`."""
        least, rate = self._rows.get(label, self._default)
        if weight < least:
            return label, 0.0
        return rate.shown_as or label, rate.chance(weight)


@cache
def rates_of(tagger: str) -> Rates | None:
    """Load a tagger's table; None if its tags were not judged."""
    if not tagger.isidentifier():  # such as those of merged taggers
        return None
    file = resources.files("spotitags.bags.display").joinpath(f"{tagger}.tsv")
    if not file.is_file():
        return None
    return Rates(parse_rates(file.read_text(encoding="utf-8").splitlines()))


def parse_rates(lines: Iterable[str]) -> dict[str, Rate]:
    """Parse a table's lines: label and the fields of `Rate`, separated by tabs; those with # are comments."""
    rows = {}
    for line in lines:
        if not line.startswith("#"):
            label, shown_as, *numbers = line.split("\t")
            rows[label] = Rate(shown_as or label, *map(float, numbers))
    return rows
