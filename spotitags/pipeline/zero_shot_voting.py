"""Votes on genres by their names alone, untrained, by taggers that can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.errors import InputError
from spotitags.records import Vote
from spotitags.taggers.base import HasCost, ZeroShot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotitags.records import Tag
    from spotitags.taggers.base import Tagger
    from spotitags.taggers.features.genre_votes import GenreVoteExtractor

VIEW = "zero-shot"


def zero_shot_taggers(taggers: Sequence[Tagger]) -> list[Tagger]:
    """Return the taggers that can vote on names of genres without cost."""
    return [each for each in taggers if isinstance(each, ZeroShot) and not isinstance(each, HasCost)]


def check_zero_shot_request(able: Sequence[Tagger], names: Sequence[str], voters: Sequence[str]) -> None:
    """Check that untrained votes, requested by choice, are possible.

    Args:
        able: Taggers of the run that can vote on names of genres.
        names: Names of all taggers of the run.
        voters: Requested voters of the model.

    Raises:
        InputError: No tagger can vote on names of genres, or a voter of the model is requested, too.
    """
    if voters:
        raise InputError(
            f"with --zero-shot the model does not vote, nor do its voters {', '.join(voters)}: "
            "leave --voter or --zero-shot out"
        )
    if not able:
        raise InputError(
            f"--zero-shot needs a tagger that can vote on genres by name, and {', '.join(names)} cannot: "
            "use --tagger lite or --tagger clip"
        )


def pool_zero_shot(
    extractors: Sequence[GenreVoteExtractor], tags: Mapping[str, Sequence[Sequence[Tag]]]
) -> tuple[dict[str, float], tuple[Vote, ...]]:
    """Return the mean of the zero-shot votes, and each tagger's vote; both empty if no tagger votes.

    Args:
        extractors: Extractors of votes on the same genres.
        tags: Votes on each cover by the name of an extractor; a missing extractor abstains.
    """
    from spotitags.taggers.zero_shot import pool_votes

    present = [extractor for extractor in extractors if extractor.name in tags]
    if not present:
        return {}, ()
    pooled = [pool_votes([dict(cover) for cover in tags[extractor.name]]) for extractor in present]
    weight = 1 / len(present)
    voters = tuple(
        Vote(extractor.tagger.name, VIEW, "text tower", votes, weight, trained=False)
        for extractor, votes in zip(present, pooled, strict=True)
    )
    return {genre: sum(votes[genre] for votes in pooled) * weight for genre in present[0].genres}, voters
