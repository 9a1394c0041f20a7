"""Votes on the covers of one artist, as they are or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from spotitags.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from classifiers.ensemble.ensemble import Ensemble
    from spotitags.pipeline.voting import Voting
    from spotitags.records import Prediction, TagBag, TaggedCovers


class ArtistVoting(NamedTuple):
    """Covers of one artist, and the voters on them.

    Attributes:
        covers: Tags and features of the covers.
        voting: The voters.
        bags: Sums covers to a bag for each tagger.
    """

    covers: TaggedCovers
    voting: Voting
    bags: Callable[[TaggedCovers], list[TagBag]]

    @property
    def ensemble(self) -> Ensemble:
        """The model."""
        return self.voting.ensemble

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
        return self.voting.predict(self.bags(voted), voted, explain=explain)
