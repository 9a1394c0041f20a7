from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.catalogs.csv_table import CsvTable
from spotitags.catalogs.other_columns import free_names, other_columns

if TYPE_CHECKING:
    from pathlib import Path


def test_columns_that_are_not_read_are_kept_by_artist(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(
        "note;artist;cover;style;price\nx;Ann;1.jpg;jazz;1\ny;Ann;2.jpg;jazz\n;Bob;3.jpg;;3\n",
        encoding="utf-8",
    )
    assert other_columns(CsvTable(path), "artist_id") == {
        "Ann": {"note": "x; y", "style": "jazz", "price": "1"},
        "Bob": {"note": "", "style": "", "price": "3"},
    }
    assert other_columns(CsvTable(path), "file")["2.jpg"] == {"note": "y", "style": "jazz", "price": ""}
    assert other_columns(CsvTable(tmp_path), "artist_id") == {}
    path.write_text("file\n1.jpg\n", encoding="utf-8")
    assert other_columns(CsvTable(path), "file") == {}


def test_a_taken_name_is_marked_until_it_is_free() -> None:
    names = dict.fromkeys(["genre", "table_genre", "note"])
    assert free_names(names, {"genre": str}) == {
        "genre": "table_genre", "table_genre": "table_table_genre", "note": "note",
    }  # fmt: skip
