"""Voters of one ONNX graph, and the rows that each input of the graph takes from an artist."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classifiers.arrays import l2_normalised, power_normalised
from classifiers.ensemble.confidence import OUTSIDERS, OutsiderEvidence, evidence
from classifiers.ensemble.model_card import PER_COVER
from classifiers.ensemble.pooling import Sharpness, flat_where_unknown, pool_covers, temper
from classifiers.ensemble.results import VoterName
from classifiers.errors import ModelFileError
from classifiers.image import EMBEDDING, PIXEL_FEATURES
from classifiers.onnx_session import open_session, run_session
from classifiers.text.views import COVERS, View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


SECONDS = 60.0
"""Time limit of one run of a graph, which takes milliseconds."""
_ROUNDING = 1e-9  # by which a probability may be below 0


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

    def is_available(self, artist: EnsembleInput) -> bool:
        """Return whether the artist has a bag, a cover, or an embedding of this width, as the view needs."""
        if self.view == EMBEDDING:
            found = artist.embeddings.get(self.tagger)
            return found is not None and len(found) > 0 and found.shape[1] == self.width
        return self.tagger in artist.bags if self.view != COVERS else bool(artist.covers.get(self.tagger))

    def known_labels(self, artist: EnsembleInput) -> list[str]:
        """Return the labels of this input that the artist has, sorted."""
        if self.view == EMBEDDING or not self.is_available(artist):
            return []
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
        return self._occluded(self._tag_rows(artist), without)

    def _tag_rows(self, artist: EnsembleInput) -> NDArray[np.float64]:
        """(1, n_labels) for a bag, (n_covers, n_labels) for covers."""
        tags = artist.covers[self.tagger] if self.view == COVERS else [artist.bags[self.tagger]]
        return View(self.view, self.labels, self.top).vectors(tags)

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


class Voter(NamedTuple):
    """A voter of a graph.

    Attributes:
        name: Tagger, view and classifier.
        weight: Weight in the ensemble, at least 0.
        source: Name of its `GraphInput`.
        place: Its index in that input's output.
        sharpness: How the votes on covers are pooled; None for voters on bags.
    """

    name: VoterName
    weight: float
    source: str
    place: int
    sharpness: Sharpness | None


class VoterOutput(NamedTuple):
    """One voter's (n_variants, n_genres) votes; ``known`` is False if it knows no feature of the artist."""

    votes: NDArray[np.float64]
    known: bool


class GraphVotes(NamedTuple):
    """Votes of one graph's voters; evidence for "none of the genres" if it has a detector and its input."""

    voters: list[VoterOutput]
    outsiders: OutsiderEvidence | None


class OnnxVoters:
    """Voters of one ONNX graph.

    Args:
        card: Mapping with the graph's ``inputs`` and ``voters``.
        graph: Bytes of the graph.
        file: File of the graph, for messages.
        wanted: Returns whether a voter is to be used; None for all.
    """

    def __init__(
        self,
        card: Mapping[str, Any],
        graph: bytes,
        file: Path,
        wanted: Callable[[VoterName], bool] | None = None,
    ) -> None:
        self._file = file
        self.inputs = {each["name"]: GraphInput.from_card(each) for each in card["inputs"]}
        voters = _voters(card["voters"])
        self.voters = tuple(voter for voter in voters if wanted is None or wanted(voter.name))
        outsiders = card.get("outsiders")
        self._outsider_input = self.inputs[outsiders["input"]].name if outsiders is not None else None
        self._session = open_session(graph, optimised=False)  # the matrices are small

    def available(self, artist: EnsembleInput) -> list[Voter]:
        """Return the voters whose input is available."""
        return [voter for voter in self.voters if self.inputs[voter.source].is_available(artist)]

    def vote(
        self, artist: EnsembleInput, voters: Sequence[Voter], without: Sequence[tuple[str, str]] = ()
    ) -> GraphVotes:
        """Compute the votes of ``voters`` on the artist, then without each (tagger, label) in turn.

        Raises:
            ModelFileError: The graph takes too long or computes no probabilities.
        """
        if not voters:
            return GraphVotes([], None)
        batches = {name: source.batch(artist, without) for name, source in self.inputs.items()}
        names = list(dict.fromkeys(voter.source for voter in voters))
        outsiders = self._outsider_input in names
        outputs = self.run(
            [*(self.inputs[name].output for name in names), *[OUTSIDERS] * outsiders],
            {name: batch.rows for name, batch in batches.items()},
        )
        found = dict(zip(names, outputs, strict=False))
        return GraphVotes(
            [_voter_output(v, found[v.source][:, v.place], batches[v.source], artist) for v in voters],
            OutsiderEvidence(evidence(outputs[-1]), len(outputs[-1])) if outsiders else None,
        )

    def run(
        self, outputs: Sequence[str], rows: Mapping[str, NDArray[np.float64]]
    ) -> list[NDArray[np.float64]]:
        """Run the graph, and check that its outputs are probabilities.

        Args:
            outputs: Names of outputs.
            rows: (m, width) rows of each input.

        Raises:
            ModelFileError: It takes too long or computes no probabilities.
        """
        try:
            values = run_session(self._session, outputs, rows, seconds=SECONDS)
        except Exception as error:
            raise ModelFileError.unusable(self._file, error) from error
        for name, value in zip(outputs, values, strict=True):
            if not (np.isfinite(value).all() and value.min() > -_ROUNDING and value.sum(axis=-1).min() > 0):
                raise ModelFileError.unusable(self._file, f"its output {name} has no probabilities")
        return values


def _voter_output(
    voter: Voter, votes: NDArray[np.float64], batch: InputBatch, artist: EnsembleInput
) -> VoterOutput:
    """Pool or temper one voter's (m, n_genres) votes on the rows of a batch."""
    votes = votes / votes.sum(axis=1, keepdims=True)
    known = bool(batch.known[batch.variants[0]].any())
    if voter.sharpness:
        pooled = pool_covers(votes[batch.variants], batch.known[batch.variants], voter.sharpness)
        return VoterOutput(pooled, known)
    votes = flat_where_unknown(votes, batch.known)[batch.variants[:, 0]]
    covers = artist.covers.get(voter.name.tagger)
    return VoterOutput(votes if covers is None else temper(votes, len(covers)), known)


def _voters(cards: Sequence[Mapping[str, Any]]) -> list[Voter]:
    """The voters of a model card, numbered among those of the same input."""
    voters: list[Voter] = []
    for card in cards:
        name = VoterName(card["tagger"], card["view"], card["classifier"])
        place = sum(voter.source == card["input"] for voter in voters)
        sharpness = Sharpness(**card["sharpness"]) if name.view in PER_COVER else None
        voters.append(Voter(name, card["weight"], card["input"], place, sharpness))
    return voters


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
