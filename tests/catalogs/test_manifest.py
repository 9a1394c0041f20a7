from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers.cover_files import cover

from spotitags.catalogs.labels import read_labels
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.errors import ArtistNotFoundError, InputError
from spotitags.records import Album, Artist, Image

ID = "2ye2Wgw4gimLv2eAKyk1NB"


def csv_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "albums.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_full_manifest_gives_artists_and_albums_in_its_order(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "album_id,album_name,release_date,tracks,artist_id,artist_name,genre,file\n"
        f'a1,"Kiln, Part 1",2012,9,{ID},The Fixtures,folk,images/a1.jpg\n'
        "b1,Quarry,,3,other,,jazz,images/b1.webp\n"
        f"a2,Night Ferry,2015-10-09,8,{ID},The Fixtures,folk,images/a2.jpg\n",
    )
    catalog = FolderCatalog(path)
    fixtures = Artist(ID, "The Fixtures", "folk")
    assert catalog.artists() == [fixtures, Artist("other", None, "jazz")]
    kiln = Album("a1", "Kiln, Part 1", fixtures, (Image(str(tmp_path / "images/a1.jpg")),), "album", "2012")
    assert catalog.albums(ID, 1) == [kiln]
    assert [album.name for album in catalog.albums(ID, 10)] == ["Kiln, Part 1", "Night Ferry"]
    assert catalog.albums("other", 10)[0].release_date is None


def test_two_columns_are_enough(tmp_path: Path) -> None:
    catalog = FolderCatalog(csv_file(tmp_path, "file,artist_id\nx/first light.png,anyone at all\n"))
    assert catalog.artists() == [Artist("anyone at all")]
    album = catalog.albums("anyone at all", 5)[0]
    assert (album.id, album.name, album.images[0].url) == (
        "x/first light.png",
        "first light",
        str(tmp_path / "x/first light.png"),
    )


@pytest.mark.parametrize("form", ["spotify:artist:{}", "https://open.spotify.com/artist/{}?si=1", " {} "])
def test_a_listed_spotify_id_is_found_by_uri_and_url(tmp_path: Path, form: str) -> None:
    catalog = FolderCatalog(csv_file(tmp_path, f"artist_id,file\n{ID},a.jpg\n"))
    assert len(catalog.albums(form.format(ID), 5)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffartist_id,file\r\na,b.jpg\r\n\r\n",
        ' artist_id , file \n"a"," b.jpg "\n',
        "artist_id,file,note\na,b.jpg\n",
    ],
)
def test_marks_line_ends_blanks_and_short_lines_are_no_trouble(tmp_path: Path, text: str) -> None:
    album = FolderCatalog(csv_file(tmp_path, text)).albums("a", 1)[0]
    assert album.images[0].url == str(tmp_path / "b.jpg")


