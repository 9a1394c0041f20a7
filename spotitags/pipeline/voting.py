"""Votes on genres: by the trained ensemble, or by zero-shot taggers if no model fits."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.ensemble.ensemble import Ensemble
from classifiers.errors import ModelFileError, NoVotersError, UnknownVoterError
from classifiers.image import EMBEDDING, PIXEL_FEATURES
from classifiers.text.views import sum_tags
from spotitags.catalogs.text_columns import TextColumns
from spotitags.errors import InputError, ModelError
from spotitags.io.genre_names import find_genre, with_aliases
from spotitags.pipeline.carried_voting import CarriedVoting
from spotitags.pipeline.cover_sizes import lower_confidence
from spotitags.pipeline.genre_choice import among_genres, check_spelling, choose_genres, unknown_genres
from spotitags.pipeline.vote_records import (
    no_voters_message,
    reasons,
    report_differences,
    voter_records,
    votes_of_kinds,
)
from spotitags.pipeline.word_sources import ModelWords
from spotitags.pipeline.zero_shot_voting import check_zero_shot_request, pool_zero_shot, zero_shot_taggers
from spotitags.records import JOINT, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from classifiers.ensemble.results import Confidence
    from spotitags.io.cache import Cache
    from spotitags.records import Artist, Tag, TagBag, TaggedCovers
    from spotitags.taggers.base import Extractor, Tagger
    from spotitags.taggers.features.genre_votes import GenreVoteExtractor

_OTHER_LABELS = (
    "the model was trained on other labels than these: train one on them with 'spotitags train --words', "
    "leave --words out, or name genres with --genres, which need no training"
)
REASONS = 10  # tags named for and against a winner, together


def bundled_model() -> Path:
    """Return the file of the bundled model, for ``lite`` and the genres of the bundled library."""
    return Path(str(files("classifiers").joinpath("models", "lite.onnx")))


class Voting:
    """Voters on the bags of some taggers.

    The trained ensemble votes if it was trained with one of the taggers and on all of the genres. If it only
    lacks the taggers, a vote is carried over to their words. Else, or by choice, each zero-shot tagger votes.

    Args:
        model: Trained ensemble; None for the bundled model.
        versions: Version of each tagger of the run.
        taggers: The taggers; empty if there are no covers to tag.
        genres: Genres to choose from, in any spelling; empty for those of the model.
        zero_shot: True lets the zero-shot taggers vote even if the model fits.
        titles: False lets no voter on titles of albums vote.
        texts: Text columns of the user's tables; None without any.
        custom_labels: True if the taggers use custom labels, which a model of other labels does not fit.
        voters: Optional voters of the model that also vote.
        cache: Opens the cache of tags, for votes on words that the model does not know.
        notify: Called with each line on how to read the votes.

    Raises:
        InputError: There is only one genre, or one is probably mistyped; the model lacks a voter; or
            ``zero_shot`` is requested of taggers that cannot vote, or together with voters of the model.
        ModelError: The model cannot be read, or no voter fits these taggers and genres.
    """

    def __init__(  # noqa: PLR0913 — all that decides on the voters
        self,
        model: Path | None,
        versions: Mapping[str, str],
        *,
        taggers: Sequence[Tagger] = (),
        genres: Sequence[str] = (),
        zero_shot: bool = False,
        titles: bool = True,
        texts: TextColumns | None = None,
        custom_labels: bool = False,
        voters: Sequence[str] = (),
        cache: Callable[[], Cache] | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.carried: CarriedVoting | None = None
        self.notify = notify or (lambda _line: None)
        try:
            self.ensemble = Ensemble.load(model or bundled_model(), voters)
        except UnknownVoterError as error:
            raise InputError(str(error)) from error
        except ModelFileError as error:
            raise ModelError(str(error)) from error
        known = self.ensemble.genres
        self.genres = choose_genres(genres, known, self.notify) if genres else known
        self._unknown_genres: set[str] = set()
        self.words = ModelWords(self.ensemble, titles=titles, texts=texts or TextColumns([]))
        trained = self.ensemble.taggers
        self._same_taggers = all(trained[name] == versions[name] for name in trained.keys() & versions)
        self._as_evaluated = self._same_taggers and set(self.genres) == set(self.ensemble.genres)
        self.zero_shot: list[GenreVoteExtractor] = []
        if zero_shot:
            able = zero_shot_taggers(taggers)
            check_zero_shot_request(able, list(versions), voters)
            self._use_zero_shot(able, "zero-shot: ")
            return
        if genres:
            check_spelling(self.genres, known)
        other_labels = custom_labels and self._has_other_labels(versions)
        if self._fits(versions) and not other_labels:
            report_differences(self.ensemble.taggers, versions, self.notify)
            self.words.report(self.notify)
            return
        able = zero_shot_taggers(taggers)
        if other_labels and not (able and genres and model is None):
            raise ModelError(_OTHER_LABELS)
        if model is None and not other_labels and set(self.genres) <= set(known):
            self.carried = CarriedVoting(versions, self.genres, cache, self.notify)
        elif model is not None or not able:
            raise ModelError(self._refusal(versions, can_zero_shot=bool(able)))
        else:
            self._use_zero_shot(able, f"model: {self._mismatch(versions)}; ")
        if voters:
            self.notify(
                f"voters: {', '.join(voters)} cannot vote: they belong to the model, which does not fit"
            )

    def _use_zero_shot(self, taggers: Sequence[Tagger], reason: str) -> None:
        from spotitags.taggers.features.genre_votes import GenreVoteExtractor

        self.zero_shot = [GenreVoteExtractor(tagger, self.genres) for tagger in taggers]
        names = ", ".join(tagger.name for tagger in taggers)
        self.notify(f"{reason}{names} votes on the genres' names, untrained")

    @property
    def needs_embeddings(self) -> bool:
        """True if some voter uses the embeddings of covers."""
        trained = not (self.zero_shot or self.carried)
        return trained and any(voter.view == EMBEDDING for voter in self.ensemble.voters)

    def extractors(self, *, device: str | None, offline: bool, has_covers: bool) -> list[Extractor]:
        """Build the extractors that voters need besides taggers and their embeddings.

        Args:
            device: Device of networks; None for ``cpu``.
            offline: True forbids downloads.
            has_covers: False if there are no covers to extract from; voters on pixel features then abstain.
        """
        used = {voter.tagger for voter in self.ensemble.voters}
        trained = {name: version for name, version in self.ensemble.feature_versions.items() if name in used}
        if self.zero_shot or self.carried or not trained:
            return [*self.zero_shot]
        if not has_covers:
            self.notify(f"voters: those on {' and '.join(trained)} abstain: this catalogue holds no covers")
            return []
        from spotitags.taggers.features.registry import extractors_by_name

        if networks := [name for name in trained if name not in PIXEL_FEATURES]:
            self.notify(f"model: some voters read covers by {' and '.join(networks)}, networks of timm")
        extractors = extractors_by_name(trained, device=device, offline=offline)
        for extractor in extractors:
            if extractor.version != trained[extractor.feature]:
                self.notify(
                    f"model: it was trained with another version of {extractor.feature}; train it again"
                )
        return [*extractors]

    def predict(
        self,
        bags: Sequence[TagBag],
        covers: TaggedCovers | None = None,
        *,
        explain: bool = False,
        ref: str = "",
    ) -> Prediction:
        """Vote on one artist.

        Args:
            bags: One bag per tagger; voters on a missing tagger abstain.
            covers: Votes on each cover by the names of `zero_shot`, and features if `needs_embeddings`;
                without them, voters on features abstain.
            explain: True also finds the tags for and against the winner.
            ref: The artist as the user's table names it.

        Raises:
            ModelError: All taggers that have a voter are missing.
        """
        if self.carried:
            return self.carried.predict(bags, explain=explain)
        if self.zero_shot:
            return self._zero_shot_prediction(bags, {} if covers is None else covers.tags)
        present = [bag for bag in bags if not bag.missing]
        weights = {bag.tagger: bag.weights() for bag in present}
        cover_weights = {bag.tagger: bag.cover_weights() for bag in present if bag.each}
        if present:
            words = self.words.of(ref or present[0].artist.id, present[0].albums)
            cover_weights |= words
            weights |= {
                source: sum_tags(each.items() for each in of_albums) for source, of_albums in words.items()
            }
        features = {} if covers is None else covers.features
        try:
            result = self.ensemble.vote(weights, cover_weights, features)
        except NoVotersError as error:
            raise ModelError(no_voters_message(bags, str(error))) from error
        except ModelFileError as error:
            raise ModelError(str(error)) from error
        self.report(bags[0].artist, known=result.known)
        shares = among_genres(result.shares, self.genres)
        why = None
        if explain:
            winner, runner_up, *_ = shares
            try:
                why = self.ensemble.explain(weights, (winner, runner_up), REASONS, cover_weights, features)
            except ModelFileError as error:
                raise ModelError(str(error)) from error
        return Prediction(
            artist=bags[0].artist,
            votes=shares,
            voters=voter_records(result.votes, self.genres, why),
            bags=tuple(bags),
            reasons=reasons(why.overall) if why else (),
            evidence=why.evidence if why else None,
            confidence=self.confidence_of(result.confidence, present),
            none=self.none_of(result.none, result.shares),
            kinds=votes_of_kinds(result.kinds, self.genres),
            trained_on=None if covers is None else self.ensemble.trained_on(covers.digests),
        )

    def none_of(self, none: float | None, shares: Mapping[str, float]) -> float | None:
        """Return the probability of none of the requested genres: of none at all, or of one left out."""
        if none is None or not self._same_taggers:
            return None
        return 1 - (1 - none) * sum(shares[genre] for genre in self.genres)

    def confidence_of(self, confidence: Confidence | None, bags: Sequence[TagBag]) -> Confidence | None:
        """Return the confidence in the winner, lowered for small covers; None where it was not measured."""
        if confidence is None or not self._as_evaluated:
            return None
        return lower_confidence(confidence, bags[0].sides) if bags[0].small_sides() else confidence

    def report(self, artist: Artist, *, known: bool) -> None:
        """Report that no tag is known, and once that the model cannot predict a genre of the catalogue."""
        if not known:
            self.notify("model: it knows none of these tags, so its shares are equal and mean nothing")
        genre = artist.genre
        if not genre or genre in self.ensemble.genres or genre in self._unknown_genres:
            return
        if find_genre(genre, self.ensemble.genres) is None:
            self._unknown_genres.add(genre)
            self.notify(f"model: it was not trained on the catalogue's genre {genre}, and cannot predict it")

    def _zero_shot_prediction(
        self, bags: Sequence[TagBag], tags: Mapping[str, Sequence[Sequence[Tag]]]
    ) -> Prediction:
        """Return the mean vote of the zero-shot taggers that tagged all covers."""
        shares, voters = pool_zero_shot(self.zero_shot, tags)
        if not voters:
            names = ", ".join(extractor.tagger.name for extractor in self.zero_shot)
            raise ModelError(no_voters_message(bags, f"only {names} can vote on the genres' names"))
        return Prediction(bags[0].artist, among_genres(shares, self.genres), voters, tuple(bags))

    def _fits(self, versions: Mapping[str, str]) -> bool:
        """Return whether the model was trained with one of the taggers, and on all of the genres."""
        return bool(versions.keys() & self.ensemble.taggers) and set(self.genres) <= set(self.ensemble.genres)

    def _mismatch(self, versions: Mapping[str, str]) -> str:
        """Return the reason why the model does not fit."""
        if unknown := unknown_genres(self.genres, self.ensemble.genres):
            return f"it knows the genres {with_aliases(self.ensemble.genres)}, not {unknown}"
        if not versions.keys() & self.ensemble.taggers:
            return f"it was trained with {', '.join(self.ensemble.taggers)}, not with {', '.join(versions)}"
        return "it was trained on other labels"

    def _has_other_labels(self, versions: Mapping[str, str]) -> bool:
        """Return whether the model knows a tagger of the run, but none with the labels of its training."""
        trained = self.ensemble.taggers
        known = versions.keys() & trained.keys()
        return bool(known) and not any(versions[name] == trained[name] for name in known)

    def _refusal(self, versions: Mapping[str, str], *, can_zero_shot: bool) -> str:
        reason = self._mismatch(versions)
        if versions.keys() & self.ensemble.taggers or not set(self.genres) <= set(self.ensemble.genres):
            by_name = ", or add --zero-shot for untrained votes on their names" if can_zero_shot else ""
            train = f"leave --genres out, or train a model on them with 'spotitags train'{by_name}"
            return f"the model cannot vote: {reason}; {train}"
        if any(set(name.split(JOINT)) == versions.keys() for name in self.ensemble.taggers):
            return f"the model cannot vote: {reason}; it uses their merged bags: add --merge"
        return f"the model cannot vote: {reason}; use another --tagger, or train one with 'spotitags train'"
