"""From bags to a genre: the trained ensemble, or a tagger's own vote where no model was trained for it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.ensemble.ensemble import Ensemble
from classifiers.errors import ModelFileError, NoVotersError, UnknownVoterError
from classifiers.image import EMBEDDING
from spotitags.errors import InputError, ModelError
from spotitags.records import JOINT, Confidence, Prediction, Reason, Tag, Vote
from spotitags.taggers.base import HasCost, ZeroShot
from spotitags.taggers.features.genre_votes import GenreVoteExtractor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from classifiers.ensemble.results import Explanation, Pull, Result
    from spotitags.records import Tag, TagBag, TaggedCovers
    from spotitags.taggers.base import Tagger


_OTHER_LABELS = (
    "the model was trained on other labels than these: train one on them with 'spotitags train --labels', "
    "leave --labels out, or name genres with --genres, which are voted on without training"
)
REASONS = 10  # tags named for and against a winner, together

ZERO_SHOT = "zero-shot"


def bundled_model() -> Path:
    """The model that ships with the package, for ``lite`` and the genres of the bundled library."""
    return Path(str(files("classifiers").joinpath("models", "lite.onnx")))


class Voting:
    """Who votes on the bags of these taggers, and their votes.

    The trained ensemble votes where it knows one of the taggers; else each tagger that can vote by itself
    does.

    Args:
        model: A trained ensemble; None takes the bundled one.
        versions: Tagger to the version whose tags will be read.
        taggers: The taggers themselves, where they can be asked.
        genres: Vote between these alone; empty takes the model's.
        own_labels: Whether the taggers look for a user's own labels, so that a model of others does not fit.
        voters: Optional voters of the model that are to vote, too.
        notify: Called with a line for what a reader of the votes should know.

    Raises:
        InputError: A single genre is asked for, or a voter that the model does not have.
        ModelError: The model cannot be read, or no voter can be had for these taggers and genres.
    """

    def __init__(  # noqa: PLR0913 — what decides who votes
        self,
        model: Path | None,
        versions: Mapping[str, str],
        *,
        taggers: Sequence[Tagger] = (),
        genres: Sequence[str] = (),
        own_labels: bool = False,
        voters: Sequence[str] = (),
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.notify = notify or (lambda _line: None)
        try:
            self.ensemble = Ensemble.load(model or bundled_model(), voters)
        except UnknownVoterError as error:
            raise InputError(str(error)) from error
        except ModelFileError as error:
            raise ModelError(str(error)) from error
        self.genres = _spelled(genres, self.ensemble.genres) or self.ensemble.genres
        if len(self.genres) == 1:
            raise InputError(f"a vote needs two genres at least, not {self.genres[0]} alone: name another")
        self._strangers: set[str] = set()
        alike = all(versions.get(name) == version for name, version in self.ensemble.taggers.items())
        self._as_evaluated = alike and set(self.genres) == set(self.ensemble.genres)
        self.readers: list[GenreVoteExtractor] = []
        if self._reads(versions) and not (own_labels and self._of_other_labels(versions)):
            self._compare(versions)
            return
        able = [
            tagger for tagger in taggers if isinstance(tagger, ZeroShot) and not isinstance(tagger, HasCost)
        ]
        if own_labels and self._of_other_labels(versions) and not (able and genres and model is None):
            raise ModelError(_OTHER_LABELS)
        if model is not None or not able:
            raise ModelError(self._refusal(versions))
        self.readers = [GenreVoteExtractor(tagger, self.genres) for tagger in able]
        names = ", ".join(tagger.name for tagger in able)
        self.notify(f"model: {self._stranger(versions)}; {names} votes on the genres' names, untrained")
        if voters:
            self.notify(f"voters: {', '.join(voters)} cannot vote: they are the model's, which is not asked")

    @property
    def wants_embeddings(self) -> bool:
        """Whether some voter reads covers' embeddings."""
        return not self.readers and any(voter.view == EMBEDDING for voter in self.ensemble.voters)

    @property
    def measures(self) -> dict[str, str]:
        """What voters read that no tagger gives, such as colours, with the version in training."""
        read = {voter.tagger for voter in self.ensemble.voters}
        return {} if self.readers else {k: v for k, v in self.ensemble.feature_versions.items() if k in read}

    def predict(
        self, bags: Sequence[TagBag], seen: TaggedCovers | None = None, *, explain: bool = False
    ) -> Prediction:
        """The votes on one artist.

        Args:
            bags: One bag a tagger; voters on one that is missing abstain.
            seen: Has the votes on each cover by the name of each of `readers`, and the embeddings where
                `wants_embeddings`; left out, voters on embeddings abstain.
            explain: Also find the tags for and against the winner.

        Raises:
            ModelError: All taggers that have a voter are missing.
        """
        if self.readers:
            return self._untrained(bags, {} if seen is None else seen.tags)
        self._point_out(bags[0].artist.genre)
        there = [bag for bag in bags if not bag.missing]
        weights = {bag.tagger: bag.weights() for bag in there}
        covers = {bag.tagger: bag.cover_weights() for bag in there if bag.each}
        embeddings = {} if seen is None else seen.embeddings
        try:
            result = self.ensemble.vote(weights, covers, embeddings)
        except NoVotersError as error:
            raise ModelError(_no_voters_message(bags, str(error))) from error
        if not result.known:
            self.notify("model: it knows none of these tags, so its shares are even and say nothing")
        shares = self._among(result.shares)
        winner = next(iter(shares))
        why = self.ensemble.explain(weights, winner, REASONS, covers, embeddings) if explain else None
        return Prediction(
            artist=bags[0].artist,
            votes=shares,
            voters=tuple(self._votes(result, why)),
            bags=tuple(bags),
            reasons=_reasons(why.overall) if why else (),
            confidence=self._confidence(result),
        )

    def _confidence(self, result: Result) -> Confidence | None:
        """As the model's evaluation measured it; None where taggers or genres are others than there."""
        return Confidence(*result.confidence) if result.confidence and self._as_evaluated else None

    def _point_out(self, genre: str | None) -> None:
        """Say once of each genre, where the catalogue knows it, that the model cannot name it."""
        if genre and genre not in self.ensemble.genres and genre not in self._strangers:
            self._strangers.add(genre)
            self.notify(
                f"model: {genre}, as the catalogue has it, is none of its genres, so it cannot be named"
            )

    def _votes(self, result: Result, why: Explanation | None) -> list[Vote]:
        return [
            Vote(
                *vote.voter,
                votes=self._among(vote.probabilities),
                weight=vote.weight,
                reasons=_reasons(why.voters[vote.voter]) if why else (),
            )
            for vote in result.votes
        ]

    def _untrained(self, bags: Sequence[TagBag], seen: Mapping[str, Sequence[Sequence[Tag]]]) -> Prediction:
        """The plain mean of what each zero-shot tagger that is not missing says of all covers."""
        shares, voters = pool(self.readers, seen)
        if not voters:
            names = ", ".join(reader.tagger.name for reader in self.readers)
            raise ModelError(_no_voters_message(bags, f"only {names} can vote on the genres' names"))
        return Prediction(bags[0].artist, _ranked(shares), voters, tuple(bags))

    def _among(self, shares: Mapping[str, float]) -> dict[str, float]:
        """The shares of the genres asked for, summing to 1, largest first."""
        chosen = {genre: shares[genre] for genre in self.genres}
        total = sum(chosen.values())
        if not total:
            return dict.fromkeys(self.genres, 1 / len(self.genres))
        return _ranked({genre: share / total for genre, share in chosen.items()})

    def _reads(self, versions: Mapping[str, str]) -> bool:
        return bool(versions.keys() & self.ensemble.taggers) and set(self.genres) <= set(self.ensemble.genres)

    def _stranger(self, versions: Mapping[str, str]) -> str:
        """Why the model cannot vote."""
        asked = ", ".join(sorted(set(self.genres) - set(self.ensemble.genres)))
        if not versions.keys() & self.ensemble.taggers:
            return f"it was trained with {', '.join(self.ensemble.taggers)}, not with {', '.join(versions)}"
        known = ", ".join(self.ensemble.genres)
        return f"it knows the genres {known}, not {asked}" if asked else "it was trained on other labels"

    def _of_other_labels(self, versions: Mapping[str, str]) -> bool:
        """Whether one of its taggers is here, but none that looks for what it was trained on."""
        trained = self.ensemble.taggers
        known = versions.keys() & trained.keys()
        return bool(known) and not any(versions[name] == trained[name] for name in known)

    def _compare(self, versions: Mapping[str, str]) -> None:
        for name, version in versions.items():
            trained = self.ensemble.taggers.get(name)
            if trained is None:
                self.notify(f"model: it was not trained with {name}, whose tags do not vote")
            elif trained != version:
                self.notify(f"model: it was trained with another version of {name}; better train it anew")
        if absent := [name for name in self.ensemble.taggers if name not in versions]:
            self.notify(f"model: its voters on {' and '.join(absent)} abstain, for no such tagger looks")

    def _refusal(self, versions: Mapping[str, str]) -> str:
        why = self._stranger(versions)
        if versions.keys() & self.ensemble.taggers:
            return (
                f"the model cannot vote: {why}; "
                "leave --genres out, or train a model on them with 'spotitags train'"
            )
        if any(set(name.split(JOINT)) == versions.keys() for name in self.ensemble.taggers):
            return f"the model cannot vote: {why}; it reads their bags merged into one: add --merge"
        return f"the model cannot vote: {why}; take another --tagger, or train one with 'spotitags train'"


