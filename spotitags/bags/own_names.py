"""Names of artists on their own covers, which must not vote: a voter would learn names, not music."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from functools import lru_cache
from mimetypes import guess_type
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, NamedTuple

from classifiers.text.coded import LABELS
from spotitags.io.text import without_accents, words
from spotitags.records.coded_tags import CodedTags

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


def without_name(tags: Iterable[Tag], name: str) -> Sequence[Tag]:
    """Return the tags without a word of a name, in the same order.

    >>> from spotitags.records import Tag
    >>> tags = [Tag("metallice", 0.9), Tag("garage", 0.8), Tag("metallica's", 0.5)]
    >>> without_name(tags, "Metallica")
    [Tag(label='garage', weight=0.8)]
    """
    own = _name_words(name)
    if not isinstance(tags, CodedTags):
        return [tag for tag in tags if not _has_name(tag.label, own)]
    kept = [not _has_name(label, own) for label in LABELS.named(tags.numbers)]
    return tags if all(kept) else CodedTags(tags.numbers[kept], tags.weights[kept])


class _NameWords(NamedTuple):
    """Words of a name: all; joined, if long enough; and long ones with the lengths of similar words."""

    all: frozenset[str]
    whole: str | None
    long: list[tuple[str, float, float]]


@lru_cache(16)
def _name_words(name: str) -> _NameWords:
    own = words(without_accents(name))
    whole = "".join(own)
    ratio = SIMILAR / (2 - SIMILAR)  # of lengths, below which two words are not similar
    long = [(word, ratio * len(word), len(word) / ratio) for word in own if len(word) >= FUZZY_LENGTH]
    return _NameWords(frozenset(own), whole if len(whole) >= FUZZY_LENGTH else None, long)


def _has_name(label: str, own: _NameWords) -> bool:
    """Return whether a label has a word of a name: the same, misread, or with other letters around it.

    The words may be written as one: "Jay-Z" as "jayz".
    """
    for word in _words(label):
        if word in own.all or (own.whole and own.whole in word):
            return True
        size = len(word)
        for part, least, most in own.long:
            if part in word or (least < size < most and _similar(part, word)):
                return True
    return False


@lru_cache(1 << 14)
def _words(label: str) -> list[str]:
    return words(without_accents(label))


def _similar(one: str, other: str) -> bool:
    if sum(map(other.__contains__, one)) <= SIMILAR * (len(one) + len(other)) / 2:
        return False  # too few letters in common
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return (
        matcher.real_quick_ratio() > SIMILAR and matcher.quick_ratio() > SIMILAR and matcher.ratio() > SIMILAR
    )
