"""Names of genres as people write them: spellings and aliases of one genre are equal.

`normal_form` ignores the spelling, and ``genre_aliases.txt`` lists names of the same genre with its rule. All
places where two names of genres meet compare them by `find_genre` or `genre_key`.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from spotitags.io.text import without_accents, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SIMILAR: Final = 0.75
"""Least similarity of two spellings (`difflib`) of which one may be a typing error."""

_NAMED: Final = 2  # aliases beside a genre in a list
_MUSIC: Final = "music"  # at the end of a name it says nothing


def genre_words(name: str) -> list[str]:
    """Return the words of a genre's name, without case, accents, punctuation, and ``music`` at the end.

    ``&``, and ``n`` between words, become ``and``.

    >>> genre_words("Drum'n'Bass Music")
    ['drum', 'and', 'bass']
    """
    found = words(without_accents(name).replace("&", " and "))
    found[1:-1] = ["and" if word == "n" else word for word in found[1:-1]]
    while len(found) > 1 and found[-1] == _MUSIC:
        found.pop()
    return found


def normal_form(name: str) -> str:
    """Return the same text for all spellings of a name; a name without letters is only stripped.

    >>> normal_form("Hip-Hop"), normal_form("hip hop music"), normal_form("HIPHOP")
    ('hiphop', 'hiphop', 'hiphop')
    """
    joined = "".join(genre_words(name))
    while joined.endswith(_MUSIC) and joined != _MUSIC:
        joined = joined.removesuffix(_MUSIC)
    return joined or name.strip()


def genre_key(name: str) -> str:
    """Return the same text for all spellings and aliases of a genre.

    >>> genre_key("Rap") == genre_key("hip-hop/rap") == genre_key("hiphop")
    True
    """
    form = normal_form(name)
    group = _groups().get(form)
    return normal_form(group[0]) if group else form


def aliases(genre: str) -> list[str]:
    """Return the other well-known names of a genre, the usual one first.

    >>> aliases("korean pop")
    ['k-pop']
    """
    form = normal_form(genre)
    return [name for name in _groups().get(form, ()) if normal_form(name) != form]


def with_aliases(genres: Iterable[str]) -> str:
    """List genres with their first aliases, such as ``jazz, k-pop (also korean pop)``."""
    named = ((genre, ", ".join(aliases(genre)[:_NAMED])) for genre in genres)
    return ", ".join(f"{genre} (also {others})" if others else genre for genre, others in named)


def find_genre(name: str, known: Sequence[str]) -> str | None:
    """Return the known genre that a name means, by spelling or else by alias; None if there is none.

    >>> find_genre("Rap", ["hiphop", "jazz"])
    'hiphop'
    """
    for form in (str, str.casefold, normal_form, genre_key):
        wanted = form(name)
        if found := [genre for genre in known if form(genre) == wanted]:
            return found[0]
    return None


def similar_genres(name: str, known: Sequence[str]) -> list[str]:
    """Return the known genres with a spelling, or an alias, like this name's, the most similar first.

    >>> similar_genres("metl", ["hiphop", "jazz", "metal"])
    ['metal']
    """
    from difflib import get_close_matches

    by_form = {normal_form(form): genre for genre in reversed(known) for form in [*aliases(genre), genre]}
    near = get_close_matches(normal_form(name), by_form, cutoff=SIMILAR)
    return list(dict.fromkeys(by_form[form] for form in near))


def related_genres(name: str, known: Sequence[str]) -> list[str]:
    """Return the known genres with a similar spelling, then those that share a word with this name.

    >>> related_genres("doom metal", ["hiphop", "jazz", "metal"])
    ['metal']
    """
    words = set(genre_words(name))
    shared = [genre for genre in known if words & set(genre_words(genre))]
    return list(dict.fromkeys([*similar_genres(name, known), *shared]))


def common_spellings(names: Iterable[str]) -> dict[str, str]:
    """Return for each name the most frequent spelling of its genre, the first of equally frequent ones.

    >>> common_spellings(["Rap", "hip hop", "hip hop", "jazz"])
    {'Rap': 'hip hop', 'hip hop': 'hip hop', 'jazz': 'jazz'}
    """
    counts = Counter(names)
    groups: dict[str, list[str]] = {}
    for name in counts:
        groups.setdefault(genre_key(name), []).append(name)
    return {name: max(groups[genre_key(name)], key=counts.__getitem__) for name in counts}


@cache
def _groups() -> dict[str, list[str]]:
    """Names of the same genre, by the normal form of each."""
    text = files("spotitags.io").joinpath("genre_aliases.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    groups = [[name.strip() for name in line.split(",")] for line in lines]
    return {normal_form(name): group for group in groups for name in group}
