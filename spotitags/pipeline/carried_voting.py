"""Votes on the words of taggers that no model was trained on, carried over from other words."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.ensemble.carried import VIEW, match_ranks
from classifiers.ensemble.carried_files import load_carried
from classifiers.errors import ModelFileError
from spotitags.errors import ModelError
from spotitags.pipeline.genre_choice import among_genres
from spotitags.pipeline.phrase_vectors import phrase_vectors
from spotitags.pipeline.typical_covers import TypicalCovers, readable
from spotitags.pipeline.vote_records import reasons
from spotitags.records import Prediction, Vote
from spotitags.taggers.lite.sentence_encoder import installed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.io.cache import Cache
    from spotitags.records import TagBag

CLASSIFIER = "logistic_regression"
SAME_WORDS = frozenset({"clip"})
"""Taggers that look for the words of ``lite``."""
MIN_LABELS = 30
"""Minimum number of different labels of a tagger, below which no confidence is stated: votes on two dozen
attributes were right far less often than equally sure ones on two thousand words."""


def carried_model() -> Path:
    """Return the path of the bundled model of other words, without ending."""
    return Path(str(files("classifiers").joinpath("models", "carried")))


class CarriedVoting:
    """Votes on the words of the run's taggers, one of each.

    Args:
        versions: Version of each tagger of the run.
        genres: Genres to choose from, of the model's.
        cache: Opens the cache of tags, which has the typical covers of a tagger; None for no cache.
        notify: Called with a line that says how the vote comes about.

    Raises:
        ModelError: The model cannot be read.
    """

    def __init__(
        self,
        versions: Mapping[str, str],
        genres: Sequence[str],
        cache: Callable[[], Cache] | None,
        notify: Callable[[str], None],
    ) -> None:
        try:
            self.model = load_carried(carried_model())
        except ModelFileError as error:
            raise ModelError(str(error)) from error
        self.genres = tuple(genres)
        self._cache = cache
        self._labels: dict[str, set[str]] = {name: set() for name in versions}
        self._typical = {
            name: TypicalCovers(
                partial(self._vectors, name), self.model.words.dim, f"{name}:{version}:", cache
            )
            for name, version in versions.items()
        }
        notify(
            f"model: it was not trained with {' and '.join(versions)}; the vote is carried over from "
            f"{self.model.trained_on}; 'spotitags train' on your covers gives a better one"
        )

    def predict(self, bags: Sequence[TagBag], *, explain: bool = False) -> Prediction:
        """Vote on one artist: the mean of the taggers' votes, of which only a single one has a confidence.

        Args:
            bags: One bag per tagger.
            explain: True also finds the tags for and against the winner.

        Raises:
            ModelError: No tagger has a known word.
        """
        found = [vote for bag in bags if not bag.missing and (vote := self._vote(bag, explain=explain))]
        if not found:
            missing = "".join(f"; {bag.tagger} is missing: {bag.missing}" for bag in bags if bag.missing)
            raise ModelError(
                "the model cannot vote: none of these tags has an English word that it knows; train a model "
                f"on them with 'spotitags train', or use another --tagger{missing}"
            )
        if len(found) == 1:
            return replace(found[0], bags=tuple(bags))
        votes = {genre: sum(vote.votes[genre] for vote in found) / len(found) for genre in self.genres}
        return Prediction(
            artist=bags[0].artist,
            votes=dict(sorted(votes.items(), key=lambda share: -share[1])),
            voters=tuple(replace(voter, weight=1 / len(found)) for vote in found for voter in vote.voters),
            bags=tuple(bags),
        )

    def _vectors(
        self, tagger: str, covers: Sequence[Mapping[str, float]]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the vectors of covers; phrases have their own where the sentence encoder is installed."""
        words = self.model.words
        self._labels[tagger].update(label for tags in covers for label in tags)
        if installed() and (phrases := words.unknown_phrases(covers)):
            for phrase, vector in phrase_vectors(phrases, self._cache() if self._cache else None).items():
                words.add(phrase, words.project(vector))
        return words.covers(self._matched(tagger, covers))

    def _matched(self, tagger: str, covers: Sequence[Mapping[str, float]]) -> Sequence[Mapping[str, float]]:
        """Match the weights of a tagger that looks for ``lite``'s words to those of ``lite`` by rank."""
        return [match_ranks(tags, self.model.ranks) for tags in covers] if tagger in SAME_WORDS else covers

    def _vote(self, bag: TagBag, *, explain: bool) -> Prediction | None:
        """Return the vote on one bag; None if none of its labels is known."""
        tags = [readable(tags) for tags in bag.cover_weights()] or [readable(bag.weights())]
        digests = [album.digest or "" for album in bag.albums]
        self._vectors(bag.tagger, tags)  # learns phrases
        covers = self._matched(bag.tagger, tags)
        typical = self._typical[bag.tagger].without(digests)
        result = self.model.vote(covers, typical)
        if digests:
            self._typical[bag.tagger].add(digests, covers)
        if result is None:
            return None
        shares = among_genres(result.shares, self.genres)
        why = None
        if explain:
            winner, runner_up, *_ = shares
            why = self.model.explain(bag.tagger, covers, typical, (winner, runner_up))
        enough = len(self._labels[bag.tagger]) >= MIN_LABELS
        covers_known = f"{result.typical} other cover{'' if result.typical == 1 else 's'}"
        basis = (
            f"carried over from other words: {result.known:.0%} of {bag.tagger}'s words known, compared with "
            f"{covers_known}{'' if enough else '; too few different words to say how sure'}"
        )
        pulls = reasons(why.overall) if why else ()
        as_measured = enough and set(self.genres) == set(self.model.genres)
        return Prediction(
            artist=bag.artist,
            votes=shares,
            voters=(Vote(bag.tagger, VIEW, CLASSIFIER, shares, 1.0, reasons=pulls, basis=basis),),
            bags=(bag,),
            reasons=pulls,
            confidence=result.confidence if as_measured else None,
            evidence=why.evidence if why else None,
        )
