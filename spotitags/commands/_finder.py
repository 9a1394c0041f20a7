"""Find the artists of a request in their catalogues; let the user choose if several fit."""

import sys
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from spotitags.catalogs.arguments import Kind, open_covers, read_argument, read_artists
from spotitags.catalogs.artist_ids import bare_id, is_artist_id
from spotitags.catalogs.artist_names import same_name
from spotitags.catalogs.base import ListableCatalog
from spotitags.catalogs.search import playlist, search, suggest
from spotitags.commands._console import message, note
from spotitags.commands._contact import prompt_for_contact
from spotitags.commands._open import album_count, user_table
from spotitags.errors import ArtistNotFoundError, InputError, SpotiTagsError
from spotitags.io.choices import Choice, Detail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from spotitags.catalogs.base import Catalog, Match
    from spotitags.catalogs.corpus import CorpusCatalog
    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.catalogs.manifest import FolderCatalog
    from spotitags.catalogs.single_covers import SingleCovers
    from spotitags.commands._options import ArtistOptions, SourceOptions
    from spotitags.pipeline.spotitags import SpotiTags

    OpenTable = Callable[[Path], CsvTable]
    Request = tuple[Kind, str]
    Found = tuple["Catalog | SpotiTagsError", str]
    """The catalogue of an artist, and its id there; or the error of a request, and its text."""

MAX_NAMED = 3  # arguments in one message


def find_artists(
    artists: "ArtistOptions", source: "SourceOptions", open_own: "Callable[[], SpotiTags]"
) -> "tuple[SpotiTags | None, list[Found]]":
    """Find the selected artists, each once.

    Args:
        artists: Arguments and options that select artists.
        source: Options that choose albums.
        open_own: Opens the instance with the catalogue of ids and names.

    Returns:
        The instance of ids and names, None if there are none; and the artists in the order of the arguments.

    Raises:
        InputError: An argument is of no known kind, or an option is not for covers.
        SpotiTagsError: The catalogue or the playlist cannot be opened.
    """
    open_table = cache(lambda path: user_table(path, artists.columns))
    requests = list(_requests(artists, open_table))
    sought = [text for kind, text in requests if kind is not Kind.COVERS]
    if len(sought) < len(requests):
        note(Choice("folder", "covers on disk are given").line("catalog"))
    if sought:
        prompt_for_contact(sought, source)
    elif not artists.playlist:
        _check_unused(source)
    own = open_own() if sought or artists.playlist else None
    finder = _Finder(own.source if own else None, album_count(source), open_table)
    found = [each for kind, text in requests for each in finder.find(kind, text)]
    if own and artists.playlist:
        found += [(own.source, artist.id) for artist in playlist(own.source, artists.playlist)]
    unique: dict[tuple[int, str], Found] = {}
    for origin, ref in found:
        unique.setdefault((id(origin), bare_id(ref)), (origin, ref))
    return own, list(unique.values())


def _requests(artists: "ArtistOptions", open_table: "OpenTable") -> "Iterator[Request]":
    """Yield the kind and the text of all that is requested, lists of artists line by line."""
    arguments = [read_argument(text, open_table) for text in artists.given or ()]
    if ambiguous := [argument.text for argument in arguments if argument.ambiguous]:
        more = f" and {len(ambiguous) - MAX_NAMED} more" if len(ambiguous) > MAX_NAMED else ""
        note(
            f"{', '.join(ambiguous[:MAX_NAMED])}{more}: there is such a file or folder here, and it is used; "
            f"for an artist of that name give --name {ambiguous[0]!r}"
        )
    for kind, text, _ in arguments:
        if kind is Kind.ARTISTS:
            yield from _listed(open_table(Path(text)))
        else:
            yield kind, text
    yield from ((Kind.ID, text) for text in artists.artist or ())
    if artists.artists:
        yield from _listed(open_table(artists.artists))
    yield from ((Kind.NAME, text) for text in artists.name or ())


