"""Labelled artists as classifiers see them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from classifiers.errors import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One labelled artist.

    Attributes:
        id: Of the artist; no two rows share it.
        genre: Its label.
        covers: Tagger to the tags of each cover, label to weight (at least 0). Every row has every tagger,
            and all taggers saw the same covers in the same order. Where only an artist's bag is known, it
            stands as a single cover.
        embeddings: Tagger to (n_covers, dim) numbers of the same covers, of the taggers that can give them.
        groups: One id a cover (an album, a digest, a cluster of near-identical pictures), or empty where
            unknown. No split has one group on both sides.
    """

    id: str
    genre: str
    covers: Mapping[str, Sequence[Mapping[str, float]]]
    embeddings: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    groups: Sequence[str] = ()

    def __len__(self) -> int:
        """Number of covers."""
        return max(map(len, self.covers.values()), default=0)

    def bag(self, tagger: str) -> dict[str, float]:
        """One tagger's tags summed over the covers; the covers' order makes no difference."""
        weights: defaultdict[str, list[float]] = defaultdict(list)
        for cover in self.covers[tagger]:
            for label, weight in cover.items():
                weights[label].append(weight)
        return {label: fsum(parts) for label, parts in weights.items()}

    def subset(self, kept: Sequence[int]) -> Row:
        """The row with these covers alone, given by number."""
        return replace(
            self,
            covers={tagger: [tags[i] for i in kept] for tagger, tags in self.covers.items()},
            embeddings={tagger: vectors[list(kept)] for tagger, vectors in self.embeddings.items()},
            groups=[self.groups[i] for i in kept] if self.groups else (),
        )

    def without(self, masked: Collection[int]) -> Row:
        """The row without these covers, given by number."""
        return self.subset([i for i in range(len(self)) if i not in masked]) if masked else self


def check_rows(rows: Sequence[Row], taggers: Collection[str]) -> None:
    """Refuse rows that cannot be trained on.

    Raises:
        TrainingDataError: An id stands twice, a row lacks a tagger or a cover, its parts differ in length, or
            a number is none.
    """
    twice = [row_id for row_id, n in Counter(row.id for row in rows).items() if n > 1]
    if twice:
        raise TrainingDataError(
            f"artists stand in more than one row: {', '.join(twice[:5])}; merge their rows"
        )
    for row in rows:
        missing = sorted(set(taggers) - set(row.covers))
        if missing:
            raise TrainingDataError(
                f"artist {row.id} has no tags of {', '.join(missing)}: tag it, or leave it out"
            )
        _check_lengths(row)
        for tagger in taggers:
            bad = [label for cover in row.covers[tagger] for label, w in cover.items() if not 0 <= w < np.inf]
            if bad:
                raise TrainingDataError(
                    f"artist {row.id}: the weight of {bad[0]!r} ({tagger}) is no number from 0"
                )


def _check_lengths(row: Row) -> None:
    lengths = set(map(len, row.covers.values())) | set(map(len, row.embeddings.values()))
    if len(lengths) > 1 or (row.groups and len(row.groups) != len(row)):
        raise TrainingDataError(
            f"artist {row.id} has tags, embeddings and groups of different numbers of covers: one each"
        )
    if not len(row):
        raise TrainingDataError(f"artist {row.id} has no cover: leave it out")
    if not all(np.isfinite(vectors).all() for vectors in row.embeddings.values()):
        raise TrainingDataError(f"artist {row.id} has an embedding that is no number: embed it anew")


def embedded(rows: Sequence[Row], taggers: Collection[str]) -> list[str]:
    """The taggers of which every row has embeddings of one width, in the order given."""
    widths = {tagger: {_width(row, tagger) for row in rows} for tagger in taggers}
    return [tagger for tagger in taggers if len(widths[tagger]) == 1 and 0 not in widths[tagger]]


def _width(row: Row, tagger: str) -> int:
    vectors = row.embeddings.get(tagger)
    return 0 if vectors is None else vectors.shape[1]
