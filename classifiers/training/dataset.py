"""Labelled artists as rows to train on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from classifiers.ensemble.model_card import is_name
from classifiers.errors import TrainingDataError
from classifiers.text.views import sum_tags

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One labelled artist.

    Attributes:
        id: Unique id of the artist.
        genre: Genre label of the artist.
        covers: Tagger to the tags of each cover, label to weight (at least 0). Every row has every tagger,
            and all taggers tagged the same covers in the same order. If only an artist's bag is known, it
            takes the place of a single cover.
        embeddings: Tagger, or name of a pixel feature, to (n_covers, dim) features of the same covers.
        groups: One id per cover (an album, a digest, a cluster of near-identical pictures), or empty if
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
        """Sum one tagger's tags over the covers; the order of the covers makes no difference."""
        return sum_tags(cover.items() for cover in self.covers[tagger])

    def subset(self, numbers: Sequence[int]) -> Row:
        """Return the row with these covers only."""
        return replace(
            self,
            covers={tagger: [tags[i] for i in numbers] for tagger, tags in self.covers.items()},
            embeddings={tagger: vectors[list(numbers)] for tagger, vectors in self.embeddings.items()},
            groups=[self.groups[i] for i in numbers] if self.groups else (),
        )

    def without(self, masked: Collection[int]) -> Row:
        """Return the row without these covers, given by number."""
        return self.subset([i for i in range(len(self)) if i not in masked]) if masked else self


def check_rows(rows: Sequence[Row], taggers: Collection[str]) -> None:
    """Check that rows can be trained on.

    Raises:
        TrainingDataError: An id occurs twice, a genre is no name, a row lacks a tagger or has no cover, its
            fields differ in length, or it has an invalid number.
    """
    duplicates = [row_id for row_id, n in Counter(row.id for row in rows).items() if n > 1]
    if duplicates:
        raise TrainingDataError(
            f"artists with more than one row: {', '.join(duplicates[:5])}; merge their rows"
        )
    for genre in {row.genre for row in rows}:
        if not is_name(genre):
            raise TrainingDataError(f"the genre {genre!r:.100} is empty or has control characters: rename it")
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
                    f"artist {row.id}: the weight of {bad[0]!r} ({tagger}) is not finite and at least 0"
                )


def _check_lengths(row: Row) -> None:
    lengths = set(map(len, row.covers.values())) | set(map(len, row.embeddings.values()))
    if len(lengths) > 1 or (row.groups and len(row.groups) != len(row)):
        raise TrainingDataError(
            f"artist {row.id} has tags, embeddings and groups of different numbers of covers: "
            "give one of each per cover"
        )
    if not len(row):
        raise TrainingDataError(f"artist {row.id} has no cover: leave it out")
    if not all(np.isfinite(vectors).all() for vectors in row.embeddings.values()):
        raise TrainingDataError(f"artist {row.id} has an embedding with invalid numbers: embed it again")


def common_features(rows: Sequence[Row], sources: Collection[str]) -> list[str]:
    """Return the taggers and pixel features that all rows have with the same width, in the given order."""
    widths = {source: {_width(row, source) for row in rows} for source in sources}
    return [source for source in sources if len(widths[source]) == 1 and 0 not in widths[source]]


def _width(row: Row, source: str) -> int:
    vectors = row.embeddings.get(source)
    return 0 if vectors is None else vectors.shape[1]
