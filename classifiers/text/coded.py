"""Tags of many artists as arrays: labels as numbers, and bags summed in numpy."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Weights = NDArray[np.float64]


class Labels:
    """Numbers of labels: 0, 1, 2 … in the order in which this process met them.

    Attributes:
        names: Label of each number.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._adding = Lock()

    def __len__(self) -> int:
        return len(self.names)

    def numbers(self, labels: Sequence[str]) -> Numbers:
        """Return the number of each label; unknown ones get the next numbers."""
        try:
            return np.fromiter(map(self._numbers.__getitem__, labels), np.int64, len(labels))
        except KeyError:
            with self._adding:
                for label in labels:
                    if label not in self._numbers:
                        self.names.append(label)
                        self._numbers[label] = len(self.names) - 1
        return self.numbers(labels)

    def named(self, numbers: Numbers) -> list[str]:
        """Return the labels of numbers."""
        return list(map(self.names.__getitem__, numbers.tolist()))


LABELS: Final = Labels()
"""The labels of this process."""


class NumberTable:
    """Value of each label's number, 'missing' for labels without one.

    Args:
        labels: Labels with a value.
        values: Their values.
        missing: Value of all other labels.
    """

    def __init__(self, labels: Iterable[str], values: Sequence[int] | Numbers, missing: int) -> None:
        numbers = LABELS.numbers(list(labels))
        self._missing = missing
        self._table = np.full(len(LABELS), missing, np.int64)
        self._table[numbers] = values

    def __getitem__(self, numbers: Numbers) -> Numbers:
        if len(self._table) < len(LABELS):  # other labels were met since
            more = np.full(2 * len(LABELS) - len(self._table), self._missing, np.int64)
            self._table = np.concatenate([self._table, more])
        found: Numbers = self._table[numbers]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class CodedBags:
    """Bags of several artists, and the tags of their covers, by one tagger.

    Attributes:
        numbers: (n_tags,) numbers of the labels on all covers, cover by cover.
        weights: (n_tags,) their weights.
        covers: (n_covers + 1,) where the tags of each cover begin.
        artists: (n_artists + 1,) where the covers of each artist begin.
        bag_numbers: (n_sums,) numbers of the labels of all bags, heaviest first, ties by label.
        bag_weights: (n_sums,) their sums.
        bags: (n_artists + 1,) where the labels of each bag begin.
    """

    numbers: Numbers
    weights: Weights
    covers: Numbers
    artists: Numbers
    bag_numbers: Numbers
    bag_weights: Weights
    bags: Numbers

    def __len__(self) -> int:
        """Return the number of artists."""
        return len(self.artists) - 1

    def bag(self, artist: int) -> tuple[list[str], list[float]]:
        """Return labels and weights of an artist's bag."""
        own = slice(self.bags[artist], self.bags[artist + 1])
        return LABELS.named(self.bag_numbers[own]), self.bag_weights[own].tolist()

    def cover(self, cover: int) -> tuple[list[str], list[float]]:
        """Return labels and weights of a cover, by its number among those of all artists."""
        own = slice(self.covers[cover], self.covers[cover + 1])
        return LABELS.named(self.numbers[own]), self.weights[own].tolist()

    def cover_counts(self) -> Numbers:
        """Return (n_artists,) numbers of covers."""
        return np.diff(self.artists)


def coded_bags(
    numbers: Sequence[Numbers],
    weights: Sequence[Weights],
    artists: Sequence[int],
    dropped: NumberTable | None = None,
) -> CodedBags:
    """Sum the tags of several artists' covers.

    The sums are those of `classifiers.text.views.sum_tags`: each is carried on in two numbers (Knuth's
    TwoSum) and rounded once, so that the order of covers makes no difference; to the last bit for weights
    of 0 or from 1e-6 on.

    Args:
        numbers: Numbers of the labels of each cover, none twice.
        weights: Their weights, at least 0.
        artists: Number of covers of each artist, in the same order.
        dropped: 1 for labels to leave out; None to keep all.
    """
    ids = np.concatenate([*numbers, np.empty(0, np.int64)])
    values = np.concatenate([*weights, np.empty(0)])
    cover = np.repeat(np.arange(len(numbers)), [len(each) for each in numbers])
    if dropped is not None:
        kept = dropped[ids] == 0
        ids, values, cover = ids[kept], values[kept], cover[kept]
    starts = np.concatenate([[0], np.cumsum(artists, dtype=np.int64)])
    artist = np.repeat(np.arange(len(artists)), artists)
    place = (np.arange(len(numbers)) - starts[artist])[cover]
    present = np.zeros(len(LABELS), bool)
    present[ids] = True
    named = np.array(sorted(np.flatnonzero(present).tolist(), key=LABELS.names.__getitem__), np.int64)
    column = np.zeros(len(present), np.int64)
    column[named] = np.arange(len(named))
    cell = artist[cover] * len(named) + column[ids]
    sums, owed = np.zeros((2, len(artists) * len(named)))
    met = np.zeros(len(sums), bool)
    met[cell] = True
    for number in range(max(artists, default=0)):
        chosen = place == number
        into, added = cell[chosen], values[chosen]
        before = sums[into]
        after = before + added
        share = after - before
        owed[into] += (before - (after - share)) + (added - share)
        sums[into] = after
    cells = np.flatnonzero(met)
    totals, owner = (sums + owed)[cells], cells // max(len(named), 1)
    order = np.lexsort((-totals, owner))
    return CodedBags(
        numbers=ids,
        weights=values,
        covers=np.searchsorted(cover, np.arange(len(numbers) + 1)),
        artists=starts,
        bag_numbers=named[cells[order] % max(len(named), 1)] if len(named) else named,
        bag_weights=totals[order],
        bags=np.searchsorted(owner, np.arange(len(artists) + 1)),
    )
