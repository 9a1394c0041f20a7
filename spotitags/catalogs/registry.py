"""Catalogues by name, and the choice of the one that runs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from spotitags.errors import InputError, SettingsError
from spotitags.records import Choice

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from spotitags.catalogs.base import Catalog
    from spotitags.catalogs.musicbrainz.catalog import MusicBrainzCatalog
    from spotitags.catalogs.spotify.catalog import SpotifyCatalog
    from spotitags.io.cache import Cache
    from spotitags.settings import Settings


CATALOGS = ("auto", "spotify", "musicbrainz", "folder", "library")

_KEYS = "SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET"


def choose_catalog(name: str, settings: Settings, *, manifest: Path | None, offline: bool) -> Choice:
    """The catalogue's name for what was asked.

    Args:
        name: One of `CATALOGS`.
        settings: Tells whether Spotify's keys are set.
        manifest: Covers on disk, if any.
        offline: True forbids every catalogue that opens a socket.

    Raises:
        InputError: An unknown name, or wishes that contradict each other.
    """
    if name not in CATALOGS:
        raise InputError(f"no catalogue is called {name!r}; there are: {', '.join(CATALOGS)}")
    if manifest is not None and name not in {"auto", "folder"}:
        raise InputError(
            f"--manifest belongs to the catalogue 'folder', not to {name!r}: leave one of the two out"
        )
    if name == "folder" and manifest is None:
        raise InputError(
            "the catalogue 'folder' needs --manifest: a CSV (artist_id,file) or a folder artist/*.jpg"
        )
    if offline and name in {"spotify", "musicbrainz"}:
        raise InputError(f"--offline and --catalog {name} contradict each other: leave one of the two out")
    if name != "auto":
        return Choice(name, "requested")
    if manifest is not None:
        return Choice("folder", "a manifest was given")
    if offline:
        return Choice("library", "the bundled sample needs no network")
    if settings.spotify_client_id and settings.spotify_client_secret:
        return Choice("spotify", "its keys are set")
    if settings.contact:
        return Choice("musicbrainz", "a contact is set, and Spotify's keys are not")
    return Choice("library", f"the bundled sample; neither {_KEYS} nor SPOTITAGS_CONTACT are set")


def open_catalog(  # noqa: PLR0913 — what a catalogue may need
    name: str,
    settings: Settings,
    cache: Cache,
    *,
    manifest: Path | None = None,
    refresh: bool = False,
    also: Collection[str] = (),
) -> Catalog:
    """The catalogue of that name, ready to be asked.

    Args:
        name: One of `CATALOGS` but ``auto``.
        settings: Keys, contact and addresses.
        cache: Keeps what services answer.
        manifest: Covers on disk, for ``folder``.
        refresh: Ask services anew what they answered in earlier runs.
        also: Release types to add with ``musicbrainz``, of `spotitags.catalogs.musicbrainz.catalog.ALSO`.

    Raises:
        SettingsError: Spotify's keys are missing.
        InputError: ``also`` does not fit the catalogue.
    """
    if also and name != "musicbrainz":
        raise InputError(f"--also belongs to the catalogue 'musicbrainz', not to {name!r}: leave it out")
    if name == "library":
        from spotitags.catalogs.library.catalog import LibraryCatalog

        return LibraryCatalog()
    if name == "folder" and manifest is not None:
        from spotitags.catalogs.manifest import FolderCatalog

        return FolderCatalog(manifest)
    if name == "musicbrainz":
        return _musicbrainz(settings, cache, also, refresh=refresh)
    return _spotify(settings, cache, refresh=refresh)


def _musicbrainz(
    settings: Settings, cache: Cache, also: Collection[str], *, refresh: bool
) -> MusicBrainzCatalog:
    from spotitags.catalogs.musicbrainz.catalog import MusicBrainzCatalog
    from spotitags.catalogs.musicbrainz.client import MusicBrainzClient, pause_for
    from spotitags.io.rate_limit import RateLimiter
    from spotitags.io.response_cache import ResponseCache

    url = settings.musicbrainz_url
    client = MusicBrainzClient(
        settings.contact,
        answers=ResponseCache(cache, "musicbrainz", refresh=refresh),
        pace=RateLimiter(settings.cache_dir / "musicbrainz.pace", pause_for(url, settings.musicbrainz_pause)),
        url=url,
    )
    return MusicBrainzCatalog(client, also=also, archive=settings.coverart_url)


def _spotify(settings: Settings, cache: Cache, *, refresh: bool) -> SpotifyCatalog:
    from spotitags.catalogs.spotify.catalog import SpotifyCatalog
    from spotitags.io.rate_limit import DailyQuota
    from spotitags.io.response_cache import ResponseCache

    if not settings.spotify_client_id or not settings.spotify_client_secret:
        raise SettingsError(
            f"the catalogue 'spotify' needs {_KEYS}: set both, or take --catalog musicbrainz, --offline or "
            "--manifest"
        )
    account = hashlib.sha256(settings.spotify_client_id.encode()).hexdigest()[:16]  # no key on disk
    return SpotifyCatalog(
        settings.spotify_client_id,
        settings.spotify_client_secret.get_secret_value(),
        market=settings.market,
        api_url=settings.spotify_api_url,
        token_url=settings.spotify_token_url,
        answers=ResponseCache(cache, "spotify", account=account, refresh=refresh),
        budget=DailyQuota(
            cache, account, settings.spotify_calls_a_day or None, setting="SPOTITAGS_SPOTIFY_CALLS_A_DAY"
        ),
    )
