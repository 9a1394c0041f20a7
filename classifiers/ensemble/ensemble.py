"""A trained ensemble at work: bags and covers in, a share for each genre and every voter's own vote out.

Needs numpy and onnxruntime only; scikit-learn stays with training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from classifiers.ensemble.calibration import Calibration
from classifiers.ensemble.inputs import EnsembleInput
from classifiers.ensemble.model_file import graphs_of, read_card
from classifiers.ensemble.pooling import pooled
from classifiers.ensemble.results import Explanation, Pull, Result, Vote
from classifiers.errors import ClassifierError, ModelFileError, NoVotersError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from classifiers.ensemble.onnx_voters import OnnxVoters, Voter
    from classifiers.ensemble.results import VoterName


class Ensemble:
    """Voters in an ONNX graph, optional ones in a second, and the card that describes them; made by `load`.

    Attributes:
        card: As it was saved.
        genres: In the order of every vote.
        taggers: Tagger to the version that the model was trained with.
        measures: The same of numbers that no tagger gives, such as colours.
        voters: Who votes.
        calibration: How often the ensemble was right on held-out artists; None where that is not known.
    """

    def __init__(self, card: Mapping[str, Any], graphs: Sequence[OnnxVoters]) -> None:
        self.card = card
        self.genres: tuple[str, ...] = tuple(card["genres"])
        self.taggers: dict[str, str] = {tagger["name"]: tagger["version"] for tagger in card["taggers"]}
        self.measures: dict[str, str] = {each["name"]: each["version"] for each in card.get("measures", ())}
        self._graphs = graphs
        self.voters = tuple(voter.name for graph in graphs for voter in graph.voters)
        self.calibration = Calibration.from_card(card["confidence"]) if "confidence" in card else None

    @classmethod
    def load(cls, path: Path | str, optional_voters: Sequence[str] = ()) -> Ensemble:
        """Load ``<stem>.onnx`` and ``<stem>.json``.

        Args:
            path: Either file, or their common stem.
            optional_voters: Optional voters that are to vote, too, by the names of their classifiers, such as
                ``transfer``, or one of several as ``transfer:lite``; naming one that votes anyhow
                changes nothing.

        Raises:
            ModelFileError: A file is missing, broken, of another format, or not of the other's training.
            UnknownVoterError: The model has no voter of a name in ``optional_voters``.
        """
        card_file, card = read_card(path)
        try:
            return cls(card, graphs_of(card_file, card, optional_voters))
        except ClassifierError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise ModelFileError(f"{card_file} cannot be used ({error!r}); train the model anew") from error

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
        shown = EnsembleInput(bags, covers or {}, embeddings or {})
        present, weights = self._present(shown)
        votes, known = self._votes(shown, present)
        voters = [voter for several in present for voter in several]
        shares = dict(zip(self.genres, pooled(votes[0], weights).tolist(), strict=True))
        informed = any(seen for seen, weight in zip(known, weights, strict=True) if weight)
        as_measured = _weighted(voters) == _weighted(self._graphs[0].voters)
        calibration = self.calibration if informed and as_measured else None
        return Result(
            shares=dict(sorted(shares.items(), key=lambda share: -share[1])),
            votes=tuple(
                Vote(
                    voter.name, float(weight), dict(zip(self.genres, vote.tolist(), strict=True)), bool(seen)
                )
                for voter, weight, vote, seen in zip(voters, weights, votes[0], known, strict=True)
            ),
            known=informed,
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
        shown = EnsembleInput(bags, covers or {}, embeddings or {})
        present, weights = self._present(shown)
        inputs = [each for graph in self._graphs for each in graph.inputs.values()]
        tags = sorted({(each.tagger, label) for each in inputs for label in each.known(shown)})
        votes, _ = self._votes(shown, present, tags)
        place = self.genres.index(genre)
        shares, pulls = pooled(votes, weights)[:, place], votes[0, :, place] - votes[1:, :, place]
        return Explanation(
            genre=genre,
            overall=_strongest(tags, shares[0] - shares[1:], n),
            voters={
                voter.name: _strongest(tags, pulls[:, i], n)
                for i, voter in enumerate(voter for several in present for voter in several)
            },
        )

    def _present(self, shown: EnsembleInput) -> tuple[list[list[Voter]], NDArray[np.float64]]:
        """Of each graph the voters that are shown what they read, and all their weights, summing to 1."""
        present = [graph.present(shown) for graph in self._graphs]
        if not any(present):
            raise NoVotersError(
                f"the model was trained on tags of {', '.join(self.taggers)}, and there are only tags of "
                f"{', '.join(shown.bags) or 'no tagger'}: take one of its taggers, or a model of yours"
            )
        weights = np.array([voter.weight for voters in present for voter in voters])
        weights = weights if weights.any() else np.ones(len(weights))
        return present, weights / weights.sum()

    def _votes(
        self,
        shown: EnsembleInput,
        present: Sequence[Sequence[Voter]],
        without: Sequence[tuple[str, str]] = (),
    ) -> tuple[NDArray[np.float64], list[bool]]:
        """(1 + n_without, n_present, n_genres) votes, and which voters know anything of what is shown."""
        answers = [
            answer
            for graph, voters in zip(self._graphs, present, strict=True)
            for answer in graph.answers(shown, voters, without)
        ]
        return np.stack([answer.votes for answer in answers], axis=1), [answer.known for answer in answers]


def _weighted(voters: Iterable[Voter]) -> frozenset[VoterName]:
    """Those whose votes change the shares: all that weigh anything, or all where none does."""
    voters = list(voters)
    return frozenset(voter.name for voter in [voter for voter in voters if voter.weight] or voters)


def _strongest(tags: Sequence[tuple[str, str]], pulls: NDArray[np.float64], n: int) -> tuple[Pull, ...]:
    """The ``n`` tags with the largest pulls either way, ties by name; none that rounds to 0."""
    named = [Pull(*tag, pull) for tag, pull in zip(tags, pulls.tolist(), strict=True) if abs(pull) > 1e-6]  # noqa: PLR2004
    return tuple(sorted(named, key=lambda p: (-abs(p.pull), p.tagger, p.label))[:n])
