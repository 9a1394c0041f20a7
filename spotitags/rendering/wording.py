"""Sentences on results, the same on a terminal and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.ensemble.confidence import MOST_NONE
from spotitags.bags.bag import largest_bag
from spotitags.io.text import plain
from spotitags.records import SMALL_SIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Prediction, TagBag


def cover_count(bags: Sequence[TagBag]) -> str:
    """Return the number of covers of an artist, and of copies that were left out."""
    covers, copies = largest_bag(bags).covers, bags[0].copies
    left_out = f" ({copies} cop{'y' if copies == 1 else 'ies'} left out)" if copies else ""
    return f"{_covers(covers)}{left_out}"


def small_covers(bags: Sequence[TagBag]) -> str:
    """Return a warning of small covers; empty if there are none."""
    largest = largest_bag(bags)
    if not (small := largest.small_sides()):
        return ""
    number = f"{len(small)} of {_covers(largest.covers)}"
    return f"{number} under {SMALL_SIDE} px (smallest {min(small)}): tags and votes are less reliable"


def _covers(number: int) -> str:
    return f"{number} cover{'' if number == 1 else 's'}"


def agreement(prediction: Prediction) -> str:
    """Return how many voters agree with the leading genre."""
    voters, genre = prediction.voters, plain(prediction.leading)
    untrained = "" if any(voter.trained for voter in voters) else "; untrained, by the genres' names alone"
    if len(voters) == 1:
        return f"one voter says {genre}{untrained}"
    agreeing = sum(voter.genre == prediction.leading for voter in voters)
    return f"{agreeing} of {len(voters)} voters say {genre}{untrained}"


def reliability(prediction: Prediction) -> tuple[str, bool]:
    """Return how reliable a prediction is, in words, and whether it is sure; no words if it is unknown."""
    confidence, none = prediction.confidence, prediction.none
    if prediction.genre is None:
        return "none of these genres fits; the shares only compare them", False
    if confidence is None:
        return "", False
    right = f"were right {_times(confidence.right)} (of {confidence.artists} held-out artists)"
    if confidence.sure:
        return f"votes this sure {right}", True
    if none is not None and none >= MOST_NONE:
        return f"not sure that one of these fits; where one did, such votes {right}", False
    return f"not sure: votes this unsure {right}", False


def _times(rate: float) -> str:
    """Return a rate in words, no more exact than a few artists allow."""
    tenths = round(rate * 10)
    if tenths in {0, 10}:
        return "less than once in 10" if tenths == 0 else "more than 9 times in 10"
    return "once in 10" if tenths == 1 else f"{tenths} times in 10"
