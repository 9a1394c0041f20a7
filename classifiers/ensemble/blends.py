"""Kinds of voters, and the weights of their votes beside each other. Needs numpy only.

Voters of one kind rest on the same source and are often wrong together, so they are pooled by their skill
first. Kinds are different sources: a weight for each is fitted on held-out artists, for every set of kinds
that an artist may have (`classifiers.training.stacking`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classifiers.ensemble.confidence import Calibration
from classifiers.image import EMBEDDING
from classifiers.text.views import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Weights = Mapping[frozenset[str], NDArray[np.float64]]


KINDS = ("picture", "tags", "words", "titles")
"""Embeddings and pixel features; labels of a tagger; words on covers; words in the titles of albums."""
PICTURE, TAGS, WRITTEN, TITLES = KINDS
COLUMN = "column:"
"""First part of the name of a source of words that is a text column of a table, such as ``column:lyrics``.
Each such column is a kind of its own, which has the name of the source."""


def is_word_source(source: str) -> bool:
    """Return whether a source gives words: the tagger that reads covers, titles, or a text column."""
    return source in {"text", TITLES} or source.startswith(COLUMN)


def kind_of(voter: VoterName) -> str:
    """Return the kind of a voter: one of `KINDS`, or the name of a text column's source."""
    if voter.view == EMBEDDING:
        return PICTURE
    if voter.tagger == TITLES or voter.tagger.startswith(COLUMN):
        return voter.tagger
    return WRITTEN if voter.view == WORDS else TAGS


def in_order(kinds: Iterable[str]) -> list[str]:
    """Return each kind once: those of `KINDS` first, then text columns by name.

    >>> in_order(["column:lyrics", "tags", "picture", "tags"])
    ['picture', 'tags', 'column:lyrics']
    """
    return sorted(set(kinds), key=lambda kind: (KINDS.index(kind) if kind in KINDS else len(KINDS), kind))


def source_name(source: str) -> str:
    """Return the name of a source or kind for readers: of a text column, its own.

    >>> source_name("column:lyrics"), source_name("column:tags"), source_name("tags")
    ('lyrics', 'column tags', 'tags')
    """
    if not source.startswith(COLUMN):
        return source
    column = source.removeprefix(COLUMN)
    return f"column {column}" if column in {*KINDS, "text"} else column


class Blend(NamedTuple):
    """Weights of kinds for artists of whom exactly these kinds are known.

    Attributes:
        weights: Kind to weight, at least 0; they need not sum to 1.
        calibration: How often such votes were right on held-out artists; None if it was not measured.
    """

    weights: Mapping[str, float]
    calibration: Calibration | None = None

    def row(self) -> Floats:
        """Return (n_kinds,) weights of the blend's kinds, as `in_order` has them."""
        return np.array([self.weights[kind] for kind in in_order(self.weights)])

    def to_card(self) -> dict[str, Any]:
        """Return the blend as JSON values for the model card."""
        confidence = {"confidence": self.calibration.to_card()} if self.calibration else {}
        return {"weights": {kind: round(weight, 6) for kind, weight in self.weights.items()}, **confidence}

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Blend:
        """Read the output of `to_card`."""
        confidence = card.get("confidence")
        return cls(dict(card["weights"]), Calibration.from_card(confidence) if confidence else None)


def shares_of_kinds(kinds: Sequence[str], weights: Floats) -> Floats:
    """Scale the (..., n_voters) weights of each kind to sum to 1; a kind whose weights are all 0 is even."""
    parts = np.zeros(weights.shape)
    for columns in _columns(kinds).values():
        own = weights[..., columns]
        total = own.sum(axis=-1, keepdims=True)
        even = np.full(own.shape, 1 / len(columns))
        parts[..., columns] = np.divide(own, total, out=even, where=total > 0)
    return parts


def blended_weights(kinds: Sequence[str], weights: Floats, known: Flags, blends: Weights) -> Floats:
    """Compute the weight of each voter in an artist's ensemble.

    A kind of which the artist has no known feature does not count, and those that are left have the weights
    that were fitted for them alone. Where nothing is known, all kinds count: their votes are flat.

    Args:
        kinds: Kind of each voter.
        weights: (n_rows, n_voters) weights inside the kinds, on any scale.
        known: (n_rows, n_voters), False for a voter that knows no feature of the artist.
        blends: Set of kinds to (n_rows, n_kinds) or (n_kinds,) weights of these, as `in_order` has them.

    Returns:
        (n_rows, n_voters), at least 0.
    """
    columns = _columns(kinds)
    parts = shares_of_kinds(kinds, weights)
    has = known_kinds(kinds, parts, known)
    blended = np.zeros(parts.shape)
    for pattern in {row.tobytes(): row for row in has}.values():  # np.unique would import numpy.ma
        rows = (has == pattern).all(axis=1)
        names = [kind for kind, there in zip(columns, pattern, strict=True) if there]
        of_kinds = np.broadcast_to(blends[frozenset(names)], (len(parts), len(names)))[rows]
        for number, kind in enumerate(names):
            own = np.ix_(rows, columns[kind])
            blended[own] = parts[own] * of_kinds[:, [number]]
    return blended


def known_kinds(kinds: Sequence[str], weights: Floats, known: Flags) -> Flags:
    """Find the kinds that count: those with a known feature, or all if nothing is known.

    Args:
        kinds: Kind of each voter.
        weights: (n_rows, n_voters) weights inside the kinds; voters without weight do not count.
        known: (n_rows, n_voters), False for a voter that knows no feature of the artist.

    Returns:
        (n_rows, n_kinds), one column for each of ``in_order(kinds)``.
    """
    columns = _columns(kinds)
    has = np.zeros((len(known), len(columns)), dtype=bool)
    for number, own in enumerate(columns.values()):
        has[:, number] = (known[:, own] & (weights[:, own] > 0)).any(axis=1)
    has[~has.any(axis=1)] = True
    return has


def _columns(kinds: Sequence[str]) -> dict[str, list[int]]:
    """Kind to the numbers of its voters, as `in_order` has them."""
    return {kind: [i for i, each in enumerate(kinds) if each == kind] for kind in in_order(kinds)}
