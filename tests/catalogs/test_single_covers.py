from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from spotitags.catalogs.csv_table import CsvTable, lists_single_covers
from spotitags.catalogs.single_covers import SingleCovers
from spotitags.errors import ArtistNotFoundError, InputError
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from pathlib import Path


def csv_file(folder: Path, text: str) -> Path:
    path = folder / "covers.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_cover_is_an_artist_of_its_own(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "file,genre,artist,year\na.jpg,doom,Kiln,1999\nx/b.webp,pop,,\n")
    covers = SingleCovers(path)
    kiln = Artist("a.jpg", "Kiln", "doom")
    assert covers.artists() == [kiln, Artist("x/b.webp", None, "pop")]
    assert covers.albums("a.jpg", 10) == [Album("a.jpg", "a.jpg", kiln, (Image(str(tmp_path / "a.jpg")),))]
    assert covers.albums("x/b.webp", 10)[0].images[0].url == str(tmp_path / "x/b.webp")
    with pytest.raises(ArtistNotFoundError, match="lists no file"):
        covers.albums("c.jpg", 10)


def test_two_columns_are_enough_and_what_is_wrong_is_said(tmp_path: Path) -> None:
    assert SingleCovers(csv_file(tmp_path, "genre,file\npop,b.jpg\n")).artists() == [
        Artist("b.jpg", None, "pop")
    ]
    for text, message in [
        ("file,genre\na,x\na,y\n", "line 3, column 'file': a is listed twice"),
        ("file\na\n", "no column genre"),
        ("file,genre\na,\n", "line 2, column 'genre': the genre is empty"),
    ]:
        with pytest.raises(InputError, match=message):
            SingleCovers(csv_file(tmp_path, text)).artists()


def test_a_manifest_of_artists_lists_single_covers_too(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "artist_id,file,genre,artist_name\nk,a.jpg,doom,Kiln\nm,b.jpg,pop,\n")
    assert [artist.name for artist in SingleCovers(path).artists()] == ["Kiln", "m"]
    assert not lists_single_covers(CsvTable(path))
    assert lists_single_covers(CsvTable(csv_file(tmp_path, "genre,file\npop,b.jpg\n")))
    assert lists_single_covers(CsvTable(csv_file(tmp_path, "file,artist\na,Kiln\nb,\n"))), "with a gap"
    assert not lists_single_covers(CsvTable(csv_file(tmp_path, "file,artist\na,Kiln\nb,Kiln\n")))
    assert not lists_single_covers(CsvTable(csv_file(tmp_path, "file,artist_id\na,k\nb,\n")))
    with pytest.raises(InputError, match="cannot be read"):
        lists_single_covers(CsvTable(tmp_path / "gone.csv"))


@pytest.mark.parametrize("levels", [1, 2])
def test_a_folder_of_genres_lists_single_covers(tmp_path: Path, levels: int) -> None:
    folders = {1: ("jazz", "folk"), 2: ("jazz/Ann", "folk/Bob")}[levels]
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "1.jpg").touch()
    covers = SingleCovers(tmp_path)
    names = {1: (None, None), 2: ("Bob", "Ann")}[levels]
    bob, ann = folders[1], folders[0]
    assert covers.artists() == [
        Artist(f"{bob}/1.jpg", names[0], "folk"),
        Artist(f"{ann}/1.jpg", names[1], "jazz"),
    ]
    (album,) = covers.albums(f"{ann}/1.jpg", 5)
    assert album.images == (Image(str(tmp_path / ann / "1.jpg")),)
