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

FORMULA_STARTS: Final = "=+@\t\r\n\0\uff1d\uff0b\uff0d\uff20-"
"""First characters of text that a spreadsheet may run as a formula, for a character class."""

_FORMULA: Final = re.compile(f"'*[{FORMULA_STARTS}]")


def harmless(cell: Cell) -> Cell:
    """Put a ``'`` before text that a spreadsheet would run as a formula (`FORMULA_STARTS`).

    Text that begins so behind a ``'`` gets one more: `spotitags.catalogs.csv_table.CsvTable` then reads all
    text as it was. Numbers stay as they are. Sources: OWASP, "CSV Injection", and ASVS 5.0, 1.2.10.

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
    writer = csv.writer(_Lines(stream))
    writer.writerow(columns if raw else map(harmless, columns))
    for row in rows:
        cells = row if raw else map(harmless, row)
        writer.writerow([str(cell).lower() if isinstance(cell, bool) else cell for cell in cells])


class _Lines:
    r"""Stream whose lines end with ``\n``, of a writer that ends them with ``\r\n`` and so quotes both."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, line: str) -> int:
        """Write a row."""
        return self.stream.write(line.removesuffix("\r\n") + "\n")


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
