from __future__ import annotations

import pickle
import sqlite3
import zlib
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import diskcache
import pytest
from diskcache import Timeout
from hypothesis import given
from hypothesis import strategies as st

from spotitags.errors import SettingsError
from spotitags.io.cache import Cache, PicklelessDisk

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    cache = Cache(tmp_path_factory.mktemp("cache"))
    yield cache
    cache.close()


@given(key=st.text(st.characters(codec="utf-8"), max_size=40), value=JSON)
def test_gives_back_what_was_put(shared: Cache, key: str, value: object) -> None:
    shared.put("kind", key, value)
    assert shared.get("kind", key) == value
    assert shared.get("other kind", key) is None


def test_keeps_answers_between_openings_and_for_the_owner_alone(cache: Cache) -> None:
    cache.put_many("tags", {"a": [["skull", 0.5]], "b": []})
    cache.close()
    again = Cache(cache.folder)
    assert again.get_many("tags", ["a", "missing", "b"]) == [[["skull", 0.5]], None, []]
    assert again.volume() > 0
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    again.close()


def test_an_answer_past_its_time_is_gone(cache: Cache) -> None:
    cache.put("albums", "artist", ["x"], seconds=-1)
    assert cache.get("albums", "artist") is None


def test_a_planted_pickle_is_never_read(cache: Cache, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (open, (str(tmp_path / "sprung"), "w"))  # type: ignore[return-value]

    cache.put("tags", "a", "harmless")
    cache.close()
    with sqlite3.connect(cache.folder / "cache.db") as database:
        database.execute("UPDATE Cache SET mode = 4, value = ?", (pickle.dumps(Trap()),))
    database.close()
    with pytest.raises(SettingsError, match="cache verify --repair"):
        cache.get("tags", "a")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("value", [1, 1.5, None, ("a",)])
def test_the_disk_writes_no_pickle(tmp_path: Path, value: object) -> None:
    store = diskcache.Cache(str(tmp_path), disk=PicklelessDisk)
    with pytest.raises(TypeError):
        store.set("key", value)
    with pytest.raises(TypeError):
        store.set(value, "text")
    store.close()


def test_a_damaged_answer_counts_as_missing(cache: Cache) -> None:
    cache.put_many("tags", {"a": [1], "b": [2]})
    cache.close()
    with sqlite3.connect(cache.folder / "cache.db") as database:
        database.execute("UPDATE Cache SET value = '[[' WHERE key = 'tags:a'")
    database.close()
    assert cache.get_many("tags", ["a", "b"]) == [None, [2]]
    cache.put("tags", "a", [3])
    assert cache.get("tags", "a") == [3]


def test_a_cache_held_by_another_program_is_not_to_be_deleted(cache: Cache) -> None:
    error = Timeout("database is locked")
    assert "delete" not in cache._advice(error)
    assert "try again" in cache._advice(error)


def test_an_existing_folder_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    cache = Cache(tmp_path)
    cache.put("tags", "a", [])
    cache.close()
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="SPOTITAGS_CACHE_DIR"):
        Cache(tmp_path / "file").get("tags", "a")


def test_a_damaged_database_is_named(cache: Cache) -> None:
    cache.put("tags", "a", [])
    cache.close()
    (cache.folder / "cache.db").write_bytes(b"not a database" * 999)
    with pytest.raises(SettingsError, match="cache verify --repair"):
        cache.get("tags", "a")


def test_what_was_paid_for_never_makes_room_for_others(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "answers", 1)
    cache.paid.put("tags", "paid", [1])
    for n in range(400):
        cache.put("tags", f"free{n}", "x" * 10_000)
        cache.paid.put("tags", f"paid{n}", "x" * 10_000)
    assert cache.get("tags", "free0") is None
    assert cache.paid.get("tags", "paid") == [1]
    assert len(cache.paid.keys("tags")) == 401
    cache.close()
    cache.paid.close()


def test_moved_values_leave_nothing_behind_and_replace_nothing(cache: Cache) -> None:
    cache.put_many("tags", {f"clarifai:{n}": [n] for n in range(1200)} | {"lite:1": [0]})
    cache.paid.put("tags", "clarifai:7", ["newer"])
    cache.move("tags", "clarifai:", cache.paid)
    assert cache.keys("tags") == ["lite:1"]
    assert len(cache.paid.keys("tags", "clarifai:")) == 1200
    assert cache.paid.get_many("tags", ["clarifai:7", "clarifai:8"]) == [["newer"], [8]]
    cache.paid.close()


def test_keys_make_no_database(tmp_path: Path) -> None:
    assert Cache(tmp_path / "none").keys("tags") == []
    assert not (tmp_path / "none").exists()


def test_a_relative_folder_is_one_like_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = Cache(Path("answers"))
    cache.put("tags", "a", [1])
    assert cache.keys("tags") == ["a"]
    cache.close()


@given(value=JSON, data=st.data())
def test_one_changed_bit_of_a_value_is_noticed(shared: Cache, value: object, data: st.DataObject) -> None:
    shared.put("kind", "changed", value)
    with sqlite3.connect(shared.database) as database:
        (text,) = database.execute("SELECT value FROM Cache WHERE key = 'kind:changed'").fetchone()
        stored = bytearray(text.encode())
        bit = data.draw(st.integers(0, 8 * len(stored) - 1))
        stored[bit // 8] ^= 1 << bit % 8
        database.execute(
            "UPDATE Cache SET value = CAST(? AS TEXT) WHERE key = 'kind:changed'", (bytes(stored),)
        )
    database.close()
    with suppress(SettingsError):  # no UTF-8 any more
        assert shared.get("kind", "changed") is None


def test_a_value_does_not_move_to_a_key_that_was_changed(shared: Cache) -> None:
    shared.put("kind", "1", "of 1")
    shared.volume()
    with closing(sqlite3.connect(shared.database)) as database, database:
        database.execute("UPDATE Cache SET key = 'kind:9' WHERE key = 'kind:1'")  # one bit
    assert shared.get_many("kind", ["1", "9"]) == [None, None]


def test_a_checksum_of_an_earlier_version_leaves_the_key_out(shared: Cache) -> None:
    shared.put("kind", "a", "")
    with closing(sqlite3.connect(shared.database)) as database, database:
        database.execute("UPDATE Cache SET value = ?", (f"[1]#{zlib.crc32(b'[1]'):08x}",))
    assert shared.get("kind", "a") == [1]


def test_a_value_of_an_earlier_version_has_no_checksum(shared: Cache) -> None:
    shared.put("kind", "earlier", 0)
    with sqlite3.connect(shared.database) as database:
        database.execute("UPDATE Cache SET value = '[\"#0123abcd\", 0.5]' WHERE key = 'kind:earlier'")
    database.close()
    assert shared.get("kind", "earlier") == ["#0123abcd", 0.5]
