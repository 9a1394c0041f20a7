"""Labelled artists or covers of some genres alone; a genre that none of them has is pointed out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spotitags.records import Artist

MOST_NAMED = 12  # genres in a message: more is no help


def of_genres(
    artists: Sequence[Artist], genres: Sequence[str], where: Path | str, *, what: str = "artist"
) -> list[Artist]:
    """The artists of these genres, in their order.

    Args:
        artists: With genres.
        genres: Keep these alone; empty keeps all.
        where: The artists come from, such as a file.
        what: One of the "artists" is, such as ``cover``.

    Raises:
        InputError: Nobody has one of the genres.

    >>> from spotitags.records import Artist
    >>> of_genres([Artist("1", genre="jazz"), Artist("2", genre="pop")], ["jaz"], "labels.csv")
    Traceback (most recent call last):
    spotitags.errors.InputError: labels.csv has no artist of the genre 'jaz' (did you mean 'jazz'?); \
it has jazz (1), pop (1): name one of these, or leave --genres out
    """
    there = Counter(str(artist.genre) for artist in artists)
    if unknown := [genre for genre in dict.fromkeys(genres) if genre not in there]:
        raise InputError(
            f"{where} has no {what} of the genre{'' if len(unknown) == 1 else 's'} "
            f"{', '.join(_with_nearest(genre, list(there)) for genre in unknown)}; it has {_listed(there)}: "
            "name one of these, or leave --genres out"
        )
    return [artist for artist in artists if not genres or artist.genre in genres]


def _with_nearest(genre: str, there: Sequence[str]) -> str:
    """A genre that is not there, with the one that is spelled most like it, where one is."""
    from difflib import get_close_matches

    spelling = {known.casefold(): known for known in there}
    nearest = get_close_matches(genre.casefold(), spelling, n=1)
    return f"{genre!r}" + (f" (did you mean {spelling[nearest[0]]!r}?)" if nearest else "")


def _listed(there: Counter[str]) -> str:
    """Genres with their numbers, commonest first, ties by name."""
    ranked = sorted(there.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{genre} ({count})" for genre, count in ranked[:MOST_NAMED])
    left = len(ranked) - MOST_NAMED
    return named + (f" and {left} more" if left > 0 else "")
