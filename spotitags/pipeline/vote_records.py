"""Parts of predictions as records, and messages on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.ensemble.results import KindVote
from spotitags.records import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from classifiers.ensemble.results import Pull, Result
    from spotitags.records import TagBag


def no_voters_message(bags: Sequence[TagBag], reason: str) -> str:
    """Return the reason why no voter votes, with the missing taggers."""
    return "; ".join([reason, *(f"{bag.tagger} is missing: {bag.missing}" for bag in bags if bag.missing)])


def reasons(pulls: Sequence[Pull]) -> tuple[Reason, ...]:
    """Return effects of tags as records."""
    return tuple(Reason(pull.label, pull.pull, pull.tagger, pull.log_odds) for pull in pulls)


def ranked(shares: Mapping[str, float]) -> dict[str, float]:
    """Return shares with the largest first."""
    return dict(sorted(shares.items(), key=lambda share: -share[1]))


def votes_of_kinds(
    result: Result, among: Callable[[Mapping[str, float]], Mapping[str, float]]
) -> tuple[KindVote, ...]:
    """Return the votes by kind of voter, with the shares that ``among`` makes of them."""
    return tuple(KindVote(vote.kind, vote.weight, among(vote.probabilities)) for vote in result.kinds)
