"""Search for artists by name or playlist, in any catalogue that supports it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from spotitags.catalogs.artist_ids import is_artist_id
from spotitags.catalogs.artist_names import best_matches, similar_names
from spotitags.catalogs.base import ListableCatalog, Match, SearchableCatalog
from spotitags.errors import ArtistNotFoundError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.catalogs.base import Catalog
    from spotitags.catalogs.spotify.catalog import SpotifyCatalog
    from spotitags.records import Album, Artist


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


def several_artists(name: str, found: Sequence[Match]) -> InputError:
    """Build the error that several artists fit a name."""
    listed = "; ".join(f"{match.id} {match_line(match)}" for match in found)
    return InputError(f"{len(found)} artists fit the name {name!r}: give the id of one. {listed}")


def match_line(match: Match) -> str:
    """Return the name of an artist, and what tells it from others of that name."""
    return f"{match.name} ({match.detail})" if match.detail else match.name


class ArtistFinder:
    """Artists of a catalogue by id or by name; a catalogue itself.

    Args:
        catalog: The catalogue.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.name = catalog.name
        self._found: dict[str, str] = {}

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return up to ``limit`` albums of the artist of this id or name.

        Raises:
            InputError: Several artists fit the name.
            CatalogError: There is no such artist, or the catalogue could not answer.
        """
        return self.catalog.albums(self.id_of(artist), limit)

    def id_of(self, artist: str) -> str:
        """Return the id of an artist, which may be named; raises as `albums`."""
        if self.is_id(artist):
            return artist
        if artist not in self._found:
            found = search(self.catalog, artist)
            if len(found) > 1:
                raise several_artists(artist, found)
            self._found[artist] = found[0].id
        return self._found[artist]

    def is_id(self, artist: str) -> bool:
        """Return whether text is an id: by its form, in a list of artists, or where names are unknown."""
        listable = isinstance(self.catalog, ListableCatalog)
        named = listable or isinstance(self.catalog, SearchableCatalog)
        address = "://" in artist or artist.startswith("spotify:")
        return not named or address or not artist.strip() or is_artist_id(artist) or artist in self._ids

    @cached_property
    def _ids(self) -> frozenset[str]:
        """Ids of a catalogue on disk, which may be any text."""
        if not isinstance(self.catalog, ListableCatalog):
            return frozenset()
        return frozenset(artist.id for artist in self.catalog.artists())


def playlist(catalog: Catalog, ref: str) -> list[Artist]:
    """Return the artists of a Spotify playlist.

    Args:
        catalog: Catalogue of Spotify.
        ref: Spotify id, URI or URL of the playlist.

    Raises:
        InputError: The catalogue has no playlists, or ``ref`` is not a playlist.
        CatalogError: Spotify does not show the playlist, or could not answer.
    """
    return _with_playlists(catalog, "give --artists FILE").playlist(ref)


def playlist_albums(catalog: Catalog, ref: str) -> list[Album]:
    """Return the albums of a Spotify playlist; arguments and errors are those of `playlist`."""
    return _with_playlists(catalog, "give a table or a folder of covers").playlist_albums(ref)


def _with_playlists(catalog: Catalog, otherwise: str) -> SpotifyCatalog:
    from spotitags.catalogs.spotify.catalog import SpotifyCatalog

    if not isinstance(catalog, SpotifyCatalog):
        raise InputError(f"only Spotify has playlists: use --catalog spotify with keys, or {otherwise}")
    return catalog
