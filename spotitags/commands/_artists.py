"""Build the SpotiTags instance of a command, and resolve its artists."""

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import typer

from spotitags.catalogs.artist_ids import bare_id, same_name
from spotitags.commands._console import message
from spotitags.commands._options import Artist, ArtistsFile, CatalogOptions, Name, Playlist, TaggerChoice
from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from spotitags.commands._options import BagOptions, SourceOptions
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Artist as LabelledArtist
    from spotitags.settings import Settings


CONTACT: Final = (
    "MusicBrainz requires a contact from every program. What you enter is sent to "
    "musicbrainz.org with each request and nowhere else; it is saved for later runs. "
    "SPOTITAGS_CONTACT does the same."
)


@dataclass(eq=False, repr=False)
class ArtistOptions:
    """Artists of a command, by id, in a file, by name or in a playlist."""

    artist: Artist = None
    artists: ArtistsFile = None
    name: Name = None
    playlist: Playlist = None

    @cached_property
    def ids(self) -> list[str]:
        """Ids from the command line and from the file, which is read once.

        Raises:
            InputError: The file cannot be read or lists no artist.
        """
        return [*(self.artist or ()), *(read_artists(self.artists) if self.artists else ())]

    @property
    def names(self) -> list[str]:
        """Names of artists to search for."""
        return self.name or []


def open_spotitags(
    source: CatalogOptions,
    tagging: TaggerChoice | None = None,
    **options: Any,  # noqa: ANN401  (of SpotiTags)
) -> "SpotiTags":
    """Build a SpotiTags instance from option groups, whose fields are named as its keywords.

    Args:
        source: Options that choose albums.
        tagging: Options that choose taggers.
        options: Further keywords of SpotiTags; they replace options of the same name.
    """
    from spotitags.pipeline.spotitags import SpotiTags

    given = vars(source) | (vars(tagging) if tagging else {})
    given["catalog"] = str(source.catalog)
    if "also" in given:
        given["also"] = split(given["also"])
    given |= options
    return SpotiTags(notify=message, **{name: value for name, value in given.items() if value is not None})


def open_for_labels(
    labels_file: "Path | None",
    genres: str | None,
    source: CatalogOptions,
    tagging: TaggerChoice | None = None,
    *,
    single: bool,
    **options: Any,  # noqa: ANN401  (of SpotiTags)
) -> "tuple[list[LabelledArtist], SpotiTags]":
    """Load the labelled artists of a CSV, and build a SpotiTags instance that finds their covers.

    Args:
        labels_file: As for `spotitags.catalogs.labels.load_labelled`.
        genres: Value of the option ``--genres``.
        source: As for `open_spotitags`.
        tagging: As for `open_spotitags`.
        single: True if the CSV lists single covers.
        options: Further keywords of SpotiTags.
    """
    from spotitags.catalogs.labels import load_labelled

    artists, origin = load_labelled(labels_file, split(genres), single=single, notify=message)
    options["catalog" if single else "manifest"] = origin
    return artists, open_spotitags(source, tagging, **options)


def split(names: str | None) -> tuple[str, ...]:
    """Split the value of an option such as ``--genres a,b``."""
    return tuple(name.strip() for name in (names or "").split(",") if name.strip())


def open_for_artists(
    artists: ArtistOptions,
    source: "SourceOptions",
    tagging: "BagOptions",
    **options: Any,  # noqa: ANN401  (of SpotiTags)
) -> "SpotiTags":
    """Build a SpotiTags instance for these artists; first prompt for a contact if MusicBrainz needs one."""
    prompt_for_contact(artists, source)
    return open_spotitags(source, tagging, **options)


def prompt_for_contact(artists: ArtistOptions, source: "SourceOptions") -> None:
    """Prompt once for the contact that MusicBrainz requires, if a person is at the terminal."""
    if source.offline or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    from spotitags.settings import Settings

    settings = Settings()
    if not needs_contact(
        settings, str(source.catalog), [*artists.ids, *artists.names],
        manifest=source.manifest, offline=source.offline,
    ):  # fmt: skip
        return
    message(CONTACT)
    contact = typer.prompt(
        "e-mail or web address (nothing to go without)", default="", show_default=False, err=True
    )
    if contact:
        save_contact(settings, contact.strip())


