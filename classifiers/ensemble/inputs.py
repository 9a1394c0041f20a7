"""What a graph's inputs read: bags, single covers' tags, or embeddings, and the same without some tags."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from classifiers.image import EMBEDDING, prepared
from classifiers.text.views import COVERS, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


PER_COVER = frozenset({COVERS, EMBEDDING})
"""Views whose rows are single covers."""


@dataclass(frozen=True, slots=True)
class EnsembleInput:
    """What the voters are shown of one artist.

    Attributes:
        bags: Tagger to the summed tags of all covers, label to weight.
        covers: Tagger to the tags of each cover; may lack taggers that have a bag.
        embeddings: Tagger to (n_covers, dim) numbers; may lack taggers, too.
    """

    bags: Mapping[str, Mapping[str, float]]
    covers: Mapping[str, Sequence[Mapping[str, float]]] = field(default_factory=dict)
    embeddings: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class InputBatch:
    """Rows for one input, and which of them make up each variant of an artist.

    Variants share the rows that they have in common.

    Attributes:
        rows: (m, width).
        variants: (n_variants, k), numbers of rows; k is 1 for a bag, else the number of covers.
    """

    rows: NDArray[np.float64]
    variants: NDArray[np.intp]

    @property
    def known(self) -> NDArray[np.bool_]:
        """(m,), False for a row of zeros: nothing of it is known."""
        known: NDArray[np.bool_] = np.any(self.rows != 0, axis=1)
        return known


@dataclass(frozen=True, slots=True)
class GraphInput:
    """One input of a graph: a tagger's bags, covers or embeddings through a view.

    Attributes:
        name: Of the input in the graph.
        tagger: Whose tags or embeddings; of numbers measured on pixels their name.
        view: Its name.
        labels: The columns; empty for embeddings.
        top: How many of a bag's heaviest labels are read; None for all.
        width: Number of columns.
    """

    name: str
    tagger: str
    view: str
    labels: tuple[str, ...]
    top: int | None
    width: int

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> GraphInput:
        """Read one of the ``inputs`` of a model card."""
        labels = tuple(card["labels"])
        return cls(card["name"], card["tagger"], card["view"], labels, card["top"], card["width"])

    @property
    def output(self) -> str:
        """Name of the graph's output with the votes on this input: (m, n_voters, n_genres)."""
        return output_name(self.name)

    def present(self, shown: EnsembleInput) -> bool:
        """Whether there is anything to read: a bag, a cover, or an embedding of the width in training."""
        if self.view == EMBEDDING:
            found = shown.embeddings.get(self.tagger)
            return found is not None and len(found) > 0 and found.shape[1] == self.width
        return self.tagger in shown.bags if self.view != COVERS else bool(shown.covers.get(self.tagger))

    def known(self, shown: EnsembleInput) -> list[str]:
        """The labels that are shown and read, sorted."""
        if self.view == EMBEDDING or not self.present(shown):
            return []
        seen = np.flatnonzero(self._tag_rows(shown).sum(axis=0))
        return [self.labels[column] for column in seen]

    def batch(self, shown: EnsembleInput, without: Sequence[tuple[str, str]] = ()) -> InputBatch:
        """The artist as it is, then without each (tagger, label) in turn; zeros where nothing is shown."""
        count = 1 + len(without)
        if not self.present(shown):
            return InputBatch(np.zeros((1, self.width)), np.zeros((count, 1), dtype=np.intp))
        if self.view == EMBEDDING:
            rows = prepared(self.tagger, shown.embeddings[self.tagger])
            return InputBatch(rows, np.tile(np.arange(len(rows)), (count, 1)))
        return self._without(self._tag_rows(shown), without)

    def _tag_rows(self, shown: EnsembleInput) -> NDArray[np.float64]:
        """(1, n_labels) for a bag, (n_covers, n_labels) for covers."""
        seen = shown.covers[self.tagger] if self.view == COVERS else [shown.bags[self.tagger]]
        return View(self.view, self.labels, self.top).vectors(seen)

    def _without(self, rows: NDArray[np.float64], without: Sequence[tuple[str, str]]) -> InputBatch:
        column = {(self.tagger, label): c for c, label in enumerate(self.labels)}
        variants = np.tile(np.arange(len(rows)), (1 + len(without), 1))
        less: list[NDArray[np.float64]] = []
        for variant, tag in enumerate(without, start=1):
            if (c := column.get(tag)) is None:
                continue
            for number in np.flatnonzero(rows[:, c]):
                variants[variant, number] = len(rows) + len(less)
                row = rows[number].copy()
                row[c] = 0
                less.append(row / (np.linalg.norm(row) or 1.0))
        return InputBatch(np.concatenate([rows, np.stack(less)]) if less else rows, variants)


def output_name(source: str) -> str:
    """Name of the output that belongs to an input."""
    return f"{source}/votes"
