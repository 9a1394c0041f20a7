"""Catalogues: an artist id in, albums with every image size out."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from spotitags.errors import InputError

if TYPE_CHECKING:
    from spotitags.records import Album, Artist

_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}")
_SPOTIFY_FORMS = re.compile(
    r"(?:spotify:artist:|(?:https?://)?open\.spotify\.com/(?:intl-[a-z-]+/)?artist/)([0-9A-Za-z]{22})(?:[/?#].*)?"
)


class Catalog(Protocol):
    """Where albums come from."""

    @property
    def name(self) -> str:
        """The catalogue's name on the command line."""
        ...

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Up to ``limit`` albums of one artist, best first, with every image size.

        Raises:
            ArtistNotFoundError: The catalogue has no such artist.
            CatalogError: The catalogue could not answer.
        """
        ...


class Match(NamedTuple):
    """An artist that a search found.

    Attributes:
        id: What the same catalogue's `Catalog.albums` takes.
        name: As the catalogue writes it.
        detail: What tells it from others of the same name, such as ``US, 1978, punk band``; may be empty.
    """

    id: str
    name: str
    detail: str = ""


@runtime_checkable
class Searching(Protocol):
    """A catalogue that knows artists by name, too."""

    def search(self, name: str, limit: int) -> list[Match]:
        """Up to ``limit`` artists whose names fit, the best first; empty where none does.

        Raises:
            CatalogError: The catalogue could not answer.
        """
        ...


@runtime_checkable
class Listing(Protocol):
    """A catalogue that can list all of its artists."""

    def artists(self) -> list[Artist]:
        """Every artist, in the catalogue's order."""
        ...


def same_name(one: str, other: str) -> bool:
    """Whether two names differ in case, punctuation and spaces at most.

    >>> same_name("Guns N' Roses", "guns n roses")
    True
    """
    return _letters(one) == _letters(other)


def _letters(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in text if char.isalnum()) or text


def bare_id(artist: str) -> str:
    """The id in any form of a Spotify artist; any other text, such as an id of a manifest, as it is."""
    try:
        return spotify_id(artist)
    except InputError:
        return artist


def spotify_id(artist: str) -> str:
    """The 22-character id in a Spotify artist id, ``spotify:artist:`` URI or open.spotify.com URL.

    Raises:
        InputError: ``artist`` is none of the three.

    >>> spotify_id("https://open.spotify.com/intl-de/artist/2ye2Wgw4gimLv2eAKyk1NB?si=1")
    '2ye2Wgw4gimLv2eAKyk1NB'
    """
    text = artist.strip()
    if _SPOTIFY_ID.fullmatch(text):
        return text
    if match := _SPOTIFY_FORMS.fullmatch(text):
        return match[1]
    raise InputError(
        f"{artist!r} is no Spotify artist: give the 22-character id, spotify:artist:<id>, "
        "or https://open.spotify.com/artist/<id>"
    )
