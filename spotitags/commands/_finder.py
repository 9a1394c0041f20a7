"""Find the artists of a request in their catalogues; let the user choose if several fit."""

import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import typer

from spotitags.catalogs.arguments import (
    Kind,
    artist_column,
    open_covers,
    read_argument,
    read_artists,
    unknown_artists,
)
from spotitags.catalogs.artist_ids import bare_id, is_artist_id
from spotitags.catalogs.artist_names import same_name
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.catalogs.search import (
    ArtistFinder,
    match_line,
    playlist,
    search,
    several_artists,
    suggest,
)
from spotitags.commands._console import message, note
from spotitags.commands._contact import prompt_for_contact
from spotitags.commands._open import album_count
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

    Row = tuple[CsvTable, str, str]

MAX_NAMED = 3  # arguments in one message


class Found(NamedTuple):
    """An artist that was found, or an error.

    Attributes:
        origin: Catalogue of the artist, or the error of a request.
        ref: Id of the artist there, or the text of the request.
        row: Table with the artist, the column of its ids, and the artist's cell in it; None without a table.
    """

    origin: "Catalog | SpotiTagsError"
    ref: str
    row: "Row | None" = None


class Request(NamedTuple):
    """A request for an artist or for covers, and the table that lists it, if one does."""

    kind: Kind
    text: str
    table: "CsvTable | None" = None


def find_artists(
    artists: "ArtistOptions",
    source: "SourceOptions",
    open_own: "Callable[[], SpotiTags]",
    open_table: "OpenTable",
) -> "tuple[SpotiTags | None, list[Found]]":
    """Find the selected artists, each once.

    Args:
        artists: Arguments and options that select artists.
        source: Options that choose albums.
        open_own: Opens the instance with the catalogue of ids and names.
        open_table: Returns the table of a file.

    Returns:
        The instance of ids and names, None if there are none; and the artists in the order of the arguments.

    Raises:
        InputError: An argument is of no known kind, or an option is not for covers.
        SpotiTagsError: The catalogue or the playlist cannot be opened.
    """
    requests = list(_requests(artists, open_table))
    sought = [request.text for request in requests if request.kind is not Kind.COVERS]
    if len(sought) < len(requests):
        note(Choice("folder", "covers on disk are given").line("catalog"))
    if sought:
        prompt_for_contact(sought, source)
    elif not artists.playlist:
        _check_unused(source)
    own = open_own() if sought or artists.playlist else None
    finder = _Finder(own.source if own else None, album_count(source), open_table)
    results = [(request.table, finder.find(request)) for request in requests]
    for table in dict.fromkeys(table for table, _ in results if table):
        _check_known([each for of, one in results if of is table for each in one], table, own)
    found = [each for _, one in results for each in one]
    if own and artists.playlist:
        found += [Found(own.source, artist.id) for artist in playlist(own.source, artists.playlist)]
    unique: dict[tuple[int, str], Found] = {}
    for each in found:
        unique.setdefault((id(each.origin), bare_id(each.ref)), each)
    return own, list(unique.values())


def _requests(artists: "ArtistOptions", open_table: "OpenTable") -> "Iterator[Request]":
    """Yield the kind and the text of all that is requested, lists of artists line by line."""
    arguments = [read_argument(text, open_table) for text in artists.given or ()]
    _report_ambiguous([argument.text for argument in arguments if argument.ambiguous])
    for kind, text, _ in arguments:
        if kind is Kind.ARTISTS:
            yield from _listed(open_table(Path(text)))
        else:
            yield Request(kind, text)
    yield from (Request(Kind.ID, text) for text in artists.artist or ())
    if artists.artists:
        yield from _listed(open_table(artists.artists))
    yield from (Request(Kind.NAME, text) for text in artists.name or ())


