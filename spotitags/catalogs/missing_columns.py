"""Errors on columns that a table lacks, with the names that it should have and those that it has."""

from __future__ import annotations

import shlex
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

from spotitags.catalogs.pictures import is_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from spotitags.errors import InputError

_READ: Final = 100  # lines in which names of pictures are searched for
EXPECTED: Final = (
    "a table of covers needs artist_id and file (file alone lists single covers), a list of artists artist_id"
)
"""Columns of the kinds of tables."""


class Table(Protocol):
    """The parts of `spotitags.catalogs.csv_table.CsvTable` that these errors need."""

    given: Mapping[str, str]

    @property
    def header(self) -> list[str]:
        """Names of the columns."""
        ...

    @property
    def columns(self) -> Mapping[str, int]:
        """Position of each known column."""
        ...

    def named_columns(self) -> str:
        """Return the names of the columns for a message."""
        ...

    def records(self) -> Iterator[list[str]]:
        """Yield the cells of every line below the header."""
        ...

    def error(self, line: int, message: str) -> InputError:
        """Build an error about one line."""
        ...


def missing_columns(table: Table, missing: Sequence[str], required: Sequence[str]) -> InputError:
    """Build the error on a table without some required columns.

    Args:
        table: The table.
        missing: Required columns that it lacks.
        required: All required columns.
    """
    file = "" if "file" in {*required, *table.columns} else ", and file for covers on disk"
    return table.error(
        1,
        f"no column {' and no column '.join(missing)}; needed are {', '.join(required)}{file}, and the first "
        f"line names {table.named_columns()}: rename columns, or add {columns_option(table, missing)}",
    )


def columns_option(table: Table, missing: Iterable[str]) -> str:
    """Return the option ``--columns`` for missing columns, added to the given ones.

    Where a column names pictures it is that of the files; for others the user finds the name.
    """
    picture = None if "file" in table.columns else picture_column(table)
    wanted = dict(table.given) | dict.fromkeys(missing, "NAME") | ({"file": picture} if picture else {})
    parts = (f"{name}={column}" for name, column in wanted.items())
    option = ",".join(f'"{part}"' if "," in part else part for part in parts)
    named = " with the names that they have" if "NAME" in wanted.values() else ""
    return f"--columns {shlex.quote(option)}{named}"


def picture_column(table: Table) -> str | None:
    """Return the name of the column whose cells name pictures on disk, if no column of files is known."""
    known = set(table.columns.values())
    named: Counter[int] = Counter()
    lines = 0
    for cells in islice(table.records(), _READ):
        lines += 1
        named.update(
            position
            for position, cell in enumerate(cells[: len(table.header)])
            if position not in known and is_picture(cell) and "://" not in cell
        )
    position, count = next(iter(named.most_common(1)), (0, 0))
    return table.header[position] if 2 * count > lines else None


def check_no_pictures(table: Table, required: Sequence[str], hint: str = "") -> None:
    """Check that a table without a column ``file`` names no pictures in another one.

    Args:
        table: The table.
        required: Columns that it needs besides ``file``.
        hint: What else the user may do.

    Raises:
        InputError: One of its columns names pictures; the message tells how to use it.
    """
    if "file" in table.columns or (column := picture_column(table)) is None:
        return
    missing = [name for name in required if name not in table.columns]
    also = "".join(f" and no column {name}" for name in missing)
    columns = f"the columns are {table.named_columns()}, and {column!r} names pictures"
    raise table.error(
        1,
        f"no column file{also}; {columns}: for covers on disk add {columns_option(table, missing)}{hint}",
    )
