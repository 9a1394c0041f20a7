"""Voters of one ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classifiers.ensemble.confidence import OUTSIDERS, OutsiderEvidence, evidence
from classifiers.ensemble.graph_inputs import GraphInput
from classifiers.ensemble.model_card import PER_COVER
from classifiers.ensemble.pooling import Sharpness, flat_where_unknown, pool_covers, temper
from classifiers.ensemble.results import VoterName
from classifiers.errors import ModelFileError
from classifiers.onnx_session import open_session, run_session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from classifiers.ensemble.graph_inputs import EnsembleInput, InputBatch


SECONDS = 60.0
"""Time limit of one run of a graph, which takes milliseconds."""
_ROUNDING = 1e-9  # by which a probability may be below 0


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
        self.outsider_input = self.inputs[outsiders["input"]].name if outsiders is not None else None
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
        outsiders = self.outsider_input in names
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