def _report_ambiguous(paths: "Sequence[str]") -> None:
    """Report files and folders with names of artists; only on request if the bundled library has no such."""
    if not paths:
        return
    names = [artist.name or "" for artist in LibraryCatalog().artists()]
    known = [path for path in paths if any(same_name(path, name) for name in names)]
    listed = known or paths
    more = f" and {len(listed) - MAX_NAMED} more" if len(listed) > MAX_NAMED else ""
    line = (
        f"{', '.join(listed[:MAX_NAMED])}{more}: covers on disk; for the artist of that name give --name "
        f"{listed[0]!r}"
    )
    note(line if known else Detail(line))


def _listed(table: "CsvTable") -> "Iterator[Request]":
    for line in read_artists(table):
        yield Request(Kind.ID if is_artist_id(line) else Kind.TEXT, line, table)


def _check_known(found: "Sequence[Found]", table: "CsvTable", own: "SpotiTags | None") -> None:
    """Check that a table of names, which has no column of files, names an artist of the catalogue.

    Raises:
        InputError: It names none.
    """
    if own is None or not (column := artist_column(table)):
        return
    if all(isinstance(each.origin, ArtistNotFoundError) for each in found):
        raise unknown_artists(table, column, found[0].ref, own.source)


def _check_unused(source: "SourceOptions") -> None:
    """Check that no option for ids and names is given, for there are none."""
    unused = {
        f"--catalog {source.catalog}": source.catalog not in {None, "auto", "folder"},
        "--also": source.also,
        "--manifest": source.manifest,
    }
    if option := next((name for name, value in unused.items() if value), None):
        raise InputError(f"{option} is for names and ids, and only covers are given: leave it out")


def row_in(catalog: "Catalog", ref: str) -> "Row | None":
    """Return the row of an artist in the table that a catalogue reads; None if it reads none."""
    table = getattr(catalog, "table", None)
    return None if table is None else (table, getattr(catalog, "key", ""), ref)


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

    def find(self, request: Request) -> "list[Found]":
        """Return the artists of one request, or its error."""
        kind, text, table = request
        row = (table, column, text) if table and (column := artist_column(table)) else None
        try:
            if kind is Kind.COVERS:
                path = Path(text)
                catalog = self._opened.setdefault(path.resolve(), open_covers(self.open_table(path)))
                found = catalog.artists()
                if len(found) == 1:
                    self._report_limit(text, len(catalog.albums(found[0].id, sys.maxsize)))
                return [Found(catalog, artist.id, row_in(catalog, artist.id)) for artist in found]
            own = cast("Catalog", self.own)
            known = kind is Kind.ID or (kind is Kind.TEXT and self._artists.is_id(text))
            ref = text if known else _find_name(own, text)
            return [Found(own, ref, row or row_in(own, ref))]
        except SpotiTagsError as error:
            if isinstance(error, InputError) and kind is Kind.COVERS and Path(text).is_file():
                raise  # a table that must be corrected
            return [Found(error, text, row)]

    def _report_limit(self, text: str, covers: int) -> None:
        if covers > self.albums:
            note(
                f"{text}: of {covers} covers the first {self.albums} different ones are used, as many as "
                f"--albums says (10 by default); --albums {covers} uses all"
            )

    @cached_property
    def _artists(self) -> ArtistFinder:
        return ArtistFinder(cast("Catalog", self.own))


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
            raise several_artists(name, found)
        chosen = found[0] if len(found) == 1 else _choose(f"several artists fit {name!r}. Which one?", found)
        if chosen is None:
            raise ArtistNotFoundError(f"none of the artists that fit {name!r} was chosen")
    expected = len(found) == 1 and same_name(name, chosen.name)
    line = f"artist {chosen.id}: {match_line(chosen)}"
    note(Detail(line) if expected else line)
    return chosen.id


def _choose(question: str, matches: "Sequence[Match]") -> "Match | None":
    """Let the user choose one of the artists by number, or none."""
    if not matches:
        return None
    message(question)
    for number, match in enumerate(matches, start=1):
        message(f"{number:>3}  {match_line(match)}")
    number = -1
    while not 0 <= number <= len(matches):
        number = typer.prompt(f"1 to {len(matches)}, or 0 for none", default=1, type=int, err=True)
    return matches[number - 1] if number else None
