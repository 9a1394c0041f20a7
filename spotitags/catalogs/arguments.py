"""Arguments of the command line by their form: covers on disk, lists of artists, ids and names."""

from __future__ import annotations

import os
import re
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

from spotitags.catalogs.artist_ids import is_artist_id
from spotitags.catalogs.csv_table import CsvTable
from spotitags.catalogs.manifest import SUFFIXES, FolderCatalog
from spotitags.catalogs.single_covers import SingleCovers
from spotitags.errors import InputError

FILE_ENDINGS: Final = SUFFIXES | {".csv", ".tsv", ".txt", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".json"}
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


def read_argument(text: str) -> Argument:
    """Return an argument with its kind: an existing file or folder, else an id, URI or URL, else a name.

    Raises:
        InputError: The argument is empty, a path that does not exist, or an address that is not an artist's.
    """
    path = Path(text)
    if os.path.exists(text):  # noqa: PTH110 — Path.exists raises an error for a name that is too long
        kind = Kind.ARTISTS if path.is_file() and _lists_artists(path) else Kind.COVERS
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
            f"there is no file or folder {text!r}; for an artist of this name give --name {text!r}"
        )
    return Argument(Kind.TEXT, text)


def _looks_like_path(text: str) -> bool:
    separators = {os.sep, os.altsep or os.sep}
    return any(each in text for each in separators) or Path(text).suffix.lower() in FILE_ENDINGS


def _lists_artists(path: Path) -> bool:
    """Return whether a file has ids or names instead of covers.

    Raises:
        InputError: It is neither a picture nor text.
    """
    if path.suffix.lower() in SUFFIXES:
        return False
    table = CsvTable(path)
    try:
        return "file" not in table.columns
    except InputError as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            raise InputError(
                f"{path} is neither a picture ({', '.join(sorted(SUFFIXES))}) nor a CSV or list in UTF-8"
            ) from error
        raise


def open_covers(path: Path) -> FolderCatalog | SingleCovers:
    """Open the catalogue of a manifest, a CSV of single covers, a folder of covers or a cover."""
    if path.is_dir() or path.suffix.lower() in SUFFIXES or "artist_id" in CsvTable(path).columns:
        return FolderCatalog(path)
    return SingleCovers(path)


def read_artists(path: Path) -> list[str]:
    """Read the artists of a file, each once: column ``artist_id`` of a CSV, or one id or name per line.

    Empty lines and, without a header, lines that begin with ``#`` are ignored.

    Raises:
        InputError: The file cannot be read or lists no artist.
    """
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
