"""Votes on the covers of one artist, as they are or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from spotitags.errors import ModelError, SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from classifiers.ensemble.ensemble import Ensemble
    from spotitags.pipeline.voting import Voting
    from spotitags.records import Prediction, TagBag, TaggedCovers
    from spotitags.taggers.base import Tagger

    Batch = Sequence[tuple[str, TaggedCovers | SpotiTagsError]]


class Instance(Protocol):
    """The part of `spotitags.pipeline.spotitags.SpotiTags` that votes on changed covers need."""

    @property
    def _taggers(self) -> list[Tagger]: ...

    def _bags(self, covers: TaggedCovers) -> list[TagBag]: ...

    def tagger_versions(self) -> dict[str, str]:
        """Return the version of each tagger."""
        ...


class ArtistVoting(NamedTuple):
    """Covers of one artist, and the voters on them.

    Attributes:
        covers: Tags and features of the covers.
        voting: The voters.
        spotitags: The instance that tagged the covers.
        ref: The artist as it was requested.
    """

    covers: TaggedCovers
    voting: Voting
    spotitags: Instance
    ref: str = ""

    @property
    def ensemble(self) -> Ensemble:
        """The model."""
        return self.voting.ensemble

    @property
    def taggers(self) -> Sequence[Tagger]:
        """The taggers that tag such covers."""
        return self.spotitags._taggers  # noqa: SLF001 - it hands itself over

    def result(self, *, explain: bool = False) -> Prediction | ModelError:
        """Return the prediction, or the error that prevents it."""
        try:
            return self.predict(explain=explain)
        except ModelError as error:
            return error

    def predict(self, covers: TaggedCovers | None = None, *, explain: bool = False) -> Prediction:
        """Vote on the covers, or on changed ones.

        Args:
            covers: Some of the covers, or with other tags; None for all as they are.
            explain: True also finds the tags for and against the winner.

        Raises:
            ModelError: All taggers that have a voter are missing.
        """
        voted = self.covers if covers is None else covers
        bags = self.spotitags._bags(voted)  # noqa: SLF001
        return self.voting.predict(bags, voted, explain=explain, ref=self.ref)


def votings_of(
    batches: Iterable[Batch], voting: Voting, spotitags: Instance
) -> Iterator[tuple[str, ArtistVoting | SpotiTagsError]]:
    """Yield for each artist of each batch its covers with the voters, or its error."""
    for batch in batches:
        for ref, found in batch:
            if isinstance(found, SpotiTagsError):
                yield ref, found
            else:
                yield ref, ArtistVoting(found, voting, spotitags, ref)
