"""Data of the page: neighbours are exact, near-duplicates are one, and new covers move no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from helpers.explored import GENRES, explored, gathered
from hypothesis import given
from hypothesis import strategies as st

from spotitags.errors import InputError
from spotitags.explore import build as building
from spotitags.explore.build import build
from spotitags.explore.layout import fit_pca, place_new
from spotitags.explore.neighbours import (
    Neighbours,
    bridges,
    nearest,
    preservation,
    same_covers,
    unit_rows,
)
from spotitags.explore.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture(autouse=True)
def pca_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """Maps without t-SNE, which takes seconds."""
    monkeypatch.setattr(building.places, "map_method", lambda _count: "PCA")


def section(store: Store, file: str, name: str) -> NDArray[Any]:
    kind, place, length = store.meta[file][name]  # type: ignore[index]
    return np.frombuffer(store.read(file), f"<{kind}", length, place)


@given(count=st.integers(2, 40), k=st.integers(1, 12), seed=st.integers(0, 99))
def test_neighbours_are_those_of_all_pairs(count: int, k: int, seed: int) -> None:
    units = unit_rows(np.random.default_rng(seed).normal(size=(count, 5)).astype(np.float32))
    found = nearest(units, k)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -np.inf)
    best = np.sort(cosines, axis=1)[:, ::-1][:, : min(k, count - 1)]
    np.testing.assert_allclose(found.similarity, best, atol=1e-6)
    assert all(row not in near for row, near in enumerate(found.ids.tolist()))


@given(groups=st.integers(1, 6), size=st.integers(3, 6), seed=st.integers(0, 99))
def test_bridges_join_all_covers(groups: int, size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    centres = np.eye(8)[:groups].repeat(size, axis=0) * 10
    units = unit_rows((centres + random.normal(size=centres.shape) * 0.1).astype(np.float32))
    near = nearest(units, 2)
    links = [(row, int(other)) for row, others in enumerate(near.ids) for other in others]
    added = bridges(units, near)
    reached, todo = {0}, [0]
    neighbours: dict[int, set[int]] = {row: set() for row in range(len(units))}
    for a, b in [*links, *added.tolist()]:
        neighbours[a].add(b)
        neighbours[b].add(a)
    while todo:
        for other in neighbours[todo.pop()] - reached:
            reached.add(other)
            todo.append(other)
    assert len(reached) == len(units)
    assert len(added) <= 2 * groups


def test_near_duplicates_are_one_cover() -> None:
    units = unit_rows(np.array([[1, 0], [0, 1], [1, 0.01], [0.02, 1], [1, 1]], np.float32))
    assert same_covers(units, 0.99).tolist() == [0, 1, 0, 1, 4]


def test_near_duplicates_are_listed_with_the_cover_that_stands_for_them(tmp_path: Path) -> None:
    data = gathered(range(12))
    data.vectors[7] = data.vectors[4]
    store = Store(tmp_path)
    build(store, data, {"name": "x", "fingerprint": ""})
    meta = store.meta
    assert meta is not None
    assert (meta["count"], meta["copies"]) == (11, 1)
    texts = json.loads(store.read("texts.json"))
    ((row, copies),) = texts["copies"].items()
    assert texts["title"][int(row)] == "Album 4"
    assert [title for _, title in copies] == ["Album 7"]
    assert section(store, "points.bin", "number").tolist() == [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11]


def test_new_covers_move_no_other(tmp_path: Path) -> None:
    store = explored(tmp_path, 30)
    before = section(store, "points.bin", "map").copy()
    build(store, gathered(range(30, 40)), {"name": "x", "fingerprint": ""})
    after = section(store, "points.bin", "map")
    assert len(after) == 80
    np.testing.assert_array_equal(after[:60], before)
    assert section(store, "points.bin", "number").tolist() == list(range(40))
    assert len(store.thumb(35)) > 0


def test_a_new_cover_lies_between_its_nearest_ones() -> None:
    places = np.array([[0, 0], [2, 0], [9, 9]], np.float32)
    placed = place_new(places, np.array([[0.9, 0.9, 0.1]]), np.array([[0, 1, 2]]))
    np.testing.assert_allclose(placed, [[1, 0]], atol=0.01)


def test_neighbours_on_a_good_map_are_preserved_and_on_a_random_one_are_not() -> None:
    random = np.random.default_rng(0)
    flat = random.normal(size=(200, 2)).astype(np.float32)
    distances = ((flat[:, None] - flat[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    near = Neighbours(
        np.argsort(distances, axis=1)[:, :15].astype(np.uint32), np.zeros((200, 15), np.float32)
    )
    assert preservation(near, flat) == 1
    assert preservation(near, random.permutation(flat)) < 0.2


def test_principal_components_are_those_of_the_decomposition() -> None:
    random = np.random.default_rng(0)
    vectors = (random.normal(size=(80, 12)) * np.linspace(5, 0.5, 12)).astype(np.float32)
    axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)[2][:3]
    found = fit_pca(vectors, 3).axes
    np.testing.assert_allclose(np.abs((found * axes).sum(axis=1)), 1, atol=1e-3)


def test_columns_of_the_page_are_those_of_the_covers(tmp_path: Path) -> None:
    store = explored(tmp_path, 20)
    meta = store.meta
    assert meta is not None
    assert meta["genres"] == list(GENRES)
    assert section(store, "points.bin", "truth").tolist() == [number % 3 for number in range(20)]
    assert section(store, "details.bin", "year").tolist() == list(range(1960, 1980))
    assert section(store, "details.bin", "numbers").tolist() == [100.0 * number for number in range(20)]
    tags = section(store, "details.bin", "tag").reshape(20, -1)
    assert meta["tags"][tags[2, 0]] == "metal sign"


def test_covers_without_pictures_are_drawn_in_their_colour(tmp_path: Path) -> None:
    store = explored(tmp_path, 12, pictures=False)
    assert not section(store, "points.bin", "hasPicture").any()
    assert store.thumb(3) == b""


def test_damaged_data_are_an_error_with_the_next_step(tmp_path: Path) -> None:
    store = explored(tmp_path, 12)
    (tmp_path / "vectors.npy").write_bytes(b"no array")
    with pytest.raises(InputError, match="--rebuild"):
        store.gathered()
