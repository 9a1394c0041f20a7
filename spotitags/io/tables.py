"""Tables as CSV and Parquet files."""

from __future__ import annotations

import csv
import io
import re
from typing import IO, TYPE_CHECKING, Final, TextIO

from spotitags.errors import NotInstalledError
from spotitags.io.output import output_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Cell = str | float | int | bool | None

_FORMULA: Final = re.compile("'*[=+@\t\r-]")


def harmless(cell: Cell) -> Cell:
    """Put a ``'`` before text that a spreadsheet would run as a formula (``= + - @`` or a tab in front).

    Text that begins so behind a ``'`` gets one more: `spotitags.catalogs.csv_table.CsvTable` then reads all
    text as it was. Source: OWASP, "CSV Injection".

    >>> harmless("=1+1"), harmless(-1.5), harmless("AC/DC")
    ("'=1+1", -1.5, 'AC/DC')
    """
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def write_csv(
    stream: TextIO, columns: Iterable[str], rows: Iterable[Sequence[Cell]], *, raw: bool = False
) -> None:
    """Write a header, and then each row as soon as the iterable yields it.

    Args:
        stream: Text stream that does not translate line ends.
        columns: Names of the columns.
        rows: Cells of each row; None is an empty cell.
        raw: True writes text as it is, False makes it `harmless`.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns if raw else map(harmless, columns))
    for row in rows:
        cells = row if raw else map(harmless, row)
        writer.writerow([str(cell).lower() if isinstance(cell, bool) else cell for cell in cells])


def write_parquet(path: Path, columns: Mapping[str, type], rows: Iterable[Sequence[Cell]]) -> None:
    """Write all rows to one Parquet file, which appears when it is complete.

    Args:
        path: The file.
        columns: Names of the columns, with ``str``, ``float``, ``int`` or ``bool``.
        rows: Cells of each row; None is a missing value.

    Raises:
        NotInstalledError: pyarrow is missing.
        InputError: The file cannot be written.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise NotInstalledError("a Parquet file", "parquet") from error

    types = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    table = pa.table(dict(zip(columns, values, strict=True)), schema=schema)
    with output_file(path, "--parquet") as file:
        pq.write_table(table, file)


def text_stream(file: IO[bytes]) -> io.TextIOWrapper:
    """Return a stream that writes UTF-8 text to a binary file, which `detach` leaves open."""
    return io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="", write_through=True)
