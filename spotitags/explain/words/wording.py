"""Wording of telling words, shared by terminal and page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from spotitags.evaluation.report.wording import count

if TYPE_CHECKING:
    from spotitags.explain.words.effects import GenreWords, Word


def times(effect: float) -> str:
    """Return how many times the odds are, for a log-odds ratio.

    >>> times(0.788), times(-0.7), times(2.9)
    ('2.2x', '0.50x', '18x')
    """
    ratio = math.exp(effect)
    digits = 0 if ratio >= 10 else 1 if ratio >= 1 else 2  # noqa: PLR2004
    return f"{ratio:.{digits}f}x"


def interval(word: Word) -> str:
    """Return the 95% interval of a word's odds, such as ``1.5 to 2.9x``."""
    return f"{times(word.low).removesuffix('x')} to {times(word.high)}"


def heading(found: GenreWords) -> str:
    """Return the genre, what it is compared with, and how much of both there is."""
    ours = f"{count(found.artists, 'artist')}, {count(found.covers, 'cover')}"
    theirs = f"{count(found.other_artists, 'artist')}, {count(found.other_covers, 'cover')}"
    return f"{ours}; against {', '.join(found.others)}: {theirs}"


ODDS = (
    "Odds: how many times higher the odds of the word are on the genre's covers than on the others', with a "
    "95% interval over artists."
)
SURE = (
    "* sure: if the genres are shuffled among the artists, at most one table in twenty has any such word. "
    "Some of the words without * are there by chance."
)
LEGEND = (ODDS, SURE)
"""Lines that say how to read a table."""
