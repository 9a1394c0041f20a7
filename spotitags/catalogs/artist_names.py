"""Names of artists: compare them as people type them, without accents, case and punctuation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spotitags.io.text import without_accents, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spotitags.catalogs.base import Match


SIMILAR: Final = 0.75
"""Similarity in [0, 1] from which a name is suggested; ``difflib`` finds 0.6 similar for short words."""

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "&": " and "}
    | dict.fromkeys(".'`\u2019")  # B.I.G., Guns N' Roses
)


def name_words(name: str) -> tuple[str, ...]:
    """Split a name into words without accents, case and punctuation; a name of signs alone is one word.

    >>> name_words("Frédéric Chopin"), name_words("The Notorious B.I.G."), name_words("!!!")
    (('frederic', 'chopin'), ('the', 'notorious', 'big'), ('!!!',))
    """
    return tuple(words(without_accents(name).translate(_LETTERS))) or (name.strip(),)


def same_name(one: str, other: str) -> bool:
    """Return whether two names are equal except for accents, case, punctuation and spaces.

    >>> same_name("Guns N' Roses", "guns n roses"), same_name("Motörhead", "MOTORHEAD")
    (True, True)
    """
    return "".join(name_words(one)) == "".join(name_words(other))


def best_matches(name: str, artists: Iterable[Match]) -> list[Match]:
    """Return the artists of this name; if there are none, those whose names have all of its words.

    Words are in any order. If no name has all of them, parts of words count from their beginning.

    >>> from spotitags.catalogs.base import Match
    >>> [match.id for match in best_matches("bach", [Match("1", "Johann Sebastian Bach"), Match("2", "Bax")])]
    ['1']
    """
    ranked: dict[int, list[Match]] = {}
    wanted = name_words(name)
    for artist in artists:
        ranked.setdefault(_rank(wanted, name_words(artist.name)), []).append(artist)
    ranked.pop(_NO_MATCH, None)
    return ranked[min(ranked)] if ranked else []


_NO_MATCH: Final = 3


def _rank(wanted: tuple[str, ...], words: tuple[str, ...]) -> int:
    """Return 0 for the same name, 1 for all words, 2 for the beginnings of words, and else `_NO_MATCH`."""
    if "".join(wanted) == "".join(words):
        return 0
    if set(wanted) <= set(words):
        return 1
    begun = all(any(word.startswith(part) for word in words) for part in wanted)
    return 2 if begun else _NO_MATCH


def similar_names(name: str, artists: Iterable[Match], limit: int = 5) -> list[Match]:
    """Return up to ``limit`` artists whose names are spelt like this one, the most similar first."""
    wanted = name_words(name)
    rated = [(_similarity(wanted, name_words(artist.name)), artist) for artist in artists]
    rated = sorted((each for each in rated if each[0] >= SIMILAR), key=lambda each: -each[0])
    return [artist for _, artist in rated[:limit]]


def _similarity(wanted: tuple[str, ...], words: tuple[str, ...]) -> float:
    """Return the similarity in [0, 1] of whole names, or the mean of their words if that is larger."""
    from difflib import SequenceMatcher

    def ratio(one: str, other: str) -> float:
        matcher = SequenceMatcher(None, one, other)
        quick = matcher.real_quick_ratio() >= SIMILAR and matcher.quick_ratio() >= SIMILAR
        return matcher.ratio() if quick else 0.0

    by_word = [max(ratio(part, word) for word in words) for part in wanted]
    whole = ratio(" ".join(wanted), " ".join(words))
    return max(whole, sum(by_word) / len(by_word) if all(by_word) else 0.0)
