"""Search of a catalogue for artists by name, and the artists of a playlist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.catalogs.artist_ids import same_name
from spotitags.catalogs.base import ListableCatalog, Match, SearchableCatalog
from spotitags.errors import ArtistNotFoundError, InputError

if TYPE_CHECKING:
    from spotitags.catalogs.base import Catalog
    from spotitags.records import Artist


def search(catalog: Catalog, name: str, limit: int = 10) -> list[Match]:
    """Artists of that name, the best first; those of similar names only where nobody has this one.

    Raises:
        InputError: The catalogue knows no names.
        ArtistNotFoundError: Nobody is called so.
        CatalogError: The catalogue could not answer.
    """
    if isinstance(catalog, SearchableCatalog):
        found = catalog.search(name, limit)
    elif isinstance(catalog, ListableCatalog):
        found = [_match(artist) for artist in catalog.artists() if same_name(artist.name or "", name)]
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
    """The artists of a Spotify playlist.

    Raises:
        InputError: The catalogue has no playlists, or ``ref`` is none.
        CatalogError: Spotify does not show it, or could not answer.
    """
    from spotitags.catalogs.spotify.catalog import SpotifyCatalog

    if not isinstance(catalog, SpotifyCatalog):
        raise InputError("playlists are Spotify's: take --catalog spotify with keys, or give --artists FILE")
    return catalog.playlist(ref)


def _match(artist: Artist) -> Match:
    return Match(artist.id, artist.name or artist.id, artist.genre or "")
