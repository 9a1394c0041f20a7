"""A trained ensemble at work: bags in, a share for each genre and every voter's own vote out.

Needs numpy and onnxruntime only; scikit-learn stays with training.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classifiers.errors import ClassifierError, ModelFileError, NoVotersError
from classifiers.text.vectors import vectors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

FORMAT = 1
OUTPUT = "votes"
UNSURE = 0.25  # weight of the flat prior in covers; docs/ensemble.md says how it was found


class VoterName(NamedTuple):
    """What a voter reads and by what: the name of a tagger, a view and a classifier."""

    tagger: str
    view: str
    classifier: str


class Pull(NamedTuple):
    """What one tag does to a genre's probability: above 0 it speaks for the genre, below 0 against it.

    The fall of the probability, in [-1, 1], when the tag is taken off the bag.
    """

    tagger: str
    label: str
    pull: float


@dataclass(frozen=True, slots=True)
class Vote:
    """One voter's answer.

    Attributes:
        voter: Who votes.
        weight: Its part in this result, in [0, 1]; the weights of a result's votes sum to 1.
        probabilities: Genre to probability in the model's order, summing to 1.
        known: False where the voter knows none of the bag's labels; its vote is flat then.
    """

    voter: VoterName
    weight: float
    probabilities: Mapping[str, float]
    known: bool


@dataclass(frozen=True, slots=True)
class Result:
    """The ensemble's answer: the weighted mean of its votes.

    Attributes:
        shares: Genre to share, largest first, summing to 1.
        votes: Of every voter whose tagger's bag was there.
        known: False where no voter knows any label: the shares are flat and say nothing.
    """

    shares: Mapping[str, float]
    votes: tuple[Vote, ...]
    known: bool

    @property
    def genre(self) -> str:
        """The genre with the largest share."""
        return next(iter(self.shares))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Tags that spoke for and against one genre, strongest first, by the ensemble and by each voter."""

    genre: str
    overall: tuple[Pull, ...]
    voters: Mapping[VoterName, tuple[Pull, ...]]


@dataclass(frozen=True)
class _Input:
    """One input of the graph: a tagger's bag through a view."""

    name: str
    tagger: str
    labels: tuple[str, ...]
    top: int | None


def model_files(path: Path) -> tuple[Path, Path]:
    """The graph and the card of a model named by either of them or by their common stem."""
    stem = path.with_suffix("") if path.suffix in {".onnx", ".json"} else path
    return stem.with_name(stem.name + ".onnx"), stem.with_name(stem.name + ".json")


