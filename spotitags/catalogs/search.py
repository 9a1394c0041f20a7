"""Search for artists by name or playlist, in any catalogue that supports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.catalogs.artist_names import best_matches, similar_names
from spotitags.catalogs.base import ListableCatalog, Match, SearchableCatalog
from spotitags.errors import ArtistNotFoundError, InputError

if TYPE_CHECKING:
    from spotitags.catalogs.base import Catalog
    from spotitags.records import Artist


def search(catalog: Catalog, name: str, limit: int = 10) -> list[Match]:
    """Search for artists by name, best first: accents, case and the order of words do not matter.

    Artists whose names only contain the words are returned if none has just this name; of a service, also
    artists that it finds by other names of theirs, if no name contains the words.

    Raises:
        InputError: The catalogue has no search.
        ArtistNotFoundError: No artist has such a name; the message has similar ones.
        CatalogError: The catalogue could not answer.
    """
    if isinstance(catalog, SearchableCatalog):
        found = catalog.search(name, limit)
        matches = best_matches(name, found) or found
    elif isinstance(catalog, ListableCatalog):
        matches = best_matches(name, _listed(catalog))[:limit]
    else:
        raise InputError(f"the catalogue {catalog.name!r} cannot search: give ids")
    if not matches:
        similar = " or ".join(match.name for match in suggest(catalog, name))
        hint = f"did you mean {similar}?" if similar else "check the spelling, or give an id."
        place = "the bundled library" if catalog.name == "library" else f"the catalogue {catalog.name!r}"
        raise ArtistNotFoundError(
            f"{place} has no artist called {name!r}: {hint}{_more(catalog)}".rstrip(".")
        )
    return matches


def suggest(catalog: Catalog, name: str) -> list[Match]:
    """Return the artists of a catalogue on disk whose names are spelt like this one, most similar first."""
    if isinstance(catalog, ListableCatalog) and not isinstance(catalog, SearchableCatalog):
        return similar_names(name, _listed(catalog))
    return []


def has_name(catalog: ListableCatalog, name: str) -> bool:
    """Return whether an artist of a catalogue on disk has this name, or a similar one."""
    listed = _listed(catalog)
    return bool(best_matches(name, listed) or similar_names(name, listed))


def _listed(catalog: ListableCatalog) -> list[Match]:
    return [Match(artist.id, artist.name or artist.id, artist.genre or "") for artist in catalog.artists()]


def _more(catalog: Catalog) -> str:
    """Return how to reach artists that are not in the bundled library."""
    if catalog.name != "library":
        return ""
    return (
        " 'spotitags library' lists all of its artists; for others set SPOTITAGS_CONTACT (your e-mail or web "
        "address) to search MusicBrainz, use --catalog spotify with keys, or give a folder of covers"
    )


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
