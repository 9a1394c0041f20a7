from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from helpers.manifests import STYLES, cover, manifest
from helpers.samples import sample

from spotitags.catalogs.labels import load_labelled, read_labels
from spotitags.errors import InputError
from spotitags.evaluation.samples import Samples, collect_samples, counts, select, shared_covers
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_covers_are_known_again_by_album_by_bytes_and_by_look(tmp_path: Path) -> None:
    path = manifest(tmp_path, {"red": "fire", "blue": "sea", "green": "moss"}, covers=4)
    folder = path.parent
    (folder / "blue-1.jpg").write_bytes((folder / "red-1.jpg").read_bytes())
    (folder / "blue-2.jpg").write_bytes(cover("fire", 2, size=250))  # red-2 anew, other pixels
    text = path.read_text().replace("blue-3,Album 3", "red-3,Album 3")
    path.write_text(text)
    spotitags = SpotiTags(manifest=path, tagger="lite", settings=Settings(cache_dir=tmp_path / "cache"))
    found = collect_samples(spotitags, read_labels(path)[0])
    red, blue, green = (each.row.groups for each in found.rows)
    assert [a == b for a, b in zip(red, blue, strict=True)] == [False, True, True, True]
    assert len({*red, *blue, *green}) == 9
    assert shared_covers(found.rows) == set(red[1:])
    digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.jpg")}
    assert {digest for row in found.labelled for digest in row.groups} == digests
    assert [each.id for each in select(found, min_covers=1).rows] == ["red", "blue", "green"]
    assert [len(each) for each in select(found, min_covers=1, drop_shared=True).rows] == [1, 1, 4]
    with pytest.raises(InputError, match="fewer than two genres have artists with 4 unshared covers each"):
        select(found, min_covers=4)


def several(*groups: tuple[str, ...]) -> Samples:
    genres = ["jazz", "pop"] * len(groups)
    return Samples(tuple(sample(f"{i}", genres[i], each) for i, each in enumerate(groups)), {})


def test_artists_with_too_few_covers_of_their_own_are_left_out_and_noted() -> None:
    found = several(("a", "b", "x"), ("c", "d", "x"), ("x", "e"))
    chosen = select(found, min_covers=2)
    assert [list(each.row.groups) for each in chosen.rows] == [["a", "b", "x"], ["c", "d", "x"]]
    assert chosen.notes == (
        "3 covers that several artists have are masked on one side of each fold",
        "1 artist was left out: fewer than 2 covers that no other artist has",
    )
    dropped = select(found, min_covers=2, drop_shared=True)
    assert [list(each.row.groups) for each in dropped.rows] == [["a", "b"], ["c", "d"]]
    assert counts(dropped.rows) == {"jazz": 1, "pop": 1}
    assert len(select(found, min_covers=0).rows) == 3
    with pytest.raises(InputError, match="--min-covers"):
        select(found, min_covers=3)


def test_labelled_rows_are_those_of_the_selected_artists() -> None:
    found = several(("a", "b", "x"), ("c", "d", "x"), ("x", "e"))
    found = replace(found, labelled=tuple(each.row for each in found.rows))
    assert [row.id for row in select(found, min_covers=2).labelled] == ["0", "1"]


def test_a_single_genre_is_named() -> None:
    with pytest.raises(InputError, match="all artists with a result are jazz: label another genre"):
        select(several(("a",)), min_covers=0)


def test_single_covers_of_one_artist_are_one_unit(tmp_path: Path) -> None:
    rows = ["file,genre,artist"]
    for number, style in enumerate(STYLES):
        for i in range(2):
            (tmp_path / f"{style}{i}.jpg").write_bytes(cover(style, 10 * number + i))
        rows += [f"{style}0.jpg,{style},The  Kiln", f"{style}1.jpg,{style},"]
    path = tmp_path / "covers.csv"
    path.write_text("\n".join([*rows, "gone.jpg,sea,"]), encoding="utf-8")
    artists, catalog = load_labelled(path, ("fire", "sea"), single=True)
    settings = Settings(cache_dir=tmp_path / "cache")
    found = collect_samples(
        SpotiTags(catalog=catalog, tagger="lite", settings=settings), artists, single=True
    )
    assert [each.unit for each in found.rows] == [
        "artist the kiln",
        "fire1.jpg",
        "artist the kiln",
        "sea1.jpg",
    ]
    assert list(found.failed) == ["gone.jpg"]
    assert found.notes == ("1 of 5 have no result",)
    with pytest.raises(InputError, match="polka"):
        load_labelled(path, ("polka",), single=True)
