"""Whom to ask about: artists from a file, by name, or from a playlist."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from spotitags.catalogs import Listing, Match, Searching, bare_id, same_name
from spotitags.choose import choose_catalog
from spotitags.errors import ArtistNotFoundError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from spotitags.catalogs import Catalog
    from spotitags.records import Artist
    from spotitags.settings import Settings


CONTACT: Final = (
    "MusicBrainz asks every program whom to write to should it misbehave. What you enter goes to "
    "musicbrainz.org with each request and nowhere else; it is kept for later runs. "
    "SPOTITAGS_CONTACT does the same."
)


def read_artists(path: Path) -> list[str]:
    """The artists of a file: the column ``artist_id`` of a CSV, or one id, URI or URL a line; each once.

    Empty lines and, without a header, lines that begin with ``#`` are passed over.

    Raises:
        InputError: The file cannot be read or lists nobody.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: save it as text or CSV in UTF-8") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    header = [cell.strip() for cell in next(csv.reader(lines[:1]), [])]
    if "artist_id" in header:
        from spotitags.catalogs.folder import csv_rows

        found = [row[0] for _, row in csv_rows(path, required=("artist_id",), optional=())]
    else:
        found = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
        if found and "," in found[0]:
            raise InputError(f"{path}, line 1: a CSV of artists needs a column artist_id")
    if not found:
        raise InputError(f"{path} lists no artist: write one id a line, or a CSV with a column artist_id")
    return list(dict.fromkeys(found))


def search(catalog: Catalog, name: str, limit: int = 10) -> list[Match]:
    """Artists of that name, the best first; those of similar names only where nobody has this one.

    Raises:
        InputError: The catalogue knows no names.
        ArtistNotFoundError: Nobody is called so.
        CatalogError: The catalogue could not answer.
    """
    if isinstance(catalog, Searching):
        found = catalog.search(name, limit)
    elif isinstance(catalog, Listing):
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
    from spotitags.catalogs.spotify import SpotifyCatalog

    if not isinstance(catalog, SpotifyCatalog):
        raise InputError("playlists are Spotify's: take --catalog spotify with keys, or give --artists FILE")
    return catalog.playlist(ref)


def needs_contact(
    settings: Settings, catalog: str, refs: Iterable[str], *, manifest: Path | None, offline: bool
) -> bool:
    """Whether MusicBrainz would be asked for one of these artists if only a contact were set.

    Args:
        settings: Tell which catalogues can be asked.
        catalog: As asked for, such as ``auto``.
        refs: Ids or names.
        manifest: Covers on disk, if any.
        offline: True forbids it anyway.

    Raises:
        InputError: Wishes that contradict each other.
    """
    if settings.contact or manifest is not None or offline:
        return False
    chosen = choose_catalog(catalog, settings, manifest=manifest, offline=offline).name
    if chosen != "library" or catalog != "auto":
        return chosen == "musicbrainz"
    from spotitags.catalogs.library import LibraryCatalog

    artists = LibraryCatalog().artists()
    bundled = {artist.id for artist in artists}
    return any(
        bare_id(ref) not in bundled and not any(same_name(artist.name or "", ref) for artist in artists)
        for ref in refs
    )


def keep_contact(settings: Settings, contact: str) -> None:
    """Keep a contact for MusicBrainz for this and later runs.

    Raises:
        SettingsError: It is neither an e-mail nor a web address, or cannot be kept.
    """
    from spotitags.catalogs._musicbrainz import user_agent

    user_agent(contact)
    settings.keep_contact(contact)


def _match(artist: Artist) -> Match:
    return Match(artist.id, artist.name or artist.id, artist.genre or "")
