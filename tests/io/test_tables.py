from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.io.tables import harmless, write_csv, write_parquet

if TYPE_CHECKING:
    from pathlib import Path


STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@given(st.text() | st.builds(str.__add__, st.sampled_from(STARTS), st.text()))
def test_no_cell_is_a_formula_and_no_two_cells_become_one(text: str) -> None:
    cell = str(harmless(text))
    assert not cell.startswith(STARTS)
    assert cell in (text, f"'{text}")
    assert (cell != text) == text.lstrip("'").startswith(STARTS)


@pytest.mark.parametrize("cell", [-1, -0.5, True, None])
def test_numbers_stay_numbers(cell: float | None) -> None:
    assert harmless(cell) is cell


def test_cells_are_harmless_unless_raw() -> None:
    row = ["=HYPERLINK(1)", -0.25, True, False, None, "a,b"]
    for raw, first in ((False, "'=HYPERLINK(1)"), (True, "=HYPERLINK(1)")):
        stream = io.StringIO()
        write_csv(stream, ["@x", "b", "c", "d", "e", "f"], [row], raw=raw)
        header, cells = csv.reader(io.StringIO(stream.getvalue()))
        assert header[0] == ("@x" if raw else "'@x")
        assert cells == [first, "-0.25", "true", "false", "", "a,b"]


def test_every_row_is_one_row_whatever_line_ends_its_text_has(tmp_path: Path) -> None:
    rows = [["a\rb", "c"], ["d\n", "e\r\nf"], ["g", ""]]
    file = tmp_path / "t.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        write_csv(stream, ["x", "y"], rows)
    with file.open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [["x", "y"], *rows]
    assert file.read_bytes().endswith(b"g,\n")


def test_parquet_keeps_types_and_missing_values(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    columns = {"name": str, "share": float, "covers": int, "sure": bool}
    rows: list[list[str | float | int | bool | None]] = [["=x", 0.5, 3, True], [None, None, None, None]]
    write_parquet(tmp_path / "t.parquet", columns, rows)
    table = pq.read_table(tmp_path / "t.parquet")
    assert [str(field.type) for field in table.schema] == ["string", "double", "int64", "bool"]
    assert [list(row.values()) for row in table.to_pylist()] == rows
    write_parquet(tmp_path / "t.parquet", columns, [])
    assert pq.read_table(tmp_path / "t.parquet").num_rows == 0
