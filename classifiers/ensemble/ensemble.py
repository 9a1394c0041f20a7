"""Trained ensemble: its files, and its prediction from tags and embeddings, without scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from classifiers.ensemble.blends import (
    COLUMN,
    KINDS,
    TITLES,
    Blend,
    blended_weights,
    in_order,
    kind_of,
    known_kinds,
    shares_of_kinds,
)
from classifiers.ensemble.confidence import Calibration, OutsiderModel
from classifiers.ensemble.graph_inputs import EnsembleInput
from classifiers.ensemble.linear import linear_voters
from classifiers.ensemble.model_files import load_voters, read_card
from classifiers.ensemble.occlusion import OccludedVotes, explain_votes
from classifiers.ensemble.pooling import pooled
from classifiers.ensemble.results import KindVote, Result, Vote, VoterName
from classifiers.ensemble.training_covers import KEY as TRAINING_COVERS
from classifiers.ensemble.training_covers import count_known, unpack
from classifiers.errors import ClassifierError, NoVotersError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from classifiers.ensemble.confidence import OutsiderEvidence
    from classifiers.ensemble.linear import LinearVoter
    from classifiers.ensemble.onnx_voters import OnnxVoters, Voter
    from classifiers.ensemble.results import Explanation


class Ensemble:
    """Voters in an ONNX graph, optional voters in a second one, and their model card; create it with `load`.

    Attributes:
        card: The model card as it was saved.
        genres: Names of the genres, in the order of every vote.
        taggers: Tagger to the version that the model was trained with.
        feature_versions: The same for pixel features, such as colours, which come from no tagger.
        voters: Names of the loaded voters.
        titles: Version of the words in albums' titles that the model was trained with; None without them.
        texts: Text column of a table, such as ``lyrics``, to the version of its words in training.
        calibration: How often the ensemble was right on held-out artists; None if the card does not say.
        blends: Set of kinds of voters to the weights of these kinds; empty for models of format 2, whose
            voters are weighted without regard to kinds.
        outsiders: Probability of none of the genres; None if the model was trained without outsiders.
        training_covers: Shortened digests of the covers in training; None if the card does not have them.
    """

    def __init__(self, card: Mapping[str, Any], graphs: Sequence[OnnxVoters]) -> None:
        self.card = card
        self.genres: tuple[str, ...] = tuple(card["genres"])
        self.taggers: dict[str, str] = {tagger["name"]: tagger["version"] for tagger in card["taggers"]}
        self.titles = self.taggers.pop(TITLES, None)
        columns = [name for name in self.taggers if name.startswith(COLUMN)]
        self.texts = {name.removeprefix(COLUMN): self.taggers.pop(name) for name in columns}
        features = card.get("measures", ())
        self.feature_versions: dict[str, str] = {each["name"]: each["version"] for each in features}
        self.graphs = graphs
        self.voters = tuple(voter.name for graph in graphs for voter in graph.voters)
        self.calibration = Calibration.from_card(card["confidence"]) if "confidence" in card else None
        self.blends = {frozenset(each["weights"]): Blend.from_card(each) for each in card.get("blends", ())}
        self.outsiders = OutsiderModel.from_card(card["outsiders"]) if "outsiders" in card else None
        self.training_covers = unpack(card[TRAINING_COVERS]) if TRAINING_COVERS in card else None

    @classmethod
    def load(cls, path: Path | str, optional_voters: Sequence[str] = ()) -> Ensemble:
        """Load ``<stem>.onnx`` and ``<stem>.json``; both are checked before onnxruntime sees the graph.

        Args:
            path: Either file, or their common stem.
            optional_voters: Optional voters that are to vote as well: the name of a classifier, such as
                ``transfer``, or ``transfer:lite`` for the one of a single tagger. Names of default voters
                change nothing.

        Raises:
            ModelFileError: A file is missing, broken, of another format, from another training than the other
                file, or has something that no model of SpotiTags has.
            UnknownVoterError: The model has no voter of a name in ``optional_voters``.
        """
        file, card = read_card(path)
        try:
            return cls(card, load_voters(file, card, optional_voters))
        except ClassifierError:
            if read_card(path)[1] == card:
                raise
            return cls.load(path, optional_voters)  # the model was replaced meanwhile

    def vote(
        self,
        bags: Mapping[str, Mapping[str, float]],
        covers: Mapping[str, Sequence[Mapping[str, float]]] | None = None,
        embeddings: Mapping[str, NDArray[np.floating]] | None = None,
    ) -> Result:
        """Pool the votes of all voters whose input is given; the others abstain.

        The weights inside a kind are rescaled to sum to 1, and kinds have the weights that were fitted for
        those of which a feature is known.

        Args:
            bags: Tagger to label to weight, as in training. Taggers that the model does not know are ignored.
                The words of titles are under `classifiers.ensemble.blends.TITLES`, those of a text column
                under `classifiers.ensemble.blends.COLUMN` and its name.
            covers: Tagger to the tags of each cover, whose sum is the bag; voters of the view ``covers`` use
                them. Their number n also tempers the votes on the bag: each is mixed with a flat vote in the
                ratio n to 1/4. If None, votes on bags are not tempered.
            embeddings: Tagger to (n_covers, dim) features, for voters of the view ``embedding``; features of
                another dim than in training are ignored.

        Raises:
            NoVotersError: The model knows none of the taggers.
            ModelFileError: The graph takes too long or computes no probabilities.
        """
        artist = EnsembleInput(bags, covers or {}, embeddings or {})
        available = self._available(artist)
        votes, known, found = self._votes(artist, available)
        voters = [voter for of_graph in available for voter in of_graph]
        weights = self._weights(voters, known)
        shares = dict(zip(self.genres, pooled(votes[0], weights).tolist(), strict=True))
        inside = self.inside(voters)
        informed = any(knows for knows, weight in zip(known, inside, strict=True) if weight)
        calibration = self.calibration_of(voters, known) if informed else None
        none = float(self.outsiders.none_probability(*found)) if self.outsiders and found else None
        parts = weights / weights.sum() if weights.any() else weights
        return Result(
            shares=dict(sorted(shares.items(), key=lambda share: -share[1])),
            votes=tuple(
                Vote(
                    voter.name, float(weight), dict(zip(self.genres, vote.tolist(), strict=True)), bool(knows)
                )
                for voter, weight, vote, knows in zip(voters, parts, votes[0], known, strict=True)
            ),
            known=informed,
            confidence=calibration.confidence(max(shares.values()), none) if calibration else None,
            none=none,
            kinds=self._kinds(voters, votes[0], weights),
        )

    def trained_on(self, digests: Iterable[str]) -> int | None:
        """Return how many covers, given by SHA-256 (hex), were in training; None if the card does not say."""
        return None if self.training_covers is None else count_known(self.training_covers, digests)

    def explain(
        self,
        bags: Mapping[str, Mapping[str, float]],
        pair: tuple[str, str],
        n: int = 10,
        covers: Mapping[str, Sequence[Mapping[str, float]]] | None = None,
        embeddings: Mapping[str, NDArray[np.floating]] | None = None,
    ) -> Explanation:
        """Find the tags that speak for one genre and against another, by occlusion: remove each tag in turn.

        Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014), section 4.2, with
        tags in place of image patches. The method needs only the probabilities of a classifier. A tag is
        removed from the bag and from every cover; voters on embeddings use no tags, so no tag affects them.

        Args:
            bags: As in `vote`.
            pair: Two of `genres`, usually the winner and the runner-up.
            n: Maximum number of tags; those that change nothing are left out.
            covers: As in `vote`.
            embeddings: As in `vote`.

        Raises:
            ClassifierError: The model lacks one of the two genres.
            NoVotersError: The model knows none of the taggers.
        """
        for genre in pair:
            if genre not in self.genres:
                known = ", ".join(self.genres)
                raise ClassifierError(f"the model knows no genre {genre!r}; it knows {known}")
        artist = EnsembleInput(bags, covers or {}, embeddings or {})
        available = self._available(artist)
        inputs = [each for graph in self.graphs for each in graph.inputs.values()]
        tags = sorted({(each.tagger, label) for each in inputs for label in each.known_labels(artist)})
        votes, knows, _ = self._votes(artist, available, tags)
        voters = [voter for of_graph in available for voter in of_graph]
        weights = self._weights(voters, knows)
        names = [voter.name for voter in voters]
        return explain_votes(OccludedVotes(self.genres, names, weights, tags, votes), pair, n)

    def linear_voters(self, tagger: str) -> list[LinearVoter]:
        """Return the voters on a tagger's embeddings whose logits are linear, of all graphs.

        Raises:
            ModelFileError: A graph takes too long or computes no probabilities.
        """
        return [voter for graph in self.graphs for voter in linear_voters(graph, tagger)]

    def _available(self, artist: EnsembleInput) -> list[list[Voter]]:
        """Return the available voters of each graph."""
        available = [graph.available(artist) for graph in self.graphs]
        if not any(available):
            raise NoVotersError(
                f"the model was trained on tags of {', '.join(self.taggers)}, and there are only tags of "
                f"{', '.join(artist.bags) or 'no tagger'}: use one of its taggers, or your own model"
            )
        return available

    def inside(self, voters: Sequence[Voter]) -> NDArray[np.float64]:
        """Return the weights of the voters inside their kinds; without blends, those of one kind of all."""
        weights = np.array([voter.weight for voter in voters])
        return shares_of_kinds([kind_of(v.name) if self.blends else KINDS[0] for v in voters], weights)

    def _weights(self, voters: Sequence[Voter], known: Sequence[bool]) -> NDArray[np.float64]:
        """Return the weights of the voters beside each other; without blends they sum to 1."""
        weights = self.inside(voters)
        if not self.blends:
            return weights
        rows = {kinds: blend.row() for kinds, blend in self.blends.items()}
        kinds = [kind_of(voter.name) for voter in voters]
        return np.array(blended_weights(kinds, weights[np.newaxis], np.array([known]), rows)[0])

    def calibration_of(self, voters: Sequence[Voter], known: Sequence[bool]) -> Calibration | None:
        """Return how often such votes were right; None if other voters have a weight than had one then."""
        defaults = self.graphs[0].voters
        if not self.blends:
            return self.calibration if _weighted(voters) == _weighted(defaults) else None
        names = [kind_of(voter.name) for voter in voters]
        (has,) = known_kinds(names, self.inside(voters)[np.newaxis], np.array([known]))
        kinds = frozenset(kind for kind, there in zip(in_order(names), has, strict=True) if there)
        then, now = (
            _weighted(voter for voter in some if kind_of(voter.name) in kinds) for some in (defaults, voters)
        )
        return self.blends[kinds].calibration if then == now else None

    def _kinds(
        self, voters: Sequence[Voter], votes: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> tuple[KindVote, ...]:
        """Pool the voters of each kind with a weight."""
        found = []
        names = [kind_of(voter.name) for voter in voters]
        for kind in in_order(names) if self.blends else ():
            own = np.array([name == kind for name in names])
            if total := float(weights[own].sum()):
                shares = pooled(votes[own], weights[own] / total).tolist()
                found.append(KindVote(kind, total, dict(zip(self.genres, shares, strict=True))))
        return tuple(found)

    def _votes(
        self,
        artist: EnsembleInput,
        available: Sequence[Sequence[Voter]],
        without: Sequence[tuple[str, str]] = (),
    ) -> tuple[NDArray[np.float64], list[bool], OutsiderEvidence | None]:
        """Return (1 + n_without, n_voters, n_genres) votes, voters' ``known``, and outsiders' evidence."""
        graphs = [
            graph.vote(artist, voters, without) for graph, voters in zip(self.graphs, available, strict=True)
        ]
        outputs = [output for graph in graphs for output in graph.voters]
        votes = np.stack([output.votes for output in outputs], axis=1)
        return votes, [output.known for output in outputs], graphs[0].outsiders


def _weighted(voters: Iterable[Voter]) -> frozenset[VoterName]:
    """Names of the voters with a non-zero weight; of all voters if every weight is zero."""
    voters = list(voters)
    return frozenset(voter.name for voter in [voter for voter in voters if voter.weight] or voters)
