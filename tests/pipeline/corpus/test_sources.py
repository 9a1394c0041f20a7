"""Inputs of a corpus: each cover once, with what is known of its artist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers.corpora import write_parquet, write_tar
from helpers.manifests import cover, manifest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.errors import InputError
from spotitags.io.corpus import Part
from spotitags.pipeline.corpus.inputs import open_source
from spotitags.pipeline.corpus.items import CoverItem, missing

if TYPE_CHECKING:
    from pathlib import Path

JPEG = b"\xff\xd8\xff"


def items(source: Path, done: tuple[Part, ...] = (), size: int = 2) -> list[CoverItem]:
    return [item for shard in open_source(source).shards(done, size) for item in shard.items()]


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(JPEG)
    return folder


def artists(found: list[CoverItem]) -> dict[str, tuple[str, str, str]]:
    return {item.file: (item.artist_id, item.genre, item.album_name) for item in found}


def test_folders_name_artists_albums_and_genres(tmp_path: Path) -> None:
    folder = touch(
        tmp_path, "x.jpg", "a/1.jpg", "a/notes.txt", ".hidden/2.jpg", "b/second/cover.jpg", "metal/c/3.png",
        "label/year/d/4.jpg", "label/year/d/fifth/front.jpg",
    )  # fmt: skip
    assert artists(items(folder)) == {
        "x.jpg": ("", "", "x"),
        "a/1.jpg": ("a", "", "1"),
        "b/second/cover.jpg": ("b", "", "second"),
        "metal/c/3.png": ("c", "metal", "3"),
        "label/year/d/4.jpg": ("label/year/d", "", "4"),
        "label/year/d/fifth/front.jpg": ("label/year/d", "", "fifth"),
    }


def test_a_table_has_its_columns_under_common_names(tmp_path: Path) -> None:
    table = tmp_path / "covers.csv"
    table.write_text("Artist;Cover;Album;Genre\nx;1.jpg;First;jazz\n;2.jpg;;\n")
    first, second = items(table)
    assert (first.artist_id, first.album_name, first.genre, first.path) == (
        "x", "First", "jazz", str(tmp_path / "1.jpg"),
    )  # fmt: skip
    assert (second.artist_id, second.file) == ("", "2.jpg")


def test_parquet_has_files_or_bytes_or_structs_of_bytes(tmp_path: Path) -> None:
    numbers = ["1", "2", "3"]
    named = write_parquet(
        tmp_path / "a.parquet", {"artist_id": numbers, "file": [f"{n}.jpg" for n in numbers]}
    )
    inside = write_parquet(
        tmp_path / "b.parquet", {"key": numbers, "jpg": [JPEG, None, JPEG], "genre": ["x"] * 3}
    )
    pictures = [{"bytes": JPEG, "path": f"{n}.png"} for n in numbers]
    structs = write_parquet(tmp_path / "c.parquet", {"image": pictures, "artist": numbers})
    assert [item.path for item in items(named)] == [str(tmp_path / f"{n}.jpg") for n in numbers]
    assert [(item.file, item.data, item.error, item.genre) for item in items(inside)] == [
        ("1", JPEG, "", "x"), ("2", b"", "no-image", "x"), ("3", JPEG, "", "x"),
    ]  # fmt: skip
    assert [(item.file, item.data, item.artist_id) for item in items(structs)] == [
        (f"{n}.png", JPEG, n) for n in numbers
    ]
    assert [item.file for item in items(structs, (Part(0, 1, 2),))] == ["1.png", "3.png"]


def test_tar_files_have_pictures_with_json(tmp_path: Path) -> None:
    write_tar(tmp_path / "0.tar", [
        ("a/1.jpg", JPEG), ("a/1.json", {"artist_id": "x", "genre": "jazz"}),
        ("a/2.json", {"artist": "y", "year": 1999}), ("a/2.png", JPEG), ("a/3.txt", b"?"), ("a/4.jpg", JPEG),
        ("a/4.json", b"no JSON"),
    ])  # fmt: skip
    write_tar(tmp_path / "1.tar", [("5.jpg", JPEG)])
    found = items(tmp_path)
    assert [(item.file, item.artist_id, item.genre, item.release_date, item.error) for item in found] == [
        ("a/1", "x", "jazz", "", ""), ("a/2", "y", "", "1999", ""), ("a/3", "", "", "", "no-image"),
        ("a/4", "", "", "", ""), ("5", "", "", "", ""),
    ]  # fmt: skip
    done = (Part(0, 0, 1), Part(0, 2, 4, last=True))
    assert [item.file for item in items(tmp_path, done)] == ["a/2", "5"]


def test_a_tar_file_that_is_cut_off_ends_with_the_reason(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "0.tar", [(f"{n}.jpg", cover("sea", n)) for n in range(3)])
    path.write_bytes(path.read_bytes()[:20_000])
    *found, last = items(path)
    assert [item.file for item in found] == ["0"]
    assert last.error.startswith("truncated: the rest of 0.tar cannot be read")


def test_an_input_is_described_by_what_it_lists(tmp_path: Path) -> None:
    table = manifest(tmp_path, {"a": "sea"}, covers=2)
    before = open_source(table).describe()
    assert before["covers"] == 2
    table.write_text(table.read_text().replace("Album 1", "Album 2"))
    assert open_source(table).describe() != before
    tar = write_tar(tmp_path / "tar" / "0.tar", [(f"{n}.jpg", JPEG) for n in range(9)])
    assert open_source(tar.parent).describe()["covers"] is None
    assert 5 <= open_source(tar.parent).estimate() <= 20


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone", None, "there is no file or folder"),
        ("x.csv", b"name\nx\n", "no column file"),
        ("x.parquet", b"PAR1", "cannot be read as Parquet"),
    ],
)
def test_an_input_that_is_none_says_why(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        items(tmp_path / name)


def test_parquet_without_covers_names_its_columns(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", {"artist_id": ["1"]})
    with pytest.raises(InputError, match=r"neither a column of covers .* it has artist_id"):
        items(path)


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(0, 30), st.integers(1, 9))
def test_parts_and_what_is_missing_are_all_covers_once(borders: list[int], total: int, size: int) -> None:
    ends = sorted({min(border, total) for border in borders})
    done = [Part(0, start, stop) for start, stop in zip(ends[::2], ends[1::2], strict=False)]
    left = list(missing(done, 0, total, size))
    numbers = [n for start, stop in [*left, *(part[1:3] for part in done)] for n in range(start, stop)]
    assert sorted(numbers) == list(range(total))
    assert all(0 < stop - start <= size for start, stop in left)