def pooled(votes: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear opinion pool: (..., n_voters, n_genres) votes, (n_voters,) weights; (..., n_genres) shares."""
    shares: NDArray[np.float64] = np.einsum("...vg,v->...g", votes, weights)
    return shares


def with_unknown(votes: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, n_genres) votes of one voter, made flat wherever its row of ``x`` (n, n_labels) is empty."""
    flat = np.full_like(votes, 1 / votes.shape[-1])
    return np.where(x.any(axis=1, keepdims=True), votes, flat)


class Ensemble:
    """Voters in one ONNX graph and the card that describes them; made by `load`."""

    def __init__(self, card: Mapping[str, Any], graph: bytes) -> None:
        import onnxruntime

        self.card = card
        self.genres: tuple[str, ...] = tuple(card["genres"])
        self.taggers: dict[str, str] = {tagger["name"]: tagger["version"] for tagger in card["taggers"]}
        self.voters = tuple(VoterName(v["tagger"], v["view"], v["classifier"]) for v in card["voters"])
        self._weights = np.array([voter["weight"] for voter in card["voters"]], dtype=np.float64)
        self._sources = [voter["input"] for voter in card["voters"]]
        self._inputs = [_Input(i["name"], i["tagger"], tuple(i["labels"]), i["top"]) for i in card["inputs"]]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the matrices are small: threads cost more than they save
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # loads faster
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    @classmethod
    def load(cls, path: Path | str) -> Ensemble:
        """Load ``<stem>.onnx`` and ``<stem>.json``.

        Args:
            path: Either file, or their common stem.

        Raises:
            ModelFileError: A file is missing, broken, of another format, or not of the other's training.
        """
        onnx, json_file = model_files(Path(path))
        try:
            graph, text = onnx.read_bytes(), json_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ModelFileError(
                f"no model at {path}: {error}; a model is a .onnx and a .json side by side"
            ) from error
        try:
            card = json.loads(text)
            version = card["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise ModelFileError(f"{json_file} is no model card; train the model anew") from error
        if version != FORMAT:
            raise ModelFileError(
                f"{json_file} has format {version}, this version reads {FORMAT}; train it anew"
            )
        if card.get("sha256") != hashlib.sha256(graph).hexdigest():
            raise ModelFileError(
                f"{onnx} is not the graph that {json_file.name} describes; train the model anew"
            )
        try:
            return cls(card, graph)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelFileError(f"{json_file} cannot be used ({error!r}); train the model anew") from error

    def vote(
        self, bags: Mapping[str, Mapping[str, float]], covers: Mapping[str, int] | None = None
    ) -> Result:
        """Ask every voter whose tagger's bag is there; the others abstain and the weights are renewed.

        Args:
            bags: Tagger to label to weight, as in training. Taggers that the model does not know are ignored.
            covers: Tagger to the number of covers in its bag, where known. A vote on n covers is mixed with a
                flat one, n parts to a quarter: few covers, less sure. None leaves votes as they are.

        Raises:
            NoVotersError: The model knows none of the taggers.
        """
        present, weights = self._present(bags)
        x = self._rows(bags)
        votes = self._votes(x, covers)[0]
        known = [bool(x[self._sources[i]].any()) for i in present]
        shares = dict(zip(self.genres, pooled(votes[present], weights).tolist(), strict=True))
        return Result(
            shares=dict(sorted(shares.items(), key=lambda share: -share[1])),
            votes=tuple(
                Vote(
                    self.voters[i],
                    float(weight),
                    dict(zip(self.genres, votes[i].tolist(), strict=True)),
                    seen,
                )
                for i, weight, seen in zip(present, weights, known, strict=True)
            ),
            known=any(known),
        )

    def explain(
        self,
        bags: Mapping[str, Mapping[str, float]],
        genre: str,
        n: int = 10,
        covers: Mapping[str, int] | None = None,
    ) -> Explanation:
        """Which tags speak for and against a genre, by occlusion: each tag is taken off in turn.

        Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014), section 4.2, with
        tags for patches. It asks nothing of a classifier but its probabilities; all bags take one run.

        Args:
            bags: As in `vote`.
            genre: One of `genres`, mostly the winner.
            n: Tags to name at most; those that change nothing are left out.
            covers: As in `vote`.

        Raises:
            ClassifierError: The model has no such genre.
            NoVotersError: The model knows none of the taggers.
        """
        if genre not in self.genres:
            raise ClassifierError(f"the model knows no genre {genre!r}; it knows {', '.join(self.genres)}")
        present, weights = self._present(bags)
        x = self._rows(bags)
        tags = sorted(
            {
                (i.tagger, label)
                for i in self._inputs
                for label, value in zip(i.labels, x[i.name][0], strict=True)
                if value
            }
        )
        votes = self._votes(self._occluded(x, tags), covers)[:, present, self.genres.index(genre)]
        pulls = votes[0] - votes[1:]
        return Explanation(
            genre=genre,
            overall=_strongest(tags, pulls @ weights, n),
            voters={self.voters[v]: _strongest(tags, pulls[:, i], n) for i, v in enumerate(present)},
        )

    def _present(self, bags: Mapping[str, Mapping[str, float]]) -> tuple[list[int], NDArray[np.float64]]:
        """Voters whose tagger's bag is there, and their weights, summing to 1."""
        present = [i for i, voter in enumerate(self.voters) if voter.tagger in bags]
        if not present:
            raise NoVotersError(
                f"the model was trained on tags of {', '.join(self.taggers)}, and there are only tags of "
                f"{', '.join(bags) or 'no tagger'}: take one of its taggers, or a model of yours"
            )
        weights = self._weights[present]
        weights = weights if weights.any() else np.ones(len(present))
        return present, weights / weights.sum()

    def _rows(self, bags: Mapping[str, Mapping[str, float]]) -> dict[str, NDArray[np.float64]]:
        """(1, n_labels) for each input of the graph; zeros for a tagger without a bag."""
        return {i.name: vectors([bags.get(i.tagger, {})], i.labels, i.top) for i in self._inputs}

    def _occluded(
        self, x: Mapping[str, NDArray[np.float64]], tags: Sequence[tuple[str, str]]
    ) -> dict[str, NDArray[np.float64]]:
        """(1 + n_tags, n_labels) for each input: the row itself, then the row without each tag."""
        batch = {}
        for i in self._inputs:
            rows = np.repeat(x[i.name], 1 + len(tags), axis=0)
            column = {(i.tagger, label): c for c, label in enumerate(i.labels)}
            for row, tag in enumerate(tags, start=1):
                if (c := column.get(tag)) is not None:
                    rows[row, c] = 0
            length = np.linalg.norm(rows, axis=1, keepdims=True)
            batch[i.name] = np.divide(rows, length, out=rows, where=length > 0)
        return batch

    def _votes(
        self, x: Mapping[str, NDArray[np.float64]], covers: Mapping[str, int] | None
    ) -> NDArray[np.float64]:
        """(n, n_voters, n_genres) probabilities."""
        votes = np.asarray(self._session.run([OUTPUT], dict(x))[0], dtype=np.float64)
        votes /= votes.sum(axis=2, keepdims=True)
        for i, voter in enumerate(self.voters):
            votes[:, i] = with_unknown(votes[:, i], x[self._sources[i]])
            if covers and voter.tagger in covers:
                trust = covers[voter.tagger] / (covers[voter.tagger] + UNSURE)
                votes[:, i] = trust * votes[:, i] + (1 - trust) / len(self.genres)
        return votes


def _strongest(tags: Sequence[tuple[str, str]], pulls: NDArray[np.float64], n: int) -> tuple[Pull, ...]:
    """The ``n`` tags with the largest pulls either way, ties by name; none that rounds to 0."""
    named = [Pull(*tag, pull) for tag, pull in zip(tags, pulls.tolist(), strict=True) if abs(pull) > 1e-6]  # noqa: PLR2004
    return tuple(sorted(named, key=lambda p: (-abs(p.pull), p.tagger, p.label))[:n])