def _listed(table: "CsvTable") -> "Iterator[Request]":
    return ((Kind.ID if is_artist_id(line) else Kind.TEXT, line) for line in read_artists(table))


def _check_unused(source: "SourceOptions") -> None:
    """Check that no option for ids and names is given, for there are none."""
    unused = {
        f"--catalog {source.catalog}": source.catalog not in {None, "auto", "folder"},
        "--also": source.also,
        "--manifest": source.manifest,
    }
    if option := next((name for name, value in unused.items() if value), None):
        raise InputError(f"{option} is for names and ids, and only covers are given: leave it out")


class _Finder:
    """Finds artists in their catalogues.

    Args:
        own: Catalogue of ids and names; None if none is requested.
        albums: Maximum number of covers per artist.
        open_table: Opens the table of a file.
    """

    def __init__(self, own: "Catalog | None", albums: int, open_table: "OpenTable") -> None:
        self.own = own
        self.albums = albums
        self.open_table = open_table
        self._opened: dict[Path, FolderCatalog | SingleCovers | CorpusCatalog] = {}

    def find(self, kind: Kind, text: str) -> "list[Found]":
        """Return the artists of one request, or its error."""
        try:
            if kind is Kind.COVERS:
                path = Path(text)
                catalog = self._opened.setdefault(path.resolve(), open_covers(self.open_table(path)))
                found = catalog.artists()
                if len(found) == 1 and len(catalog.albums(found[0].id, self.albums + 1)) > self.albums:
                    note(f"{text}: only {self.albums} different covers are used; --albums N takes more")
                return [(catalog, artist.id) for artist in found]
            own = cast("Catalog", self.own)
            known = kind is Kind.ID or (kind is Kind.TEXT and text in self._ids)
            return [(own, text if known else _find_name(own, text))]
        except SpotiTagsError as error:
            return [(error, text)]

    @cached_property
    def _ids(self) -> frozenset[str]:
        """Ids of a catalogue on disk, which may be any text."""
        if not isinstance(self.own, ListableCatalog):
            return frozenset()
        return frozenset(artist.id for artist in self.own.artists())


def _find_name(catalog: "Catalog", name: str) -> str:
    """Return the id of the artist of that name; of several, the one that the user chooses.

    Raises:
        ArtistNotFoundError: There is no such artist.
        InputError: There are several, and no person is at the terminal.
    """
    at_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    try:
        found = search(catalog, name)
    except ArtistNotFoundError:
        found = []
        similar = suggest(catalog, name) if at_terminal else []
        chosen = _choose(f"no artist is called {name!r}. Which one did you mean?", similar)
        if chosen is None:
            raise
    else:
        if len(found) > 1 and not at_terminal:
            listed = "; ".join(f"{match.id} {_line(match)}" for match in found)
            raise InputError(f"{len(found)} artists fit the name {name!r}: give the id of one. {listed}")
        chosen = found[0] if len(found) == 1 else _choose(f"several artists fit {name!r}. Which one?", found)
        if chosen is None:
            raise InputError(f"none of the artists that fit {name!r} was chosen")
    expected = len(found) == 1 and same_name(name, chosen.name)
    line = f"artist {chosen.id}: {_line(chosen)}"
    note(Detail(line) if expected else line)
    return chosen.id


def _choose(question: str, matches: "Sequence[Match]") -> "Match | None":
    """Let the user choose one of the artists by number, or none."""
    if not matches:
        return None
    message(question)
    for number, match in enumerate(matches, start=1):
        message(f"{number:>3}  {_line(match)}")
    number = -1
    while not 0 <= number <= len(matches):
        number = typer.prompt(f"1 to {len(matches)}, or 0 for none", default=1, type=int, err=True)
    return matches[number - 1] if number else None


def _line(match: "Match") -> str:
    return f"{match.name} ({match.detail})" if match.detail else match.name
