"""Catalogues by name: choose one, and open it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from spotitags.errors import InputError, SettingsError
from spotitags.io.choices import Choice
from spotitags.settings.keys import CATALOGS

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from spotitags.catalogs.base import Catalog
    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.catalogs.musicbrainz.catalog import MusicBrainzCatalog
    from spotitags.catalogs.spotify.catalog import SpotifyCatalog
    from spotitags.io.cache import Cache
    from spotitags.settings import Settings


_KEYS = "SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET"


def choose_catalog(
    name: str, settings: Settings | None, *, manifest: Path | CsvTable | None, offline: bool
) -> Choice:
    """Choose the catalogue for the options of the user.

    Args:
        name: One of `CATALOGS`.
        settings: Keys of Spotify and contact for MusicBrainz; None if a manifest or ``offline`` decides.
        manifest: Manifest or folder of covers on disk, if given.
        offline: True forbids all catalogues that use the network.

    Raises:
        InputError: The name is unknown, or options contradict each other.
    """
    if name not in CATALOGS:
        raise InputError(f"unknown catalogue {name!r}: give one of {', '.join(CATALOGS)}")
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
    if settings and settings.spotify_client_id and settings.spotify_client_secret:
        return Choice("spotify", "its keys are set")
    if settings and settings.contact:
        return Choice("musicbrainz", "a contact is set, and Spotify's keys are not")
    return Choice("library", f"the bundled sample; neither {_KEYS} nor SPOTITAGS_CONTACT are set")


def open_catalog(  # noqa: PLR0913 — independent options of the catalogues
    name: str,
    settings: Settings,
    cache: Cache,
    *,
    manifest: Path | CsvTable | None = None,
    refresh: bool = False,
    also: Collection[str] = (),
) -> Catalog:
    """Open the catalogue of that name.

    Args:
        name: One of `CATALOGS` except ``auto``.
        settings: Keys, contact and URLs.
        cache: Stores the responses of services.
        manifest: Manifest or folder of covers on disk, for ``folder``.
        refresh: Request again what services answered in earlier runs.
        also: Types of releases to add with ``musicbrainz``, from
            `spotitags.catalogs.musicbrainz.catalog.ALSO`.

    Raises:
        SettingsError: Spotify's keys are missing.
        InputError: ``also`` does not fit the catalogue.
    """
    if also and name != "musicbrainz":
        raise InputError(f"--also belongs to the catalogue 'musicbrainz', not to {name!r}: leave it out")
    if local := open_local_catalog(name, manifest):
        return local
    if name == "musicbrainz":
        return _musicbrainz(settings, cache, also, refresh=refresh)
    return _spotify(settings, cache, refresh=refresh)


def open_local_catalog(name: str, manifest: Path | CsvTable | None) -> Catalog | None:
    """Open a catalogue that needs neither settings nor cache; None if the name is that of a service."""
    if name == "library":
        from spotitags.catalogs.library.catalog import LibraryCatalog

        return LibraryCatalog()
    if name == "folder" and manifest is not None:
        from spotitags.catalogs.arguments import open_covers

        return open_covers(manifest)
    return None


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
        responses=ResponseCache(cache, "musicbrainz", refresh=refresh),
        rate_limiter=RateLimiter(
            settings.cache_dir / "musicbrainz.pace", pause_for(url, settings.musicbrainz_pause)
        ),
        url=url,
    )
    return MusicBrainzCatalog(client, also=also, archive=settings.coverart_url)


def _spotify(settings: Settings, cache: Cache, *, refresh: bool) -> SpotifyCatalog:
    from spotitags.catalogs.spotify.catalog import SpotifyCatalog
    from spotitags.catalogs.spotify.client import SpotipyClient
    from spotitags.io.rate_limit import DailyQuota
    from spotitags.io.response_cache import ResponseCache

    if not settings.spotify_client_id or not settings.spotify_client_secret:
        raise SettingsError(
            f"the catalogue 'spotify' needs {_KEYS}: set both, or use --catalog musicbrainz, --offline or "
            "--manifest"
        )
    # The key itself is not stored.
    account = hashlib.sha256(settings.spotify_client_id.encode()).hexdigest()[:16]
    client = SpotipyClient(
        settings.spotify_client_id,
        settings.spotify_client_secret.get_secret_value(),
        market=settings.market,
        api_url=settings.spotify_api_url,
        token_url=settings.spotify_token_url,
    )
    return SpotifyCatalog(
        client,
        responses=ResponseCache(cache, "spotify", account=account, refresh=refresh),
        quota=DailyQuota(
            cache, account, settings.spotify_calls_a_day or None, setting="SPOTITAGS_SPOTIFY_CALLS_A_DAY"
        ),
    )