def resolve_artists(spotitags: "SpotiTags", artists: ArtistOptions) -> list[str]:
    """Resolve the selected artists to ids, each once; without a selection, take all of the manifest.

    Raises:
        SpotiTagsError: No artist is selected, or one cannot be found.
    """
    refs = [*artists.ids, *(_pick(spotitags, name) for name in artists.names)]
    if artists.playlist:
        from spotitags.catalogs.search import playlist

        refs += [artist.id for artist in playlist(spotitags.source, artists.playlist)]
    if refs:
        return list({bare_id(ref): ref for ref in reversed(refs)}.values())[::-1]
    if spotitags.manifest is None:
        raise InputError(
            "no artist is selected: give --artist (repeatable), --artists FILE, --name, or --manifest for "
            "all of its artists"
        )
    return [artist.id for artist in spotitags.artists()]


def _pick(spotitags: "SpotiTags", name: str) -> str:
    """Return the id of the artist of that name; of several, the one chosen by the user, else the first."""
    found = spotitags.search(name)
    lines = [f"{match.name} ({match.detail})" if match.detail else match.name for match in found]
    chosen = 1
    if len(found) > 1 and sys.stdin.isatty() and sys.stderr.isatty():
        for number, line in enumerate(lines, start=1):
            message(f"{number:>3}  {line}")
        chosen = 0
        while not 1 <= chosen <= len(found):
            chosen = typer.prompt(f"which {name}? 1 to {len(found)}", default=1, type=int, err=True)
    elif len(found) > 1:
        message(
            f"warning: {len(found)} artists fit the name {name!r}; the first is used; give an id to be sure"
        )
    message(f"artist {found[chosen - 1].id}: {lines[chosen - 1]}")
    return found[chosen - 1].id


def read_artists(path: "Path") -> list[str]:
    """Read the artists of a file, each once: column ``artist_id`` of a CSV, or one id, URI or URL per line.

    Empty lines and, without a header, lines that begin with ``#`` are ignored.

    Raises:
        InputError: The file cannot be read or lists no artist.
    """
    from spotitags.catalogs.csv_table import CsvTable

    table = CsvTable(path)
    if "artist_id" in table.columns:
        found = [artist_id for _, (artist_id,) in table.rows(["artist_id"])]
    else:
        lines = [line.strip() for line in table.text.splitlines()]
        found = [line for line in lines if line and not line.startswith("#")]
        if found and "," in found[0]:
            raise InputError(f"{path}, line 1: a CSV of artists needs a column artist_id")
    if not found:
        raise InputError(f"{path} lists no artist: write one id a line, or a CSV with a column artist_id")
    return list(dict.fromkeys(found))


def needs_contact(
    settings: "Settings", catalog: str, refs: "Iterable[str]", *, manifest: "Path | None", offline: bool
) -> bool:
    """Return whether MusicBrainz would be requested for one of these artists if a contact were set.

    Args:
        settings: Keys and contact.
        catalog: Requested catalogue, such as ``auto``.
        refs: Artist ids or names.
        manifest: Covers on disk, if any.
        offline: True forbids requests.

    Raises:
        InputError: Options contradict each other.
    """
    if settings.contact or manifest is not None or offline:
        return False
    from spotitags.catalogs.registry import choose_catalog

    chosen = choose_catalog(catalog, settings, manifest=manifest, offline=offline).name
    if chosen != "library" or catalog != "auto":
        return chosen == "musicbrainz"
    from spotitags.catalogs.library.catalog import LibraryCatalog

    artists = LibraryCatalog().artists()
    bundled = {artist.id for artist in artists}
    return any(
        bare_id(ref) not in bundled and not any(same_name(artist.name or "", ref) for artist in artists)
        for ref in refs
    )


def save_contact(settings: "Settings", contact: str) -> None:
    """Save a contact for MusicBrainz for this and later runs.

    Raises:
        SettingsError: It is neither an e-mail nor a web address, or cannot be saved.
    """
    from spotitags.catalogs.musicbrainz.client import user_agent

    user_agent(contact)
    settings.save_contact(contact)
