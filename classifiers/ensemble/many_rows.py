"""Rows that the inputs of a graph take from many artists: those of `GraphInput.batch`, artist by artist."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.arrays import l2_normalised
from classifiers.ensemble.graph_inputs import feature_rows
from classifiers.image import EMBEDDING
from classifiers.text.coded import LABELS, NumberTable
from classifiers.text.ngrams import GRAM, ngrams
from classifiers.text.views import BAG_ROOT, COVER_ROOT, COVERS, WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from classifiers.ensemble.graph_inputs import GraphInput
    from classifiers.text.coded import CodedBags

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]

_INPUTS = 64  # of which the columns of labels are kept


@dataclass(frozen=True, slots=True, eq=False)
class ManyInputs:
    """Tags and features of artists who all have the same taggers and features.

    Attributes:
        artists: Number of artists.
        bags: Tagger to the bags of all artists.
        embeddings: Tagger, or name of a pixel feature, to (n_covers, dim) features of all artists' covers.
        covers: (n_artists + 1,) where the features of each artist begin.
    """

    artists: int
    bags: Mapping[str, CodedBags]
    embeddings: Mapping[str, NDArray[np.floating]]
    covers: NDArray[np.int64]


class ManyRows(NamedTuple):
    """Rows of one input.

    Attributes:
        rows: (m, width).
        known: (m,), False for rows of zeros.
        starts: (n_artists + 1,) where the covers of each artist begin; None if each artist has one row.
    """

    rows: Floats
    known: NDArray[np.bool_]
    starts: Numbers | None


def rows_of_many(source: GraphInput, inputs: ManyInputs) -> ManyRows | None:
    """Return the rows of an input; None if the artists lack its tagger or feature."""
    if source.view == EMBEDDING:
        features = inputs.embeddings.get(source.tagger)
        if features is None or features.shape[1] != source.width:
            return None
        rows = feature_rows(source.tagger, features)
        return ManyRows(rows, np.any(rows != 0, axis=1), inputs.covers)
    bags = inputs.bags.get(source.tagger)
    if bags is None:
        return None
    if source.view == WORDS:
        return _word_rows(source, bags)
    columns = _columns(source.labels)
    if source.view == COVERS:
        count = len(bags.covers) - 1
        owner = np.repeat(np.arange(count), np.diff(bags.covers))
        return _unit_rows(
            owner, columns[bags.numbers], bags.weights, (count, source.width), COVER_ROOT, bags.artists
        )
    owner = np.repeat(np.arange(len(bags)), np.diff(bags.bags))
    numbers, weights = bags.bag_numbers, bags.bag_weights
    if source.top is not None:
        heaviest = np.arange(len(numbers)) - bags.bags[owner] < source.top
        owner, numbers, weights = owner[heaviest], numbers[heaviest], weights[heaviest]
    return _unit_rows(owner, columns[numbers], weights, (len(bags), source.width), BAG_ROOT)


def _unit_rows(  # noqa: PLR0913, PLR0917 - parts of a sparse matrix
    owner: Numbers,
    columns: Numbers,
    weights: Floats,
    shape: tuple[int, int],
    root: int,
    starts: Numbers | None = None,
) -> ManyRows:
    """Build rows of length 1 from the roots of weights."""
    kept = (columns >= 0) & (weights > 0)
    owner, columns, values = owner[kept], columns[kept], weights[kept] ** (1 / root)
    lengths = np.sqrt(np.bincount(owner, values * values, shape[0]))
    rows = np.zeros(shape)
    rows[owner, columns] = values / lengths[owner]
    return ManyRows(rows, lengths > 0, starts)


@lru_cache(_INPUTS)
def _columns(labels: tuple[str, ...]) -> NumberTable:
    """Return the column of each label, -1 for all others."""
    return NumberTable(labels, np.arange(len(labels)), missing=-1)


class _WordColumns:
    """Columns of each word in the view ``words``: its own and those of its n-grams."""

    def __init__(self, labels: tuple[str, ...], idf: tuple[float, ...]) -> None:
        self._column = {label: column for column, label in enumerate(labels)}
        self.idf = np.array(idf)
        self.is_gram = np.array([label.startswith(GRAM) for label in labels], bool)
        self._known: dict[int, Numbers] = {}

    def of(self, number: int) -> Numbers:
        """Return the columns of a label; one occurs as often as its n-gram does."""
        found = self._known.get(number)
        if found is None:
            label = LABELS.names[number]
            names = (label, *ngrams(label))
            columns = [self._column[name] for name in names if name in self._column]
            found = self._known[number] = np.array(columns, np.int64)
        return found


@lru_cache(_INPUTS)
def _word_columns(labels: tuple[str, ...], idf: tuple[float, ...]) -> _WordColumns:
    return _WordColumns(labels, idf)


def _word_rows(source: GraphInput, bags: CodedBags) -> ManyRows:
    """Build rows of words and of n-grams, of length 1 each."""
    words = _word_columns(source.labels, source.idf)
    columns = [words.of(number) for number in bags.bag_numbers.tolist()]
    sizes = [len(each) for each in columns]
    flat = np.concatenate([*columns, np.empty(0, np.int64)])
    owner = np.repeat(np.repeat(np.arange(len(bags)), np.diff(bags.bags)), sizes)
    weights = np.repeat(bags.bag_weights, sizes)
    size = len(bags) * source.width
    sums: Floats = np.bincount(owner * source.width + flat, weights, size).astype(np.float64, copy=False)
    rows = sums.reshape(len(bags), source.width)
    rows *= words.idf
    known = np.zeros(len(rows), bool)
    for part in (words.is_gram, ~words.is_gram):
        rows[:, part] = own = l2_normalised(rows[:, part])
        known |= own.any(axis=1)
    return ManyRows(rows, known, None)
