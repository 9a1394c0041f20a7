"""Arguments of the command line by their form: covers on disk, lists of artists, ids and names."""

from __future__ import annotations

import os
import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from spotitags.catalogs.artist_ids import is_artist_id
from spotitags.catalogs.csv_table import SEPARATORS, CsvTable, lists_single_covers
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.catalogs.missing_columns import EXPECTED, check_no_pictures, columns_option
from spotitags.catalogs.pictures import SUFFIXES, is_picture
from spotitags.catalogs.single_covers import SingleCovers
from spotitags.errors import InputError
from spotitags.io.corpus import corpus_files
from spotitags.io.suggestions import nearest, similar_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spotitags.catalogs.base import Catalog
    from spotitags.catalogs.corpus import CorpusCatalog

FILE_ENDINGS: Final = SUFFIXES | {".csv", ".tsv", ".txt", ".json"}
"""Endings by which text is taken for the name of a file."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|spotify:|open\.spotify\.com/|musicbrainz\.org/", re.IGNORECASE)


class Kind(Enum):
    """Kinds of arguments."""

    COVERS = "covers on disk"
    ARTISTS = "list of artists"
    ID = "id of an artist"
    TEXT = "name, or id of a manifest"
    NAME = "name"


class Argument(NamedTuple):
    """An argument and its kind.

    Attributes:
        kind: Kind of the argument.
        text: The argument without spaces around it; of a file or folder its path.
        ambiguous: True for a file or folder whose name could also be an artist's.
    """

    kind: Kind
    text: str
    ambiguous: bool = False


def read_argument(text: str, open_table: Callable[[Path], CsvTable] = CsvTable) -> Argument:
    """Return an argument with its kind: an existing file or folder, else an id, URI or URL, else a name.

    Args:
        text: The argument.
        open_table: Opens the table of a file.

    Raises:
        InputError: The argument is empty, a path that does not exist, or an address that is not an artist's.
    """
    path = Path(text)
    if os.path.exists(text):  # noqa: PTH110 — Path.exists raises an error for a name that is too long
        kind = Kind.ARTISTS if path.is_file() and _lists_artists(path, open_table) else Kind.COVERS
        return Argument(kind, text, ambiguous=not _looks_like_path(text))
    text = text.strip()
    if is_artist_id(text):
        return Argument(Kind.ID, text)
    if not text:
        raise InputError("an argument is empty: give a name, an id, a file or a folder")
    if _ADDRESS.match(text):
        raise InputError(
            f"{text!r} is not the address of an artist: give spotify:artist:<id>, "
            "https://open.spotify.com/artist/<id> or https://musicbrainz.org/artist/<id>"
        )
    if _looks_like_path(text):
        raise InputError(
            f"there is no file or folder {text!r}{similar_path(path)}; for an artist of this name give "
            f"--name {text!r}"
        )
    return Argument(Kind.TEXT, text)


def _looks_like_path(text: str) -> bool:
    separators = {os.sep, os.altsep or os.sep}
    return any(each in text for each in separators) or Path(text).suffix.lower() in FILE_ENDINGS


def _lists_artists(path: Path, open_table: Callable[[Path], CsvTable]) -> bool:
    """Return whether a file has ids or names instead of covers.

    Raises:
        InputError: It is neither a picture nor text.
    """
    if is_picture(path) or corpus_files(path):
        return False
    try:
        table = open_table(path)
        lists_artists = "file" not in table.columns
    except InputError as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            raise InputError(
                f"{path} is neither a picture ({', '.join(sorted(SUFFIXES))}) nor a CSV or list in UTF-8"
            ) from error
        raise
    if lists_artists:
        check_no_pictures(table, ["artist_id"], f"; for its artists in a catalogue give --artists {path}")
    return lists_artists


def open_covers(source: Path | CsvTable) -> FolderCatalog | SingleCovers | CorpusCatalog:
    """Open covers on disk: those of artists, or single covers if a table names no artists.

    Args:
        source: Table, folder of covers, cover, or corpus of tagged covers.
    """
    table = CsvTable.of(source)
    if corpus_files(table.path):
        from spotitags.catalogs.corpus import CorpusCatalog

        return CorpusCatalog(table.path)
    if table.path.is_file() and not is_picture(table.path) and lists_single_covers(table):
        return SingleCovers(table, labelled=False)
    return FolderCatalog(table)


def read_artists(table: CsvTable) -> list[str]:
    """Read the artists of a file, each once: a column of a table, or one id or name per line.

    The column is ``artist_id``, or ``artist_name`` if there is none.

    Empty lines and, without a header, lines that begin with ``#`` are ignored.

    Raises:
        InputError: The file cannot be read or lists no artist.
    """
    path = table.path
    if column := artist_column(table):
        found = [artist for _, (artist,) in table.rows([column])]
    else:
        lines = [line.strip() for line in table.text.splitlines()]
        found = [line for line in lines if line and not line.startswith("#")]
        if found and any(separator in found[0] for separator in SEPARATORS):
            raise table.error(
                1,
                f"no column artist_id and no column file; {EXPECTED}; the first line names "
                f"{table.named_columns()}: rename columns, or add {columns_option(table, ['artist_id'])}",
            )
    if not found:
        raise InputError(f"{path} lists no artist: write one id a line, or a table with a column artist_id")
    return list(dict.fromkeys(found))


def artist_column(table: CsvTable) -> str | None:
    """Return the column of a table with the artists' ids or names; None if it has neither."""
    return next((name for name in ("artist_id", "artist_name") if name in table.columns), None)


def unknown_artists(table: CsvTable, column: str, name: str, catalog: Catalog) -> InputError:
    """Build the error on a table without files of whose artists a catalogue has none.

    Args:
        table: The table.
        column: Column of the artists.
        name: One of them.
        catalog: The catalogue.
    """
    place = "the bundled library" if catalog.name == "library" else f"the catalogue {catalog.name!r}"
    return table.error(
        1,
        f"no column file, and {place} has no artist of the column {table.name_of(column)!r}, such as "
        f"{name!r}; {EXPECTED}; the columns are {table.named_columns()}: "
        f"add {columns_option(table, ['file'])}",
    )


def share_columns(tables: Iterable[CsvTable]) -> None:
    """Leave each table those given columns that it has: users give the columns of all their tables at once.

    Args:
        tables: Tables, folders and pictures of one command, all with the same ``given``.

    Raises:
        InputError: There is no table, or none has one of the given columns.
    """
    tables = list(tables)
    given = dict(tables[0].given) if tables else {}
    files = [table for table in tables if not (table.path.is_dir() or is_picture(table.path))]
    if not given or len(files) == 1:  # a table checks by itself
        return
    if not files:
        raise InputError("--columns is for tables, and there is none: leave it out")
    for name, column in given.items():
        having = [table for table in files if table.has_given(name)]
        if not having:
            near = (table for table in files if nearest(column, table.header))
            raise next(near, files[0]).no_given_column(name)
    for table in files:
        table.given = {name: column for name, column in given.items() if table.has_given(name)}