def test_later_lines_may_say_what_earlier_ones_left_out(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "artist_id,file,artist_name,genre\na,1.jpg,,\na,2.jpg,Ann,folk\na,3.jpg,,\n")
    assert FolderCatalog(path).artists() == [Artist("a", "Ann", "folk")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"line 1: no column artist_id and no column file"),
        ("artist_id,album\na,b\n", r"line 1: no column file; .*artist_id, file"),
        (
            "artist_id:file\na:b.jpg\n",
            r"line names artist_id:file: rename columns, or add --columns",
        ),
        ("artist_id,file\n", r"lists nothing"),
        ("artist_id,file\na,1.jpg\n\n ,2.jpg\n", r"line 4, column 'artist_id': the artist_id is empty"),
        ("artist_id,file\na,\n", r"line 2, column 'file': the file is empty"),
        ("artist_id,file\na\n", r"line 2, column 'file': the file is empty"),
        (
            "artist_id,file,album_name\na,1.jpg,Kiln, Part 1\n",
            r"line 2: 4 cells below a header of 3; .*quotes",
        ),
        (
            "artist_id,file,genre\na,1.jpg,folk\na,2.jpg,jazz\n",
            r"line 3, column 'genre': artist a is 'jazz' here",
        ),
        ('artist_id,file\n"a,1.jpg\n', r"line 2: not CSV"),
        ("artist_id,file\na,1\0.jpg\n", r"line 2, column 'file': the file contains a NUL"),
        (b"\xff\xfea\0r", r"is not UTF-8 text"),
        (b"artist_id,file\nBj\x81rk,1.jpg\n", r"is not UTF-8 text"),
        (b"a\0r\0t\0i\0s\0t\0,\0f\0i\0l\0e\0\n\0", r"line 1: the first line has NUL characters"),
    ],
)
def test_a_bad_manifest_is_told_by_file_and_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = csv_file(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        FolderCatalog(path).artists()
    assert str(path) in str(caught.value)


def test_no_file_at_all_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        FolderCatalog(tmp_path / "none.csv").artists()


def test_an_unlisted_artist_is_not_found(tmp_path: Path) -> None:
    catalog = FolderCatalog(csv_file(tmp_path, "artist_id,file\na,1.jpg\nb,2.jpg\n"))
    with pytest.raises(ArtistNotFoundError, match="no artist 'c'; it has 2, among them a, b"):
        catalog.albums("c", 1)


def test_a_folder_of_folders_is_a_catalogue(tmp_path: Path) -> None:
    for name in (
        "Zoë/b.JPG",
        "Zoë/a.webp",
        "Zoë/notes.txt",
        "Abe/1.jpeg",
        "Abe/2.png",
        ".git/x.jpg",
        "top.jpg",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "Empty").mkdir()
    catalog = FolderCatalog(str(tmp_path))
    assert catalog.artists() == [Artist("Abe"), Artist("Zoë")]
    albums = catalog.albums("Zoë", 5)
    assert [album.images[0].url for album in albums] == [
        str(tmp_path / "Zoë/a.webp"),
        str(tmp_path / "Zoë/b.JPG"),
    ]
    assert [album.name for album in albums] == ["a", "b"]


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folder_without_covers_says_how_to_lay_them_out(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt", ".hidden.jpg", "a/b/c/too-deep.jpg")
    with pytest.raises(
        InputError, match=r"no covers: give a folder of .*, a folder with such a folder for each"
    ):
        FolderCatalog(tmp_path).artists()


def test_a_folder_of_covers_is_one_artist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "The Fixtures/b.png", "The Fixtures/a.jpg", "The Fixtures/.thumb.jpg")
    catalog = FolderCatalog(tmp_path / "The Fixtures")
    assert catalog.artists() == [Artist("The Fixtures")]
    assert [album.name for album in catalog.albums("The Fixtures", 5)] == ["a", "b"]
    monkeypatch.chdir(tmp_path / "The Fixtures")
    assert FolderCatalog(".").artists() == [Artist("The Fixtures")]


def test_folders_of_genres_give_artists_their_genres(tmp_path: Path) -> None:
    touch(tmp_path, "jazz/Ann/1.jpg", "jazz/Ann/2.jpg", "folk/Bob/1.jpg", "Zoë/1.jpg")
    catalog = FolderCatalog(tmp_path)
    assert catalog.artists() == [Artist("Zoë"), Artist("Bob", None, "folk"), Artist("Ann", None, "jazz")]
    assert catalog.albums("Ann", 5)[1].images[0].url == str(tmp_path / "jazz/Ann/2.jpg")
    with pytest.raises(InputError, match=r"'Zoë' no genre: .*genre/artist"):
        read_labels(tmp_path)
    (tmp_path / "Zoë/1.jpg").unlink()
    assert read_labels(tmp_path) == ([Artist("Bob", None, "folk"), Artist("Ann", None, "jazz")], True)
    assert read_labels(tmp_path, ["jazz"])[0] == [Artist("Ann", None, "jazz")]
    touch(tmp_path, "folk/Ann/3.jpg")
    with pytest.raises(InputError, match="'Ann' in two folders, folk and jazz"):
        FolderCatalog(tmp_path).artists()


def test_a_music_collection_has_one_cover_in_each_album_s_folder(tmp_path: Path) -> None:
    touch(tmp_path, "Ann/Kiln/cover.jpg", "Ann/Kiln/01.mp3", "Ann/Ferry/Folder.JPG", "Bob/Quarry/front.png")
    catalog = FolderCatalog(tmp_path)
    assert catalog.artists() == [Artist("Ann"), Artist("Bob")]
    assert [album.name for album in catalog.albums("Ann", 5)] == ["Ferry", "Kiln"]


def test_a_picture_is_an_artist_with_one_cover(tmp_path: Path) -> None:
    touch(tmp_path, "First Light.JPG")
    path = tmp_path / "First Light.JPG"
    catalog = FolderCatalog(path)
    assert catalog.artists() == [Artist(str(path), "First Light")]
    (album,) = catalog.albums(str(path), 5)
    assert album.images == (Image(str(path)),)


def test_labels_need_no_files(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "artist_id,artist_name,genre,albums\na,Ann,folk,3\nb,,jazz,1\na,Ann,folk,3\n")
    assert read_labels(path)[0] == [Artist("a", "Ann", "folk"), Artist("b", None, "jazz")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("artist_id,file\na,1.jpg\n", "line 1: no column genre"),
        ("artist_id,genre\na,\n", "line 2, column 'genre': the genre is empty"),
        ("artist_id,genre\na,folk\na,jazz\n", "line 3, column 'genre': artist a is 'jazz' here and 'folk'"),
    ],
)
def test_bad_labels_are_told_by_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_labels(csv_file(tmp_path, text))


def test_a_web_address_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "covers.csv"
    path.write_text("artist_id,file\na,https://example.org/cover.jpg\n")
    with pytest.raises(InputError, match="line 2, column 'file': the file is a web address"):
        FolderCatalog(path).artists()


def test_a_folder_named_in_another_encoding_can_be_told(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    there = Path(os.fsdecode(folder))
    there.mkdir()
    (there / "1.jpg").write_bytes(cover())
    catalog = FolderCatalog(tmp_path)
    (artist,) = catalog.artists()
    assert artist.id.encode() == b"caf?"
    (album,) = catalog.albums(artist.id, 10)
    assert Path(album.images[0].url).is_file()
