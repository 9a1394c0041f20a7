"""Sentences on results, the same on a terminal and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from classifiers.ensemble.blends import source_name
from spotitags.bags.bag import largest_bag
from spotitags.io.text import plain
from spotitags.records import SMALL_SIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Prediction, TagBag

NONE: Final = "none of these"
"""The answer that none of the genres fits."""

KIND_NAMES = {
    "picture": "pictures",
    "tags": "tags",
    "words": "words on covers",
    "titles": "titles of albums",
}
_LEAST_PART = 0.01  # that a whole number of percent shows


def kind_name(kind: str) -> str:
    """Return the name of a kind of voters, or of a source of words, for readers.

    >>> kind_name("picture"), kind_name("column:lyrics")
    ('pictures', 'lyrics')
    """
    return plain(KIND_NAMES.get(kind) or source_name(kind))


def ranked(prediction: Prediction) -> list[tuple[str | None, float]]:
    """Return genres and shares, largest first; None for none of these, first if that is the answer."""
    shares: list[tuple[str | None, float]] = list(prediction.votes.items())
    if prediction.none is None:
        return shares
    none: list[tuple[str | None, float]] = [(None, prediction.none)]
    return none + shares if prediction.genre is None else shares + none


def trained_on(prediction: Prediction) -> str:
    """Return a warning that the model was trained on covers of the artist; empty if it was on none."""
    if not prediction.trained_on:
        return ""
    covers = largest_bag(prediction.bags).covers
    part = f"{prediction.trained_on} of these {covers} covers"
    if prediction.trained_on == covers:
        part = "this cover" if covers == 1 else "these covers"
    return f"the model was trained on {part}: on others it is less often right"


def cover_count(bags: Sequence[TagBag]) -> str:
    """Return the number of covers of an artist, and of copies that were left out."""
    covers, copies = largest_bag(bags).covers, bags[0].copies
    left_out = f" ({copies} cop{'y' if copies == 1 else 'ies'} left out)" if copies else ""
    return f"{number_of_covers(covers)}{left_out}"


def small_covers(bags: Sequence[TagBag]) -> str:
    """Return a warning of small covers; empty if there are none."""
    largest = largest_bag(bags)
    if not (small := largest.small_sides()):
        return ""
    number = f"{len(small)} of {number_of_covers(largest.covers)}"
    return f"{number} under {SMALL_SIDE} px (smallest {min(small)}): tags and votes are less reliable"


def number_of_covers(number: int) -> str:
    """Return a number of covers in words."""
    return f"{number} cover{'' if number == 1 else 's'}"


def agreement(prediction: Prediction) -> str:
    """Return which kinds of voters name which genre, or, of one kind, the weight of those that agree."""
    if len(prediction.kinds) > 1:
        return _agreement_of_kinds(prediction)
    voters, genre = prediction.voters, plain(prediction.leading)
    untrained = "" if any(voter.trained for voter in voters) else "; untrained, by the genres' names alone"
    agreeing = [voter.weight for voter in voters if voter.genre == prediction.leading]
    if len(voters) == 1:
        who = "one voter says"
    elif len(agreeing) == len(voters):
        who = f"all {len(voters)} voters say"
    elif not agreeing:
        who = "no voter alone says"
    else:
        who = f"voters with {percent(sum(agreeing))} of the weight say"
    basis = next((f"; {voter.basis}" for voter in voters if voter.basis), "")
    return f"{who} {genre}{untrained}{basis}"


def _agreement_of_kinds(prediction: Prediction) -> str:
    """Return the kinds of voters behind each genre, those of the leading one first."""
    winners = {
        vote.kind: max(vote.probabilities, key=vote.probabilities.__getitem__) for vote in prediction.kinds
    }
    groups: dict[str, list[str]] = {prediction.leading: []}
    for kind, genre in winners.items():
        groups.setdefault(genre, []).append(kind_name(kind))
    named = [f"{_listed(kinds)} say {plain(genre)}" for genre, kinds in groups.items() if kinds]
    alone = [] if groups[prediction.leading] else [f"together they say {plain(prediction.leading)}"]
    return "; ".join([*named, *alone])


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def percent(part: float) -> str:
    """Return a part in (0, 1), never rounded to none or all.

    >>> percent(0.974), percent(0.9999), percent(0.0001)
    ('97%', 'more than 99%', 'less than 1%')
    """
    if part > 1 - _LEAST_PART:
        return f"more than {1 - _LEAST_PART:.0%}"
    return f"less than {_LEAST_PART:.0%}" if part < _LEAST_PART else f"{part:.0%}"


def reliability(prediction: Prediction) -> tuple[str, bool]:
    """Return how reliable a prediction is, in words, and whether it is sure; no words if it is unknown."""
    confidence = prediction.confidence
    if prediction.genre is None:
        return "none of these genres fits; the shares only compare them", False
    if confidence is None:
        return "", False
    right = f"were right {_times(confidence.right)} (of {confidence.artists} held-out artists)"
    if confidence.sure:
        return f"votes this sure {right}", True
    if not confidence.fits:
        return f"not sure that one of these fits; where one did, such votes {right}", False
    return f"not sure: votes this unsure {right}", False


def _times(rate: float) -> str:
    """Return a rate in words, no more exact than a few artists allow."""
    tenths = round(rate * 10)
    if tenths in {0, 10}:
        return "less than once in 10" if tenths == 0 else "more than 9 times in 10"
    return "once in 10" if tenths == 1 else f"{tenths} times in 10"
