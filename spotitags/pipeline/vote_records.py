"""Parts of predictions as records, and messages on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.ensemble.results import KindVote
from spotitags.pipeline.genre_choice import among_genres
from spotitags.records import Reason, Vote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from classifiers.ensemble.results import Explanation, Pull
    from classifiers.ensemble.results import Vote as VoterVote
    from spotitags.records import TagBag


def no_voters_message(bags: Sequence[TagBag], reason: str) -> str:
    """Return the reason why no voter votes, with the missing taggers."""
    return "; ".join([reason, *(f"{bag.tagger} is missing: {bag.missing}" for bag in bags if bag.missing)])


def reasons(pulls: Sequence[Pull]) -> tuple[Reason, ...]:
    """Return effects of tags as records."""
    return tuple(Reason(pull.label, pull.pull, pull.tagger, pull.log_odds) for pull in pulls)


def report_differences(
    trained: Mapping[str, str], versions: Mapping[str, str], notify: Callable[[str], None]
) -> None:
    """Report taggers that the model was not trained with, or with another version, or that do not run.

    Args:
        trained: Version of each tagger in training.
        versions: Version of each tagger of the run.
        notify: Called with each line.
    """
    for name, version in versions.items():
        if name not in trained:
            notify(f"model: it was not trained with {name}, whose tags do not vote")
        elif trained[name] != version:
            notify(f"model: it was trained with another version of {name}; train it again")
    if absent := [name for name in trained if name not in versions]:
        notify(f"model: voters on {' and '.join(absent)} abstain, since that tagger does not run")


def voter_records(
    votes: Sequence[VoterVote], genres: Sequence[str], why: Explanation | None = None
) -> tuple[Vote, ...]:
    """Return the votes of voters on the requested genres, with their reasons if they are explained."""
    return tuple(
        Vote(
            *vote.voter,
            votes=among_genres(vote.probabilities, genres),
            weight=vote.weight,
            reasons=reasons(why.voters[vote.voter]) if why else (),
        )
        for vote in votes
    )


def votes_of_kinds(kinds: Sequence[KindVote], genres: Sequence[str]) -> tuple[KindVote, ...]:
    """Return the votes by kind of voter on the requested genres."""
    return tuple(KindVote(vote.kind, vote.weight, among_genres(vote.probabilities, genres)) for vote in kinds)
