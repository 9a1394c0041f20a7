"""A trained ensemble at work: bags and covers in, a share for each genre and every voter's own vote out.

Needs numpy and onnxruntime only; scikit-learn stays with training.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classifiers.confidence import Calibration
from classifiers.errors import ClassifierError, ModelFileError, NoVotersError
from classifiers.inputs import PER_COVER, Batch, Input, Shown
from classifiers.pooling import Sharpness, pool_covers, pooled, with_doubt, with_unknown
from classifiers.results import Explanation, Pull, Result, Vote, VoterName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

FORMAT = 2


class _Voter(NamedTuple):
    """A voter, the input that it reads, its place in that input's output, and how its covers are pooled."""

    name: VoterName
    weight: float
    source: str
    place: int
    sharpness: Sharpness | None


def model_files(path: Path) -> tuple[Path, Path]:
    """The graph and the card of a model named by either of them or by their common stem."""
    stem = path.with_suffix("") if path.suffix in {".onnx", ".json"} else path
    return stem.with_name(stem.name + ".onnx"), stem.with_name(stem.name + ".json")


class Ensemble:
    """Voters in one ONNX graph and the card that describes them; made by `load`."""

    def __init__(self, card: Mapping[str, Any], graph: bytes) -> None:
        import onnxruntime

        self.card = card
        self.genres: tuple[str, ...] = tuple(card["genres"])
        self.taggers: dict[str, str] = {tagger["name"]: tagger["version"] for tagger in card["taggers"]}
        self._inputs = {each["name"]: Input.from_card(each) for each in card["inputs"]}
        self._voters = _voters(card["voters"])
        self.voters = tuple(voter.name for voter in self._voters)
        self.calibration = Calibration.from_card(card["confidence"]) if "confidence" in card else None
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
        self,
        bags: Mapping[str, Mapping[str, float]],
        covers: Mapping[str, Sequence[Mapping[str, float]]] | None = None,
        embeddings: Mapping[str, NDArray[np.floating]] | None = None,
    ) -> Result:
        """Ask every voter that is shown what it reads; the others abstain and the weights are renewed.

        Args:
            bags: Tagger to label to weight, as in training. Taggers that the model does not know are ignored.
            covers: Tagger to the tags of each cover, whose sum is the bag; voters of the view ``covers``
                read them. Their number n also tempers the votes on the bag: each is mixed with a flat one, n
                parts to a quarter. Without them, votes on bags are left as they are.
            embeddings: Tagger to (n_covers, dim) numbers, for voters of the view ``embedding``; one of
                another dim than in training is ignored.

        Raises:
            NoVotersError: The model knows none of the taggers.
        """
        shown = Shown(bags, covers or {}, embeddings or {})
        present, weights = self._present(shown)
        votes, known = self._votes(shown, present)
        shares = dict(zip(self.genres, pooled(votes[0], weights).tolist(), strict=True))
        measured = any(known) and len(present) == len(self._voters)
        calibration = self.calibration if measured else None
        return Result(
            shares=dict(sorted(shares.items(), key=lambda share: -share[1])),
            votes=tuple(
                Vote(
                    voter.name, float(weight), dict(zip(self.genres, vote.tolist(), strict=True)), bool(seen)
                )
                for voter, weight, vote, seen in zip(present, weights, votes[0], known, strict=True)
            ),
            known=any(known),
            confidence=calibration.of(max(shares.values())) if calibration else None,
        )

    def explain(
        self,
        bags: Mapping[str, Mapping[str, float]],
        genre: str,
        n: int = 10,
        covers: Mapping[str, Sequence[Mapping[str, float]]] | None = None,
        embeddings: Mapping[str, NDArray[np.floating]] | None = None,
    ) -> Explanation:
        """Which tags speak for and against a genre, by occlusion: each tag is taken off in turn.

        Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014), section 4.2, with
        tags for patches. It asks nothing of a classifier but its probabilities. A tag is taken off the bag
        and off every cover; voters on embeddings see no tags, so none has a pull on them.

        Args:
            bags: As in `vote`.
            genre: One of `genres`, mostly the winner.
            n: Tags to name at most; those that change nothing are left out.
            covers: As in `vote`.
            embeddings: As in `vote`.

        Raises:
            ClassifierError: The model has no such genre.
            NoVotersError: The model knows none of the taggers.
        """
        if genre not in self.genres:
            raise ClassifierError(f"the model knows no genre {genre!r}; it knows {', '.join(self.genres)}")
        shown = Shown(bags, covers or {}, embeddings or {})
        present, weights = self._present(shown)
        tags = sorted({(i.tagger, label) for i in self._inputs.values() for label in i.known(shown)})
        votes, _ = self._votes(shown, present, tags)
        place = self.genres.index(genre)
        shares, pulls = pooled(votes, weights)[:, place], votes[0, :, place] - votes[1:, :, place]
        return Explanation(
            genre=genre,
            overall=_strongest(tags, shares[0] - shares[1:], n),
            voters={voter.name: _strongest(tags, pulls[:, i], n) for i, voter in enumerate(present)},
        )

    def _present(self, shown: Shown) -> tuple[list[_Voter], NDArray[np.float64]]:
        """Voters that are shown what they read, and their weights, summing to 1."""
        present = [voter for voter in self._voters if self._inputs[voter.source].present(shown)]
        if not present:
            raise NoVotersError(
                f"the model was trained on tags of {', '.join(self.taggers)}, and there are only tags of "
                f"{', '.join(shown.bags) or 'no tagger'}: take one of its taggers, or a model of yours"
            )
        weights = np.array([voter.weight for voter in present])
        weights = weights if weights.any() else np.ones(len(present))
        return present, weights / weights.sum()

    def _votes(
        self, shown: Shown, present: Sequence[_Voter], without: Sequence[tuple[str, str]] = ()
    ) -> tuple[NDArray[np.float64], list[bool]]:
        """(1 + n_without, n_present, n_genres) votes, and which voters know anything of what is shown."""
        batches = {name: source.batch(shown, without) for name, source in self._inputs.items()}
        names = list(dict.fromkeys(voter.source for voter in present))
        outputs = self._session.run(
            [self._inputs[name].output for name in names],
            {name: batch.rows for name, batch in batches.items()},
        )
        answers = dict(zip(names, outputs, strict=True))
        votes, known = [], []
        for voter in present:
            batch = batches[voter.source]
            votes.append(self._vote(voter, answers[voter.source][:, voter.place], batch, shown))
            known.append(bool(batch.known[batch.variants[0]].any()))
        return np.stack(votes, axis=1), known

    def _vote(
        self, voter: _Voter, answers: NDArray[np.float64], batch: Batch, shown: Shown
    ) -> NDArray[np.float64]:
        """(n_variants, n_genres) of one voter, from its (m, n_genres) answers to a batch's rows."""
        answers = answers / answers.sum(axis=1, keepdims=True)
        if voter.sharpness:
            return pool_covers(answers[batch.variants], batch.known[batch.variants], voter.sharpness)
        votes = with_unknown(answers, batch.known)[batch.variants[:, 0]]
        covers = shown.covers.get(voter.name.tagger)
        return votes if covers is None else with_doubt(votes, len(covers))


def _voters(cards: Sequence[Mapping[str, Any]]) -> list[_Voter]:
    """The voters of a model card, each counted among those of the same input."""
    voters: list[_Voter] = []
    for card in cards:
        name = VoterName(card["tagger"], card["view"], card["classifier"])
        place = sum(voter.source == card["input"] for voter in voters)
        sharpness = Sharpness(**card["sharpness"]) if name.view in PER_COVER else None
        voters.append(_Voter(name, card["weight"], card["input"], place, sharpness))
    return voters


def _strongest(tags: Sequence[tuple[str, str]], pulls: NDArray[np.float64], n: int) -> tuple[Pull, ...]:
    """The ``n`` tags with the largest pulls either way, ties by name; none that rounds to 0."""
    named = [Pull(*tag, pull) for tag, pull in zip(tags, pulls.tolist(), strict=True) if abs(pull) > 1e-6]  # noqa: PLR2004
    return tuple(sorted(named, key=lambda p: (-abs(p.pull), p.tagger, p.label))[:n])
