"""Search for artists by name or playlist, in any catalogue that supports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.catalogs.artist_ids import same_name
from spotitags.catalogs.base import ListableCatalog, Match, SearchableCatalog
from spotitags.errors import ArtistNotFoundError, InputError

if TYPE_CHECKING:
    from spotitags.catalogs.base import Catalog
    from spotitags.records import Artist


def search(catalog: Catalog, name: str, limit: int = 10) -> list[Match]:
    """Search for artists by name, best first; similar names are returned only if no artist has this name.

    Raises:
        InputError: The catalogue has no search.
        ArtistNotFoundError: No artist has this or a similar name.
        CatalogError: The catalogue could not answer.
    """
    if isinstance(catalog, SearchableCatalog):
        found = catalog.search(name, limit)
    elif isinstance(catalog, ListableCatalog):
        same = [artist for artist in catalog.artists() if same_name(artist.name or "", name)]
        found = [Match(artist.id, artist.name or artist.id, artist.genre or "") for artist in same]
    else:
        raise InputError(f"the catalogue {catalog.name!r} cannot search: give ids")
    if not found:
        more = "; set SPOTITAGS_CONTACT to search MusicBrainz" if catalog.name == "library" else ""
        raise ArtistNotFoundError(
            f"the catalogue {catalog.name!r} has no artist called {name!r}: check the spelling, "
            f"or give an id{more}"
        )
    return [match for match in found if same_name(match.name, name)] or found


def playlist(catalog: Catalog, ref: str) -> list[Artist]:
    """Return the artists of a Spotify playlist.

    Args:
        catalog: Catalogue of Spotify.
        ref: Spotify id, URI or URL of the playlist.

    Raises:
        InputError: The catalogue has no playlists, or ``ref`` is not a playlist.
        CatalogError: Spotify does not show the playlist, or could not answer.
    """
    from spotitags.catalogs.spotify.catalog import SpotifyCatalog

    if not isinstance(catalog, SpotifyCatalog):
        raise InputError(
            "only Spotify has playlists: use --catalog spotify with keys, or give --artists FILE"
        )
    return catalog.playlist(ref)
