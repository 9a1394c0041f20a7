"""Columns of tables by the names that users give them."""

from __future__ import annotations

import csv
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


COLUMNS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "artist_id": ("spotify id", "artist uri", "artist url", "artist mbid", "mbid", "artist"),
        "artist_name": ("name", "artist"),
        "file": ("path", "file path", "filename", "image path", "cover path", "image", "cover"),
        "genre": ("genres", "style", "label", "class"),
        "album_id": (),
        "album_name": ("album", "title"),
        "release_date": ("date", "year"),
    }
)
"""Names of columns, each with other common names, the first found of which is taken."""


def same_column(name: str) -> str:
    """Return what two spellings of one column name have in common: letters and digits, in lower case.

    >>> same_column("Artist ID") == same_column("artist_id")
    True
    """
    return "".join(char for char in name.casefold() if char.isalnum()) or name


def find_columns(header: Sequence[str], given: Mapping[str, str]) -> dict[str, int]:
    """Find the columns of `COLUMNS` in a header.

    Args:
        header: Names of the columns of a file.
        given: By name of `COLUMNS`, the name in the file that the user gave; other names are not tried then.

    Returns:
        Position by name, for each column that the header has. No column has two names, except that of the
        artists' names in a table of covers without ids, where it is the id, too.

    >>> find_columns(["Artist", "Cover"], {})
    {'artist_id': 0, 'file': 1}
    >>> find_columns(["artist", "artist_id", "cover"], {"file": "picture"})
    {'artist_id': 1, 'artist_name': 0}
    """
    spelt = [same_column(name) for name in header]
    found: dict[str, int] = {}
    for name, column in given.items():
        if column in header:
            found[name] = header.index(column)
        elif same_column(column) in spelt:
            found[name] = spelt.index(same_column(column))
    for aliases in (False, True):  # a column under its own name is no other one
        for name, others in COLUMNS.items():
            if name in found or name in given:
                continue
            tried = map(same_column, others if aliases else [name])
            positions = [spelt.index(each) for each in tried if each in spelt]
            free = [position for position in positions if position not in found.values()]
            if free:
                found[name] = free[0]
    if "file" in found and "artist_id" not in found and "artist_name" in found:
        found["artist_id"] = found["artist_name"]
    return {name: found[name] for name in COLUMNS if name in found}


def parse_columns(option: str | None) -> dict[str, str]:
    """Parse the value of ``--columns``.

    Args:
        option: Such as ``artist_id=Artist,file=Cover``; a name with a comma is quoted as in CSV.

    Raises:
        InputError: A part has no ``=``, or its left side is not in `COLUMNS`.

    >>> parse_columns('artist_id=Artist,"file=Cover, front"')
    {'artist_id': 'Artist', 'file': 'Cover, front'}
    """
    given: dict[str, str] = {}
    for part in next(csv.reader([option or ""], skipinitialspace=True), []):
        name, equals, column = (each.strip() for each in part.partition("="))
        if name not in COLUMNS or not equals or not column:
            raise InputError(
                f"--columns cannot read {part.strip()!r}: give NAME=COLUMN, separated by commas, with a NAME "
                f"of {', '.join(COLUMNS)}"
            )
        given[name] = column
    return given
