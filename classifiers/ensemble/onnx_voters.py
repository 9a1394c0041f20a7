"""A graph at work: its session, the inputs that it reads, and the voters whose answers it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from classifiers.ensemble.inputs import PER_COVER, GraphInput
from classifiers.ensemble.pooling import Sharpness, pool_covers, with_doubt, with_unknown
from classifiers.ensemble.results import VoterName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from classifiers.ensemble.inputs import EnsembleInput, InputBatch


class Voter(NamedTuple):
    """A voter, the input that it reads, its place in that input's output, and how its covers are pooled."""

    name: VoterName
    weight: float
    source: str
    place: int
    sharpness: Sharpness | None


class Answer(NamedTuple):
    """What one voter says: (n_variants, n_genres) votes, and whether it knows anything of what is shown."""

    votes: NDArray[np.float64]
    known: bool


class OnnxVoters:
    """Voters of one ONNX graph.

    Args:
        card: Has the graph's ``inputs`` and ``voters``.
        graph: Its bytes.
        wanted: Whether a voter is to be asked; None for all.
    """

    def __init__(
        self, card: Mapping[str, Any], graph: bytes, wanted: Callable[[VoterName], bool] | None = None
    ) -> None:
        import onnxruntime

        self.inputs = {each["name"]: GraphInput.from_card(each) for each in card["inputs"]}
        voters = _voters(card["voters"])
        self.voters = tuple(voter for voter in voters if wanted is None or wanted(voter.name))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the matrices are small: threads cost more than they save
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # loads faster
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def present(self, shown: EnsembleInput) -> list[Voter]:
        """The voters that are shown what they read."""
        return [voter for voter in self.voters if self.inputs[voter.source].present(shown)]

    def answers(
        self, shown: EnsembleInput, present: Sequence[Voter], without: Sequence[tuple[str, str]] = ()
    ) -> list[Answer]:
        """Of each voter of ``present``, on the artist as shown and then without each (tagger, label)."""
        if not present:
            return []
        batches = {name: source.batch(shown, without) for name, source in self.inputs.items()}
        names = list(dict.fromkeys(voter.source for voter in present))
        outputs = self._session.run(
            [self.inputs[name].output for name in names],
            {name: batch.rows for name, batch in batches.items()},
        )
        found = dict(zip(names, outputs, strict=True))
        return [_answer(v, found[v.source][:, v.place], batches[v.source], shown) for v in present]


def _answer(voter: Voter, answers: NDArray[np.float64], batch: InputBatch, shown: EnsembleInput) -> Answer:
    """One voter's answer, from what its part of the graph says of (m,) rows of a batch: (m, n_genres)."""
    answers = answers / answers.sum(axis=1, keepdims=True)
    known = bool(batch.known[batch.variants[0]].any())
    if voter.sharpness:
        pooled = pool_covers(answers[batch.variants], batch.known[batch.variants], voter.sharpness)
        return Answer(pooled, known)
    votes = with_unknown(answers, batch.known)[batch.variants[:, 0]]
    covers = shown.covers.get(voter.name.tagger)
    return Answer(votes if covers is None else with_doubt(votes, len(covers)), known)


def _voters(cards: Sequence[Mapping[str, Any]]) -> list[Voter]:
    """The voters of a model card, each counted among those of the same input."""
    voters: list[Voter] = []
    for card in cards:
        name = VoterName(card["tagger"], card["view"], card["classifier"])
        place = sum(voter.source == card["input"] for voter in voters)
        sharpness = Sharpness(**card["sharpness"]) if name.view in PER_COVER else None
        voters.append(Voter(name, card["weight"], card["input"], place, sharpness))
    return voters
