"""Artist ids in the forms that users give them."""

from __future__ import annotations

import re

from spotitags.errors import InputError

_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}")
_SPOTIFY_FORMS = re.compile(
    r"(?:spotify:artist:|(?:https?://)?open\.spotify\.com/(?:intl-[a-z-]+/)?artist/)([0-9A-Za-z]{22})(?:[/?#].*)?"
)
_MBID = re.compile(
    r"(?:(?:https?://)?(?:beta\.)?musicbrainz\.org/artist/)?"
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:[/?#].*)?",
    re.IGNORECASE,
)


def musicbrainz_id(artist: str) -> str | None:
    """Extract the MBID from an MBID or from the address of an artist's page on musicbrainz.org, or None."""
    match = _MBID.fullmatch(artist.strip())
    return match[1].lower() if match else None


def is_artist_id(text: str) -> bool:
    """Return whether text has the form of a Spotify id, URI or URL, or of an MBID or its page's address."""
    return bool(musicbrainz_id(text)) or bool(_SPOTIFY_ID.fullmatch(bare_id(text)))


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
