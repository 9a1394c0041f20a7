"""Covers on disk are read again only if their files changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from spotitags.covers import known_files
from spotitags.covers.known_files import file_states, store_files
from spotitags.io.cache import Cache
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from pathlib import Path

FOUND = ("d" * 64, (300, 200))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """A cache for files that changed just now, too."""
    monkeypatch.setattr(known_files, "_SETTLED", 0)
    return Cache(tmp_path / "cache")


def album(path: Path) -> Album:
    return Album("a", "A", Artist("x"), (Image(str(path)),))


def known(cache: Cache, path: Path) -> dict[str, known_files.Known]:
    return known_files.known_files(cache, [album(path)])


def test_an_unchanged_file_is_known_and_a_changed_one_is_not(cache: Cache, tmp_path: Path) -> None:
    path = tmp_path / "cover.jpg"
    path.write_bytes(b"one")
    store_files(cache, file_states([album(path)]), {str(path): FOUND})
    assert known(cache, path) == {str(path): FOUND}
    before = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as rsync -t and tar do
    assert known(cache, path) == {}
    path.unlink()
    assert known(cache, path) == {}


def test_another_file_of_the_same_size_and_time_is_not_known(cache: Cache, tmp_path: Path) -> None:
    path, other = tmp_path / "cover.jpg", tmp_path / "other.jpg"
    path.write_bytes(b"one")
    other.write_bytes(b"two")
    state = path.stat()
    store_files(cache, file_states([album(path)]), {str(path): FOUND})
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(path)
    assert known(cache, path) == {}


def test_a_file_that_changed_just_now_is_not_stored(tmp_path: Path) -> None:
    cache, path = Cache(tmp_path / "cache"), tmp_path / "cover.jpg"
    path.write_bytes(b"one")
    store_files(cache, file_states([album(path)]), {str(path): FOUND})
    assert known(cache, path) == {}


def test_a_damaged_entry_is_not_used(cache: Cache, tmp_path: Path) -> None:
    path = tmp_path / "cover.jpg"
    path.write_bytes(b"one")
    cache.put(known_files.KIND, str(path), ["d", 1, 2])
    assert known(cache, path) == {}
