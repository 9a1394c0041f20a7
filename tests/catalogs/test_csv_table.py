from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from spotitags.catalogs.csv_table import CsvTable
from spotitags.catalogs.labels import read_labels
from spotitags.errors import InputError

if TYPE_CHECKING:
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


def test_a_column_of_files_makes_labels_a_manifest(tmp_path: Path) -> None:
    for columns, with_covers in (("artist_id,genre,file", True), ("artist_id,genre,tracks", False)):
        (tmp_path / "labels.csv").write_text(f"{columns}\na,jazz,1.jpg\n")
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
