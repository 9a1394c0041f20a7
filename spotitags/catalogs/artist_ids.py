"""Artist ids and names in the forms that users give them."""

from __future__ import annotations

import re
import unicodedata

from spotitags.errors import InputError

_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}")
_SPOTIFY_FORMS = re.compile(
    r"(?:spotify:artist:|(?:https?://)?open\.spotify\.com/(?:intl-[a-z-]+/)?artist/)([0-9A-Za-z]{22})(?:[/?#].*)?"
)


def same_name(one: str, other: str) -> bool:
    """Return whether two names are equal except for case, punctuation and spaces.

    >>> same_name("Guns N' Roses", "guns n roses")
    True
    """
    return _normalised(one) == _normalised(other)


def _normalised(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in text if char.isalnum()) or text


def bare_id(artist: str) -> str:
    """Return the id in any form of a Spotify artist; other text, such as an id of a manifest, as is."""
    try:
        return spotify_id(artist)
    except InputError:
        return artist


def spotify_id(artist: str) -> str:
    """Extract the 22-character id from a Spotify artist id, ``spotify:artist:`` URI or open.spotify.com URL.

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
        f"{artist!r} is not a Spotify artist: give the 22-character id, spotify:artist:<id>, "
        "or https://open.spotify.com/artist/<id>"
    )
