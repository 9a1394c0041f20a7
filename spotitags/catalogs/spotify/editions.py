"""Merge editions of one release: a deluxe edition or a remaster repeats a cover."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Album


_SUFFIX = re.compile(
    r"(?s)^(?P<title>.+)\s*(?:[(\[](?P<bracket>[^()\[\]]*)[)\]]|\s[-\u2013\u2014]\s(?P<dash>.+))\s*$"
)
_EDITION = re.compile(
    r"\b(?:deluxe|editions?|remaster(?:s|ed|ing)?|anniversary|expanded|re-?issued?|bonus|explicit|clean|mono|stereo"
    r"|collector.?s|box set|\d{4} (?:re)?mix|(?:extended|international|japanese|uk|us) version)\b"
)
_OTHER_WORK = re.compile(r"\b(?:live|acoustic|instrumentals?|demos?|unplugged|sessions?|remixes|karaoke)\b")


def title_key(title: str) -> str:
    """Return a title without case, punctuation and edition notes: equal for all editions of a release.

    An edition note is in brackets or after a dash.

    >>> title_key("Paper Lanterns (Deluxe Edition) [2011 Remaster]")
    'paper lanterns'
    >>> title_key("Paper Lanterns (Live)")
    'paper lanterns live'
    """
    text = unicodedata.normalize("NFKC", title).casefold().strip()
    while (match := _SUFFIX.match(text)) and _is_edition(match["bracket"] or match["dash"] or ""):
        text = match["title"].strip()
    return " ".join(re.findall(r"\w+", text)) or text


def merge_editions(albums: Sequence[Album]) -> list[Album]:
    """Keep the first of all albums that share kind and title, or an image; the order stays."""
    known: set[str | tuple[str, str]] = set()
    unique = []
    for album in albums:
        keys: set[str | tuple[str, str]] = {
            (album.kind, title_key(album.name)),
            *(image.url for image in album.images),
        }
        if known.isdisjoint(keys):
            unique.append(album)
        known |= keys
    return unique


def _is_edition(suffix: str) -> bool:
    return bool(_EDITION.search(suffix)) and not _OTHER_WORK.search(suffix)
