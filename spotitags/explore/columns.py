"""Further columns of a user's tables, by cover: numbers, dates and tags."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from spotitags.catalogs.artist_ids import bare_id
from spotitags.catalogs.columns import same_column
from spotitags.catalogs.pictures import is_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.records import Album

_TAGS: Final = frozenset({"tags", "tag"})
_MIN_SHARE: Final = 0.5  # of the cells of a column that are numbers, for it to be a number column


class OwnCells(NamedTuple):
    """Cells of one cover.

    Attributes:
        numbers: Cells of number columns.
        date: Date of the release; empty if there is none.
        tags: Tags that the table gives.
        title: Title of the album; empty if there is none.
    """

    numbers: Mapping[str, float]
    date: str = ""
    tags: Sequence[str] = ()
    title: str = ""


_EMPTY = OwnCells({})


class TableCells:
    """Cells of tables by cover, or by artist for tables without files.

    Args:
        rows: Table, column of ids and id of each selected artist; None for artists of no table.
    """

    def __init__(self, rows: Iterable[tuple[CsvTable, str, str] | None] = ()) -> None:
        tables = {id(row[0]): row for row in rows if row}
        read = [_read(table, key) for table, key, _ in tables.values()]
        self._cells = {key: cells for found in read for key, cells in found.items()}

    def of(self, album: Album, file: str | None) -> OwnCells:
        """Return the cells of an album's cover.

        Args:
            album: The album.
            file: File of its cover on this machine, if it has one.
        """
        if file is not None and file in self._cells:
            return self._cells[file]
        return self._cells.get(bare_id(album.artist.id), _EMPTY)


@cache
def _read(table: CsvTable, key: str) -> dict[str, OwnCells]:
    """Return the cells of each row, by file or else by artist; the first row of each counts."""
    if table.path.is_dir() or is_picture(table.path):
        return {}
    files = table.columns.get("file")
    place = files if files is not None else table.columns.get(key)
    if place is None:
        return {}
    records = [row for row in table.records() if len(row) > place]
    known = frozenset(table.columns.values())
    own = [position for position, name in enumerate(table.header) if name and position not in known]
    numbers = [position for position in own if _is_number_column(records, position)]
    date = table.columns.get("release_date")
    title = table.columns.get("album_name")
    tags = next((i for i, name in enumerate(table.header) if same_column(name) in _TAGS), None)
    found: dict[str, OwnCells] = {}
    for row in records:
        ref = str(table.path.parent / row[place]) if files is not None else bare_id(row[place])
        values = {table.header[position]: number(_cell(row, position)) for position in numbers}
        kept = {name: value for name, value in values.items() if value is not None}
        split = re.split(r"[;,|]", _cell(row, tags))
        own_tags = tuple(filter(None, (each.strip() for each in split)))
        found.setdefault(ref, OwnCells(kept, _cell(row, date), own_tags, _cell(row, title)))
    return found


def _cell(row: Sequence[str], position: int | None) -> str:
    return row[position] if position is not None and position < len(row) else ""


def _is_number_column(records: Sequence[Sequence[str]], position: int) -> bool:
    filled = [cell for row in records if (cell := _cell(row, position))]
    return bool(filled) and sum(number(cell) is not None for cell in filled) >= _MIN_SHARE * len(filled)


def number(cell: str) -> float | None:
    """Return the number in a cell; None if it has none.

    >>> number("12,345"), number("0.5"), number("many")
    (12345.0, 0.5, None)
    """
    text = cell.replace(" ", "").replace("_", "x")
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
