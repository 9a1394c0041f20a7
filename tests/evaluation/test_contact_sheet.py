from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers.manifests import cover, labelled, manifest

from spotitags.catalogs.manifest import FolderCatalog
from spotitags.catalogs.single_covers import SingleCovers
from spotitags.errors import InputError
from spotitags.evaluation.contact_sheet import sample_covers

if TYPE_CHECKING:
    from pathlib import Path


def test_each_genre_gets_its_covers_of_as_many_artists_as_there_are(tmp_path: Path) -> None:
    catalog = FolderCatalog(labelled(tmp_path, each=4, covers=3))
    drawn, skipped = sample_covers(catalog, catalog.artists(), per_genre=4)
    assert [(genre.genre, genre.labelled) for genre in drawn] == [("fire", 4), ("moss", 4), ("sea", 4)]
    for genre in drawn:
        assert {cover.album.artist.id for cover in genre.covers} == {f"{genre.genre}{n}" for n in range(4)}
    assert skipped == []
    more, _ = sample_covers(catalog, catalog.artists(), per_genre=7)
    assert [len({cover.digest for cover in genre.covers}) for genre in more] == [7, 7, 7]
    most, _ = sample_covers(catalog, catalog.artists(), per_genre=100)
    assert [len(genre.covers) for genre in most] == [12, 12, 12]


def test_equal_seeds_draw_equal_covers_and_others_other_ones(tmp_path: Path) -> None:
    catalog = FolderCatalog(labelled(tmp_path, each=4, covers=3))

    def files(seed: int) -> list[list[str]]:
        drawn, _ = sample_covers(catalog, catalog.artists(), per_genre=3, seed=seed)
        return [[cover.album.id for cover in genre.covers] for genre in drawn]

    assert files(5) == files(5)
    assert files(5) != files(6)


def test_what_cannot_be_read_is_named_and_replaced(tmp_path: Path) -> None:
    path = manifest(tmp_path, {"red": "fire", "blue": "sea"}, covers=4)
    (tmp_path / "red-1.jpg").write_bytes(b"no picture")
    (tmp_path / "red-2.jpg").unlink()
    catalog = FolderCatalog(path)
    (fire, sea), skipped = sample_covers(catalog, catalog.artists(), per_genre=2, seed=1)
    assert len(fire.covers) == len(sea.covers) == 2
    everything, bad = sample_covers(catalog, catalog.artists(), per_genre=4)
    assert [len(genre.covers) for genre in everything] == [2, 4]
    assert sorted((skipped.cover, skipped.code) for skipped in bad) == [
        ("The red, Album 1", "unknown-format"),
        ("The red, Album 2", "not-found"),
    ]
    assert set(skipped) <= set(bad)


def test_single_covers_are_drawn_once_however_often_they_stand_there(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(cover("fire", 0))
    (tmp_path / "sea.jpg").write_bytes(cover("sea", 0))
    path = tmp_path / "covers.csv"
    path.write_text("file,genre\n0.jpg,fire\n1.jpg,fire\n2.jpg,fire\nsea.jpg,sea\n", encoding="utf-8")
    catalog = SingleCovers(path)
    drawn, _ = sample_covers(catalog, catalog.artists())
    assert [(len(genre.covers), genre.labelled) for genre in drawn] == [(1, 3), (1, 1)]


def test_a_sample_without_a_cover_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "covers.csv"
    path.write_text("file,genre\ngone.jpg,fire\n", encoding="utf-8")
    catalog = SingleCovers(path)
    with pytest.raises(InputError, match=r"not one cover could be used: gone\.jpg not-found"):
        sample_covers(catalog, catalog.artists())
    with pytest.raises(InputError, match="1 cover"):
        sample_covers(catalog, catalog.artists(), per_genre=0)
