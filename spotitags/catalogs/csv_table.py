"""Rows of CSV files, with errors that name file and line."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def csv_rows(path: Path, required: Sequence[str], optional: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Line number and stripped cells, required columns first, of every line of a CSV that is not blank.

    Raises:
        InputError: The file cannot be used; the message names the file and the line.
    """
    empty = True
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            places = _places(header, required, optional, path)
            for cells in reader:
                if not cells:
                    continue
                _check_width(cells, header, path, reader.line_num)
                row = [cells[at].strip() if at is not None and at < len(cells) else "" for at in places]
                _check_filled(row, required, path, reader.line_num)
                empty = False
                yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not CSV: {error}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    if empty:
        raise InputError(f"{path} lists nothing: add a line for each cover or artist below the header")


def _places(
    header: list[str], required: Sequence[str], optional: Sequence[str], path: Path
) -> list[int | None]:
    """Where each column stands; None for an optional one that is not there."""
    if missing := [name for name in required if name not in header]:
        raise InputError(
            f"{path}, line 1: no column {' and no column '.join(missing)}; the first line must name "
            f"{', '.join(required)}, separated by commas, and says {','.join(header)[:120]!r}"
        )
    return [header.index(name) if name in header else None for name in (*required, *optional)]


def _check_width(cells: list[str], header: list[str], path: Path, number: int) -> None:
    if len(cells) > len(header):
        raise InputError(
            f"{path}, line {number}: {len(cells)} cells below a header of {len(header)}; "
            "put a cell that contains a comma in double quotes"
        )


def _check_filled(row: list[str], required: Sequence[str], path: Path, number: int) -> None:
    for name, cell in zip(required, row, strict=False):
        if not cell:
            raise InputError(f"{path}, line {number}: the {name} is empty; fill it in or delete the line")
        if "\0" in cell:
            raise InputError(f"{path}, line {number}: the {name} contains a NUL; is this a CSV file?")
