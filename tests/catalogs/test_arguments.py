from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from spotitags.catalogs.arguments import Argument, Kind, open_covers, read_argument
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.catalogs.single_covers import SingleCovers
from spotitags.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

ID = "2ye2Wgw4gimLv2eAKyk1NB"
MBID = "65f4f0c5-ef9e-490c-aee3-909e7ae6b2ab"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (ID, Kind.ID),
        (f" {ID} ", Kind.ID),
        (f"spotify:artist:{ID}", Kind.ID),
        (f"https://open.spotify.com/intl-de/artist/{ID}?si=1", Kind.ID),
        (MBID.upper(), Kind.ID),
        (f"https://musicbrainz.org/artist/{MBID}/releases", Kind.ID),
        ("Metallica", Kind.TEXT),
        ("will.i.am", Kind.TEXT),
        (".38 Special", Kind.TEXT),
        ("...And Oceans", Kind.TEXT),
        ("x" * 5000, Kind.TEXT),
        ("nul\0byte", Kind.TEXT),
    ],
)
def test_text_is_an_id_or_a_name(text: str, kind: Kind) -> None:
    assert read_argument(text) == Argument(kind, text.strip())


@pytest.mark.parametrize(
    "text", ["covers/", "a/b", "cover.JPG", "covers.csv", "ids.txt", "./Metallica", "AC/DC"]
)
def test_a_path_that_does_not_exist_is_not_taken_for_a_name(text: str) -> None:
    with pytest.raises(InputError, match=r"there is no file or folder .*--name '"):
        read_argument(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://open.spotify.com/album/x",
        f"spotify:playlist:{ID}",
        "musicbrainz.org/release/x",
        "http://x.org/a.jpg",
    ],
)
def test_the_address_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not the address of an artist: give spotify:artist:<id>"):
        read_argument(text)


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="an argument is empty"):
        read_argument(text)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("cover.jpg", "", Kind.COVERS),
        ("Cover.PNG", "", Kind.COVERS),
        ("covers.csv", "artist_id,file\na,1.jpg\n", Kind.COVERS),
        ("covers", "genre,file\njazz,1.jpg\n", Kind.COVERS),
        ("ids.csv", "artist_id,genre\na,jazz\n", Kind.ARTISTS),
        ("ids.txt", f"{ID}\n# later\nMetallica\n", Kind.ARTISTS),
        (ID, ID, Kind.ARTISTS),
    ],
)
def test_files_come_before_ids_and_names(here: Path, name: str, content: str, kind: Kind) -> None:
    (here / name).write_text(content, encoding="utf-8")
    assert read_argument(name)[:2] == (kind, name)


def test_a_folder_comes_before_a_name_and_says_so(here: Path) -> None:
    (here / "Metallica").mkdir()
    assert read_argument("Metallica") == Argument(Kind.COVERS, "Metallica", ambiguous=True)
    assert read_argument(f"Metallica{os.sep}") == Argument(Kind.COVERS, f"Metallica{os.sep}")
    assert not read_argument(str(here / "Metallica")).ambiguous


def test_other_files_are_refused_with_the_formats(here: Path) -> None:
    (here / "song.mp3").write_bytes(b"ID3\xff\xfe\x00")
    with pytest.raises(InputError, match=r"song.mp3 is neither a picture \(.*.jpg.*\) nor a CSV or list"):
        read_argument("song.mp3")
    (here / "bad.csv").write_text('"a\n')
    with pytest.raises(InputError, match="not CSV"):
        read_argument("bad.csv")


def test_covers_open_as_what_they_are(here: Path) -> None:
    (here / "covers.csv").write_text("artist_id,file\na,1.jpg\n")
    (here / "single.csv").write_text("file,genre\n1.jpg,jazz\n")
    assert isinstance(open_covers(here), FolderCatalog)
    assert isinstance(open_covers(here / "covers.csv"), FolderCatalog)
    assert isinstance(open_covers(here / "single.csv"), SingleCovers)
