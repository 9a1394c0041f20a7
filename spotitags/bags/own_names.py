"""Names of artists on their own covers, which must not vote: a voter would learn names, not music."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from mimetypes import guess_type
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from spotitags.io.text import without_accents, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotitags.records import Artist, Tag, TaggedCovers

READERS: Final = frozenset({"text"})
"""Taggers whose labels are words on covers."""
SIMILAR: Final = 0.7
"""Similarity above which a word counts as a misread word of the name."""
FUZZY_LENGTH: Final = 4
"""Least number of letters of a name's word that is looked for inside other words, and misread."""


def mask_names(tagged: TaggedCovers) -> TaggedCovers:
    """Remove the artist's own name from the words that were read on the covers.

    Other taggers' tags stay as they are, and so do all tags if the artist's name is unknown.
    """
    readers = READERS & tagged.tags.keys()
    name = known_name(tagged.artist)
    if not readers or not name:
        return tagged
    masked = {reader: [without_name(tags, name) for tags in tagged.tags[reader]] for reader in readers}
    return replace(tagged, tags={**tagged.tags, **masked})


def known_name(artist: Artist) -> str:
    """Return the name of an artist, or else the id, such as the name of a folder; "" for a single picture.

    >>> from spotitags.records import Artist
    >>> known_name(Artist("4Z8W4fKeB5YxbusRsdQVPb", "Radiohead")), known_name(Artist("B.o.B"))
    ('Radiohead', 'B.o.B')
    >>> known_name(Artist("covers/ok-computer.jpg", "ok-computer"))
    ''
    """
    kind, _ = guess_type(artist.id)
    is_picture = (kind or "").startswith("image/")
    if is_picture and artist.name in {None, PurePath(artist.id).stem}:
        return ""
    return artist.name or artist.id


def without_name(tags: Iterable[Tag], name: str) -> list[Tag]:
    """Return the tags without a word of a name, in the same order.

    >>> from spotitags.records import Tag
    >>> tags = [Tag("metallice", 0.9), Tag("garage", 0.8), Tag("metallica's", 0.5)]
    >>> without_name(tags, "Metallica")
    [Tag(label='garage', weight=0.8)]
    """
    own = words(without_accents(name))
    return [tag for tag in tags if not any(_is_of(word, own) for word in words(without_accents(tag.label)))]


def _is_of(word: str, name: Sequence[str]) -> bool:
    """Return whether a word is one of the name's: the same, misread, or with other letters around it.

    The words may be written as one: "Jay-Z" as "jayz".
    """
    whole = "".join(name)
    return (
        word in name
        or (len(whole) >= FUZZY_LENGTH and whole in word)
        or any(own in word or _similar(own, word) for own in name if len(own) >= FUZZY_LENGTH)
    )


def _similar(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return (
        matcher.real_quick_ratio() > SIMILAR and matcher.quick_ratio() > SIMILAR and matcher.ratio() > SIMILAR
    )
