"""Votes on each cover by itself, beside its tags and embedding."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from spotitags.errors import ModelError, SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import TaggedCovers


class CoverVotes(NamedTuple):
    """Votes on one cover.

    Attributes:
        votes: Share of each genre, largest first, summing to 1; empty if the model could not vote.
        none: Probability that none of the genres fits; None if it is unknown.
    """

    votes: Mapping[str, float]
    none: float | None = None


def covers_with_votes(
    spotitags: SpotiTags, artists: Iterable[str]
) -> Iterator[tuple[str, tuple[TaggedCovers, list[CoverVotes]] | SpotiTagsError]]:
    """Yield for each artist in turn its tagged covers with votes on each, or the error that prevents them.

    Each cover is voted on as if it were the artist's only one.

    Args:
        spotitags: Instance that finds the artists' covers.
        artists: References to artists.
    """
    own = spotitags._predictor  # noqa: SLF001 - of this package
    voting, extractors = own._voting, own._vote_extractors  # noqa: SLF001
    for ref, covers in chain.from_iterable(own._batches(artists, extractors, embeddings=True)):  # noqa: SLF001
        if isinstance(covers, SpotiTagsError):
            yield ref, covers
            continue
        votes = []
        for number in range(len(covers.albums)):
            one = covers.subset([number])
            try:
                found = voting.predict(own._bags(one), one)  # noqa: SLF001
                votes.append(CoverVotes(found.votes, found.none))
            except ModelError:  # no tagger could read this cover
                votes.append(CoverVotes({}))
        yield ref, (covers, votes)
