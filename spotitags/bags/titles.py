"""Words in the titles of an artist's albums, for voters: no tags, for nobody sees them on a cover."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from spotitags.bags.own_names import known_name, without_name
from spotitags.io.text import without_accents, words
from spotitags.records import Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Album


VERSION: Final = "words-1"
"""Version of the words, for model cards."""


def title_words(albums: Sequence[Album]) -> list[dict[str, float]]:
    """Return the words in the title of each album, each with weight 1, without the artist's name.

    A name that is only that of the cover's file is no title.

    >>> from spotitags.records import Album, Artist
    >>> title_words([Album("a", "Metallica: S&M (Live)", Artist("m", "Metallica"))])
    [{'s': 1.0, 'm': 1.0, 'live': 1.0}]
    """
    return [_words(album) for album in albums]


def _words(album: Album) -> dict[str, float]:
    if any(album.name == PurePath(image.url).stem for image in album.images):
        return {}
    tags = [Tag(word, 1.0) for word in words(without_accents(album.name))]
    return dict(without_name(tags, known_name(album.artist)))
