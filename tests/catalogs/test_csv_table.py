from __future__ import annotations

import csv
import io
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spotitags.catalogs.csv_table import SEPARATORS, CsvTable
from spotitags.catalogs.labels import read_labels
from spotitags.errors import InputError
from spotitags.io.tables import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def test_columns_and_rows_come_from_one_reading_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b'\xef\xbb\xbf genre , file ,c\r\n 1 ,"2\r\n3"\r\n\r\n4,5,6\r\n')
    table = CsvTable(path)
    assert table.columns == {"genre": 0, "file": 1}
    path.unlink()
    assert list(table.rows(["file"], ["album_id", "genre"])) == [
        (3, ["2\r\n3", "", "1"]),
        (5, ["5", "", "4"]),
    ]


def test_other_columns_than_those_of_catalogues_are_found_by_their_own_names(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("path;Kind;number of covers\na.jpg;folk;3\n", encoding="utf-8")
    table = CsvTable(path)
    rows = list(table.rows(["file", "kind"], ["number_of_covers", "year"]))
    assert rows == [(2, ["a.jpg", "folk", "3", ""])]
    assert str(table.error(2, "no such kind", "kind")) == f"{path}, line 2, column 'Kind': no such kind"
    with pytest.raises(InputError, match="no column category"):
        list(table.rows(["file", "category"]))
    path.write_text("file,kind,Kind\na.jpg,folk,rock\n", encoding="utf-8")
    with pytest.raises(InputError, match="two columns are called 'kind'"):
        list(CsvTable(path).rows(["file", "kind"]))


def test_a_column_of_files_makes_labels_a_manifest(tmp_path: Path) -> None:
    for columns, with_covers in (("artist_id,genre,file", True), ("artist_id,genre,tracks", False)):
        cell = "1.jpg" if with_covers else "12"
        (tmp_path / "labels.csv").write_text(f"{columns}\na,jazz,{cell}\n")
        assert read_labels(tmp_path / "labels.csv")[1] is with_covers


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'"a,b\n', "line 1: not CSV"),
        (b"\x81", "not UTF-8"),
        (b"PK\x03\x04rest of a workbook", "save the sheet as CSV"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_header_that_cannot_be_read_is_an_input_error(
    tmp_path: Path, data: bytes | None, message: str
) -> None:
    path = tmp_path / "table.csv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        assert CsvTable(path).columns


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    (tmp_path / "table.csv").touch()
    assert CsvTable(tmp_path / "table.csv").columns == {}


def test_a_manifest_is_read_without_labels_and_the_library() -> None:
    code = (
        "import sys, spotitags.catalogs.manifest\n"
        "assert not {'spotitags.catalogs.labels', 'spotitags.catalogs.library.catalog'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


FIELDS = ("artist_id", "artist_name", "file", "genre")
TEXT = st.text(st.characters(codec="cp1252", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=1)
"""Text that all encodings can hold, without spaces around it, which are not kept."""


@given(
    rows=st.lists(st.tuples(*[TEXT] * len(FIELDS)), min_size=1),
    order=st.permutations(FIELDS),
    separator=st.sampled_from(sorted(SEPARATORS)),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    announced=st.booleans(),
)
def test_a_table_reads_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    rows: list[tuple[str, ...]],
    order: Sequence[str],
    separator: str,
    encoding: str,
    line_end: str,
    announced: bool,
) -> None:
    stream = io.StringIO(newline="")
    if announced:
        stream.write(f"sep={separator}{line_end}")
    writer = csv.writer(stream, delimiter=separator, lineterminator=line_end)
    writer.writerow([SPELLINGS[name] for name in order])
    for row in rows:
        cells = dict(zip(FIELDS, map(harmless, row), strict=True))
        writer.writerow([cells[name] for name in order])
    data = stream.getvalue().encode(encoding)
    assume(encoding != "cp1252" or data.isascii() or not _is_utf8(data))
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    found = [tuple(cells) for _, cells in CsvTable(path, notify=lambda _line: None).rows(FIELDS)]
    assert found == rows


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


SPELLINGS = {"artist_id": "Artist ID", "artist_name": "Name", "file": "Path", "genre": "Style"}


@pytest.mark.parametrize(
    ("data", "cells"),
    [
        (b"Artist;Cover;Share\r\nx;a.jpg;0,86\r\n", ["x", "a.jpg"]),
        (b"artist\tcover\nx\ta, b.jpg\n", ["x", "a, b.jpg"]),
        (b'artist_id|file\n"x|y"|"a ""b"".jpg"\n', ["x|y", 'a "b".jpg']),
        (b"artist_id;file;;\nx;a.jpg;;\n;;;\n", ["x", "a.jpg"]),
        (b"\n\nartist_id,file\n\nx,a.jpg\n\n", ["x", "a.jpg"]),
        (b"artist_id;file\nx,y;a.jpg,b\n", ["x,y", "a.jpg,b"]),
        (b"artist_id,file\n'-x,'''=a.jpg\n", ["-x", "''=a.jpg"]),
        (b"artist_id,file\n'Til Tuesday,a.jpg\n", ["'Til Tuesday", "a.jpg"]),
    ],
)
def test_tables_of_spreadsheets_are_understood(tmp_path: Path, data: bytes, cells: list[str]) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    assert [row for _, row in CsvTable(path).rows(["artist_id", "file"])] == [cells]


def test_a_guess_of_the_encoding_is_reported_once(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("artist_id;genre\nBjörk;“pop”\n".encode("cp1252"))
    notes: list[str] = []
    table = CsvTable(path, notify=notes.append)
    assert [cells for _, cells in table.rows(["artist_id", "genre"])] == [["Björk", "“pop”"]]
    assert list(table.columns) == ["artist_id", "genre"]
    assert notes == [f"{path} is not UTF-8: read as Windows-1252; if letters are wrong, save it in UTF-8"]


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("Band;Cover\nx;a.jpg\n", {}, "line 1: no column artist_id; needed are artist_id, file"),
        ("Band;Cover\nx;a.jpg\n", {"artist_id": "Singer"}, "line 1: no column 'Singer' for artist_id"),
        ("artist;Cover\nx;\n", {}, "line 2, column 'Cover': the file is empty"),
        ("artist;Cover\nx;a.jpg\ny;b;c\n", {}, "line 3: 3 cells .* contains a semicolon in double quotes"),
        ("artist,Cover,cover\nx,a,b\n", {}, "line 1: two columns are called 'Cover': rename one"),
        ('sep=;\nartist;file\nx;a.jpg\n"y;b.jpg\n', {}, "line 4: not CSV"),
        ("artist,file\nx,y\n", {"genre": "Style"}, "line 1: no column 'Style' for genre"),
    ],
)
def test_errors_name_line_and_column_as_the_file_does(
    tmp_path: Path, text: str, columns: dict[str, str], message: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        list(CsvTable(path, columns).rows(["artist_id", "file"], ["genre"]))