def _no_voters_message(bags: Sequence[TagBag], why: str) -> str:
    """Why nobody votes, with the taggers that are missing."""
    return "; ".join([why, *(f"{bag.tagger} is missing: {bag.missing}" for bag in bags if bag.missing)])


def _reasons(pulls: Sequence[Pull]) -> tuple[Reason, ...]:
    return tuple(Reason(pull.label, pull.pull, pull.tagger) for pull in pulls)


def _spelled(genres: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The genres asked for, each once, as the model spells those that it knows."""
    spelling = {genre.casefold(): genre for genre in known}
    return tuple(dict.fromkeys(spelling.get(genre.casefold(), genre) for genre in genres))


def _ranked(shares: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(shares.items(), key=lambda share: -share[1]))


def pool(
    readers: Sequence[GenreVoteExtractor], seen: Mapping[str, Sequence[Sequence[Tag]]]
) -> tuple[dict[str, float], tuple[Vote, ...]]:
    """The plain mean of what each reader says of all covers, and each one's vote; nothing where none saw any.

    Args:
        readers: Of the same genres.
        seen: By the reader's name its votes on each cover; a reader that is not there abstains.
    """
    from spotitags.taggers.zero_shot import pool_votes

    there = [reader for reader in readers if reader.name in seen]
    if not there:
        return {}, ()
    pooled = [pool_votes([dict(cover) for cover in seen[reader.name]]) for reader in there]
    weight = 1 / len(there)
    voters = tuple(
        Vote(reader.tagger.name, ZERO_SHOT, "text tower", votes, weight, trained=False)
        for reader, votes in zip(there, pooled, strict=True)
    )
    return {genre: sum(votes[genre] for votes in pooled) * weight for genre in there[0].genres}, voters
