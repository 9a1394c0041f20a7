"""Inputs of a graph: the rows that each of them takes from an artist."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from classifiers.arrays import l2_normalised, power_normalised
from classifiers.image import EMBEDDING, PIXEL_FEATURES
from classifiers.text.ngrams import ngrams
from classifiers.text.views import COVERS, WORDS, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class EnsembleInput:
    """Tags and features of one artist.

    Attributes:
        bags: Tagger to the summed tags of all covers, label to weight.
        covers: Tagger to the tags of each cover; taggers with a bag may be missing here.
        embeddings: Tagger, or name of a pixel feature, to (n_covers, dim) features; may lack taggers, too.
    """

    bags: Mapping[str, Mapping[str, float]]
    covers: Mapping[str, Sequence[Mapping[str, float]]] = field(default_factory=dict)
    embeddings: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class InputBatch:
    """Rows for one input of a graph, and the rows that make up each variant of an artist.

    Variants share the rows that they have in common.

    Attributes:
        rows: (m, width).
        variants: (n_variants, k) row numbers; k is 1 for a bag, else the number of covers.
    """

    rows: NDArray[np.float64]
    variants: NDArray[np.intp]

    @property
    def known(self) -> NDArray[np.bool_]:
        """(m,), False for rows of zeros: they have no feature that the voters were trained on."""
        known: NDArray[np.bool_] = np.any(self.rows != 0, axis=1)
        return known


@dataclass(frozen=True, slots=True)
class GraphInput:
    """One input of a graph: a tagger's bags, covers or embeddings through a view.

    Attributes:
        name: Name of the input in the graph.
        tagger: Name of the tagger, or of the pixel feature.
        view: Name of the view.
        labels: Labels of the columns; empty for embeddings.
        top: Number of a bag's heaviest labels that are used; None for all.
        width: Number of columns.
        idf: Weight of each label of the view ``words``; else empty.
    """

    name: str
    tagger: str
    view: str
    labels: tuple[str, ...]
    top: int | None
    width: int
    idf: tuple[float, ...] = ()

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> GraphInput:
        """Read one of the ``inputs`` of a model card."""
        labels = tuple(card["labels"])
        idf = tuple(card.get("idf", ()))
        return cls(card["name"], card["tagger"], card["view"], labels, card["top"], card["width"], idf)

    @property
    def output(self) -> str:
        """Name of the graph's output with the votes on this input: (m, n_voters, n_genres)."""
        return output_name(self.name)

    def is_available(self, artist: EnsembleInput) -> bool:
        """Return whether the artist has a bag, a cover, or an embedding of this width, as the view needs."""
        if self.view == EMBEDDING:
            found = artist.embeddings.get(self.tagger)
            return found is not None and len(found) > 0 and found.shape[1] == self.width
        return self.tagger in artist.bags if self.view != COVERS else bool(artist.covers.get(self.tagger))

    def known_labels(self, artist: EnsembleInput) -> list[str]:
        """Return the labels of the artist's tags that this input uses, sorted."""
        if self.view == EMBEDDING or not self.is_available(artist):
            return []
        if self.view == WORDS:
            known = set(self.labels)
            return sorted(
                label for label, weight in artist.bags[self.tagger].items()
                if weight > 0 and not known.isdisjoint((label, *ngrams(label)))
            )  # fmt: skip
        return [self.labels[column] for column in np.flatnonzero(self._tag_rows(artist).sum(axis=0))]

    def batch(self, artist: EnsembleInput, without: Sequence[tuple[str, str]] = ()) -> InputBatch:
        """Build the rows of the artist as it is, then without each (tagger, label) in turn.

        An input that is not available gets one row of zeros.
        """
        count = 1 + len(without)
        if not self.is_available(artist):
            return InputBatch(np.zeros((1, self.width)), np.zeros((count, 1), dtype=np.intp))
        if self.view == EMBEDDING:
            rows = feature_rows(self.tagger, artist.embeddings[self.tagger])
            return InputBatch(rows, np.tile(np.arange(len(rows)), (count, 1)))
        if self.view == WORDS:
            return self._without_words(artist, without)
        return self._occluded(self._tag_rows(artist), without)

    def _tag_rows(self, artist: EnsembleInput) -> NDArray[np.float64]:
        """(1, n_labels) for a bag, (n_covers, n_labels) for covers."""
        tags = artist.covers[self.tagger] if self.view == COVERS else [artist.bags[self.tagger]]
        return View(self.view, self.labels, self.top, self.idf).vectors(tags)

    def _without_words(self, artist: EnsembleInput, without: Sequence[tuple[str, str]]) -> InputBatch:
        """Build the row of a bag of words, and one without each word and its n-grams."""
        bag, bags = artist.bags[self.tagger], [artist.bags[self.tagger]]
        variants = np.zeros((1 + len(without), 1), dtype=np.intp)
        for variant, (tagger, word) in enumerate(without, start=1):
            if tagger == self.tagger and word in bag:
                variants[variant] = len(bags)
                bags.append({label: weight for label, weight in bag.items() if label != word})
        return InputBatch(View(self.view, self.labels, self.top, self.idf).vectors(bags), variants)

    def _occluded(self, rows: NDArray[np.float64], without: Sequence[tuple[str, str]]) -> InputBatch:
        column = {(self.tagger, label): c for c, label in enumerate(self.labels)}
        variants = np.tile(np.arange(len(rows)), (1 + len(without), 1))
        occluded: list[NDArray[np.float64]] = []
        for variant, tag in enumerate(without, start=1):
            if (c := column.get(tag)) is None:
                continue
            for number in np.flatnonzero(rows[:, c]):
                variants[variant, number] = len(rows) + len(occluded)
                row = rows[number].copy()
                row[c] = 0
                occluded.append(row)
        return InputBatch(
            np.vstack([rows, l2_normalised(np.array(occluded))]) if occluded else rows, variants
        )


def feature_rows(source: str, features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return covers' features as image classifiers take them.

    Args:
        source: One of `classifiers.image.PIXEL_FEATURES`, whose features are left unchanged, or the name of a
            tagger, whose embeddings are power-normalised.
        features: (n_covers, dim), finite.

    Returns:
        (n_covers, dim).
    """
    return np.asarray(features, np.float64) if source in PIXEL_FEATURES else power_normalised(features)


def output_name(source: str) -> str:
    """Return the name of the graph's output that belongs to an input."""
    return f"{source}/votes"
