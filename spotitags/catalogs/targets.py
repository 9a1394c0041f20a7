"""Numbers of artists or covers in a column of a table, such as popularity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from spotitags.catalogs.csv_table import add_artist, lists_single_covers
from spotitags.catalogs.missing_columns import check_no_pictures
from spotitags.catalogs.pictures import is_picture
from spotitags.catalogs.single_covers import SingleCovers
from spotitags.errors import InputError
from spotitags.io.suggestions import did_you_mean
from spotitags.records import Artist

if TYPE_CHECKING:
    from spotitags.catalogs.csv_table import CsvTable


class Numbered(NamedTuple):
    """Artists with numbers.

    Attributes:
        artists: Artists, or single covers.
        values: Number of each by its id; the mean of its lines.
        catalog: Catalogue of single covers; None if the table has artists.
        left_out: Number of lines without a number.
    """

    artists: list[Artist]
    values: dict[str, float]
    catalog: SingleCovers | None
    left_out: int


def read_numbers(table: CsvTable, column: str, *, single: bool = False) -> Numbered:
    """Read the artists of a table with the numbers of a column; lines without a number are left out.

    Args:
        table: Table of artists, with or without covers, or of single covers.
        column: Name of the column. Numbers may have a decimal comma.
        single: True takes every cover on its own; a table without artists is always taken so.

    Raises:
        InputError: It is no table, lacks the column, or a cell is no number.
    """
    if table.path.is_dir() or is_picture(table.path):
        raise InputError(f"{table.path} has no column {column!r}: give a table with artist_id, file and it")
    header = {name.casefold(): name for name in table.header}
    if column.casefold() not in header:
        near = did_you_mean(column, table.header)
        raise table.error(1, f"no column {column!r}{near}; the columns are {table.named_columns()}")
    single = single or lists_single_covers(table)
    catalog = SingleCovers(table, labelled=False) if single else None
    if not single:
        check_no_pictures(table, ["artist_id"])
    artists: dict[str, Artist] = {}
    numbers: dict[str, list[float]] = {}
    left_out = 0
    key = "file" if single else "artist_id"
    for line, (ref, cell, name) in table.rows([key], [header[column.casefold()], "artist_name"]):
        if not cell:
            left_out += 1
            continue
        number = _number(cell)
        if number is None:
            raise table.error(line, f"{cell!r:.60} is no number; correct it, or empty the cell", column)
        if not single:
            add_artist(artists, Artist(ref, name or None), table, line)
        numbers.setdefault(ref, []).append(number)
    values = {ref: math.fsum(each) / len(each) for ref, each in numbers.items()}
    listed = (
        [artist for artist in catalog.artists() if artist.id in values] if catalog else [*artists.values()]
    )
    return Numbered(listed, values, catalog, left_out)


def _number(cell: str) -> float | None:
    """Return a number; None if the cell has none.

    >>> _number("61"), _number("0,5"), _number("many"), _number("nan")
    (61.0, 0.5, None, None)
    """
    text = cell.replace(",", ".") if "," in cell and "." not in cell else cell
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
