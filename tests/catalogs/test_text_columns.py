from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from spotitags.catalogs.csv_table import CsvTable
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.catalogs.single_covers import SingleCovers
from spotitags.catalogs.targets import read_numbers
from spotitags.catalogs.text_columns import TextColumns
from spotitags.errors import InputError
from spotitags.records import Album, Artist

if TYPE_CHECKING:
    from pathlib import Path

COVERS = (
    "artist_id,artist_name,genre,file,Lyrics,popularity\n"
    'a,Ann,jazz,1.jpg,"blue, moon",40\n'
    "a,Ann,jazz,2.jpg,,60\n"
    "b,Bob,metal,1.jpg,steel,7\n"
)


def table(folder: Path, text: str) -> CsvTable:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return CsvTable(path)


def test_texts_belong_to_the_cover_of_their_line(tmp_path: Path) -> None:
    covers = table(tmp_path, COVERS)
    texts = TextColumns([covers], ["lyrics"])
    texts.check()
    catalog = FolderCatalog(covers)
    assert texts.of("lyrics", "a", catalog.albums("a", 9)) == ["blue, moon", ""]
    assert texts.of("lyrics", "b", catalog.albums("b", 9)) == ["steel"], "a shared file has a text of each"
    (single,) = SingleCovers(table(tmp_path, "file,genre,lyrics\n1.jpg,jazz,swing\n"), labelled=False).albums(
        "1.jpg", 1
    )
    assert TextColumns([CsvTable(tmp_path / "table.csv")]).of("lyrics", "1.jpg", [single]) == ["swing"]


def test_the_text_of_an_artist_stands_with_each_album(tmp_path: Path) -> None:
    artists = table(tmp_path, "artist_id,genre,lyrics\na,jazz,moon\n")
    albums = [Album(name, name, Artist("id in the catalogue", "Ann")) for name in "xy"]
    assert TextColumns([artists]).of("lyrics", "a", albums) == ["moon", "moon"]
    assert TextColumns([artists]).of("lyrics", "b", albums) == ["", ""]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["lyrix"], r"line 1: no column 'lyrix'.*did you mean.*the columns are artist_id"),
        (["genre"], "gives the answer away"),
        (["artist_name"], "gives the answer away"),
        (["lyrics", "b", "c", "d", "e"], "choose 4 at most"),
    ],
)
def test_columns_that_cannot_be_used_are_named(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TextColumns([table(tmp_path, COVERS)], names).check()


def test_an_empty_column_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no text"):
        TextColumns([table(tmp_path, "artist_id,genre,lyrics\na,jazz,\n")], ["lyrics"]).check()
    with pytest.raises(InputError, match="needs a table"):
        TextColumns([CsvTable(tmp_path)], ["lyrics"]).check()


def test_usual_columns_that_are_not_used_are_named(tmp_path: Path) -> None:
    assert TextColumns([table(tmp_path, COVERS)], []).unused == ["lyrics"]
    assert TextColumns([table(tmp_path, COVERS)], ["LYRICS"]).unused == []


def test_numbers_are_means_of_an_artists_lines(tmp_path: Path) -> None:
    found = read_numbers(table(tmp_path, COVERS), "Popularity")
    assert found.values == {"a": 50, "b": 7}
    assert [artist.name for artist in found.artists] == ["Ann", "Bob"]
    single = read_numbers(table(tmp_path, "file;heard\n1.jpg;0,5\n2.jpg;\n"), "heard")
    assert (single.values, single.left_out) == ({"1.jpg": 0.5}, 1)
    assert single.catalog is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("artist_id,file,heard\na,1.jpg,many\n", "line 2, column 'heard': 'many' is no number; correct it"),
        ("artist_id,file,herd\na,1.jpg,3\n", "no column 'heard'.*did you mean"),
    ],
)
def test_cells_that_are_no_numbers_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_numbers(table(tmp_path, text), "heard")
