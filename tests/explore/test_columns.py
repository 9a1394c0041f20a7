"""Number columns, dates and tags of users' tables, by cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.catalogs.csv_table import CsvTable
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.explore.columns import TableCells
from spotitags.explore.selection import Wanted

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """artist_id,album_name,file,year,plays,listeners,tags,note
a,One,one.jpg,1999,"1,200",30,doom metal; sludge,loud
a,Two,two.jpg,2001,7,,,quiet
"""


def test_numbers_of_a_table_belong_to_covers(tmp_path: Path) -> None:
    path = tmp_path / "covers.csv"
    path.write_text(TABLE, encoding="utf-8")
    table = CsvTable(path)
    cells = TableCells([(table, "artist_id", "a")])
    one, two = FolderCatalog(table).albums("a", 9)
    found = cells.of(one, one.images[0].url)
    assert found.numbers == {"plays": 1200.0, "listeners": 30.0}
    assert (found.date, found.tags) == ("1999", ("doom metal", "sludge"))
    assert cells.of(two, two.images[0].url).numbers == {"plays": 7.0}


def test_numbers_of_a_table_of_artists_belong_to_all_of_their_covers(tmp_path: Path) -> None:
    path = tmp_path / "artists.csv"
    path.write_text("artist_id,plays\na,5\n", encoding="utf-8")
    (tmp_path / "covers.csv").write_text("artist_id,file\na,x.jpg\n", encoding="utf-8")
    cells = TableCells([(CsvTable(path), "artist_id", "a")])
    (album,) = FolderCatalog(tmp_path / "covers.csv").albums("a", 1)
    assert cells.of(album, album.images[0].url).numbers == {"plays": 5.0}


def test_data_belong_to_arguments_and_change_with_files(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"1")
    wanted = Wanted([tmp_path], {"tagger": None})
    before = wanted.fingerprint()
    assert wanted.on_disk
    assert Wanted([str(tmp_path)], {"tagger": None}).key == wanted.key
    assert Wanted([tmp_path], {"tagger": ["clip"]}).key != wanted.key
    (tmp_path / "b.jpg").write_bytes(b"2")
    assert Wanted([tmp_path], {"tagger": None}).fingerprint() != before
    assert Wanted([], {}).is_library
    assert not Wanted([], {"name": ["Opeth"]}).is_library
