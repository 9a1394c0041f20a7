"""``spotitags cache``: what is shown, what is found damaged, and what is removed."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from helpers.command_line import read_screen, spotitags

from spotitags.errors import SettingsError
from spotitags.io.cache import answer_cache

if TYPE_CHECKING:
    from pathlib import Path

PAID = "clarifai:v1:{}"
TAGS = [["skull", 0.5]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A cache with rows of several kinds, and a file."""
    cache = answer_cache(tmp_path)
    cache.put_many("tags", {"lite:v1:a": TAGS, "lite:v1:b": [], "lite embedding:v1:a": [["QUJD" * 20, 1.0]]})
    cache.put("digest", "https://covers.example/a.jpg", "0" * 64)
    cache.put("answer", "1:musicbrainz:artist", {"answer": 1})
    cache.put("calls", "me:album", {"1": 1})
    cache.paid.put_many("tags", {PAID.format(n): TAGS for n in range(3)})
    cache.close()
    cache.paid.close()
    (tmp_path / "lite-labels-1.npz").write_bytes(b"no archive")
    return tmp_path


def contents(home: Path) -> dict[tuple[str, str], int]:
    found = json.loads(spotitags("cache", "info", "--json", home=home).stdout)
    return {(row["kind"], row["service"]): row["entries"] for row in found["contents"]}


ALL = {
    ("covers", "covers.example"): 1,
    ("responses", "musicbrainz"): 1,
    ("tags", "lite"): 2,
    ("features", "lite embedding"): 1,
    ("paid", "clarifai"): 3,
    ("vectors", "lite"): 1,
    ("limits", "me"): 1,
}


def test_info_names_what_there_is_and_what_was_paid_for(home: Path) -> None:
    assert contents(home) == ALL
    found = json.loads(spotitags("cache", "info", "--json", home=home).stdout)
    (paid,) = found["paid"]
    assert (paid["tagger"], paid["covers"]) == ("clarifai", 3)
    assert "billed by the cover" in paid["cost"]
    assert found["bytes"] == sum(row["bytes"] for row in found["contents"])
    shown = spotitags("cache", "info", home=home).stdout
    assert str(home) in shown.replace("\n", "")
    assert "paid for: 3 covers by clarifai; billed by the cover" in shown


def test_info_of_a_folder_that_does_not_exist_makes_none(tmp_path: Path) -> None:
    run = spotitags("cache", "info", home=tmp_path / "none")
    assert run.returncode == 0
    assert "0.0 MB" in run.stdout
    assert not (tmp_path / "none").exists()


def damage(home: Path, statement: str, folder: str = "answers") -> None:
    with closing(sqlite3.connect(home / folder / "cache.db")) as database, database:
        database.execute(statement)


def test_verify_finds_what_is_damaged_and_repair_removes_that_alone(home: Path) -> None:
    damage(home, "UPDATE Cache SET value = '[[' WHERE key = 'tags:lite:v1:b'")
    damage(home, "UPDATE Cache SET mode = 4 WHERE key LIKE 'answer:%'")
    damage(home, "UPDATE Cache SET value = '{}' WHERE key = 'tags:clarifai:v1:1'", "paid-answers")
    run = spotitags("cache", "verify", home=home)
    assert (run.returncode, run.stdout) == (1, "10 entries, 4 damaged\n")
    for fault in ("(tags): not JSON", "pickled", "(paid): not a value", "lite-labels-1.npz (vectors): a dam"):
        assert fault in run.stderr
    found = json.loads(spotitags("cache", "verify", "--json", home=home).stdout)
    assert len(found["damaged"]) == 4
    repaired = spotitags("cache", "verify", "--repair", home=home)
    assert (repaired.returncode, repaired.stdout) == (0, "10 entries, 4 damaged; they were removed\n")
    assert spotitags("cache", "verify", home=home).stdout == "6 entries, 0 damaged\n"
    assert contents(home)["paid", "clarifai"] == 2


@pytest.mark.parametrize("folder", ["answers", "paid-answers"])
def test_a_damaged_database_is_built_anew_from_what_can_be_read(home: Path, folder: str) -> None:
    cache = answer_cache(home)
    part = cache if folder == "answers" else cache.paid
    part.put_many("tags", {f"lite:v1:{n:04}": [["skull " * 50, 0.5]] for n in range(2000)})
    part.close()
    damage(home, "PRAGMA wal_checkpoint(TRUNCATE)", folder)
    file = home / folder / "cache.db"
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 8192] = b"\xff" * 8192
    file.write_bytes(data)
    for name in ("cache.db-wal", "cache.db-shm"):
        (home / folder / name).unlink(missing_ok=True)
    repaired = spotitags("cache", "verify", "--repair", home=home)
    assert repaired.returncode == 0, repaired.stderr
    assert "values were saved" in repaired.stderr
    (aside,) = home.glob(f"{folder}-damaged-*")
    assert (aside / "cache.db").read_bytes() == bytes(data)
    assert contents(home)["tags" if folder == "answers" else "paid", "lite"] > 1500
    assert spotitags("cache", "verify", home=home).returncode == 0


def test_something_else_than_a_database_is_set_aside(home: Path) -> None:
    (home / "answers" / "cache.db").write_bytes(b"not a database" * 999)
    run = spotitags("cache", "info", home=home)
    assert run.returncode == 1
    assert "cache verify --repair" in run.stderr
    assert spotitags("cache", "verify", "--repair", home=home).returncode == 0
    assert contents(home)["paid", "clarifai"] == 3


@pytest.mark.parametrize(
    ("options", "removed"),
    [
        ((), {"covers", "responses", "tags", "features", "vectors"}),
        (("--kind", "tags"), {"tags"}),
        (("--kind", "tags", "--kind", "limits"), {"tags", "limits"}),
        (("--service", "musicbrainz"), {"responses"}),
        (("--service", "clarifai"), set()),
        (("--older-than", "1"), set()),
        (("--older-than", "0"), {"covers", "responses", "tags", "features", "vectors"}),
        (("--all", "--yes"), {kind for kind, _ in ALL}),
        (("--all", "--yes", "--kind", "paid", "--service", "google-vision"), set()),
        (("--all", "--yes", "--kind", "paid"), {"paid"}),
    ],
)
def test_clear_removes_what_is_chosen_and_keeps_what_was_paid_for(
    home: Path, options: tuple[str, ...], removed: set[str]
) -> None:
    run = spotitags("cache", "clear", *options, home=home)
    assert run.returncode == 0, run.stderr
    assert contents(home) == {key: number for key, number in ALL.items() if key[0] not in removed}
    number = sum(number for key, number in ALL.items() if key[0] in removed)
    assert run.stdout.startswith(f"{number} entries removed, ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--all",), "paid for: 3 covers by clarifai; billed by the cover"),
        (("--kind", "paid"), "give --all, too"),
        (("--kind", "nonsense"), "there is no kind 'nonsense': give one of covers, responses"),
    ],
)
def test_clear_refuses_what_could_be_a_mistake(
    home: Path, options: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(os.devnull) as nothing:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdin", nothing)
        run = spotitags("cache", "clear", *options, home=home)
    assert run.returncode == 2
    assert said in run.stderr
    assert contents(home) == ALL


@pytest.mark.parametrize(("typed", "code", "left"), [(b"n\n", 130, 3), (b"y\n", 0, 0)])
def test_clear_all_asks_on_a_terminal(home: Path, typed: bytes, code: int, left: int) -> None:
    terminal, behind = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "spotitags", "cache", "clear", "--all"], stdin=behind, stdout=behind,
        stderr=behind, env=os.environ | {"SPOTITAGS_CACHE_DIR": str(home)},
    ) as process:  # fmt: skip
        os.close(behind)
        os.write(terminal, typed)
        screen = read_screen(terminal).decode()
    assert process.returncode == code
    assert "paid for: 3 covers by clarifai" in screen
    assert contents(home).get(("paid", "clarifai"), 0) == left


def test_it_works_while_another_process_uses_the_cache(home: Path) -> None:
    cache = answer_cache(home)
    assert cache.get("tags", "lite:v1:a") == TAGS
    assert spotitags("cache", "clear", home=home).returncode == 0
    assert cache.get("tags", "lite:v1:a") is None
    cache.put("tags", "lite:v1:a", TAGS)
    assert contents(home)["tags", "lite"] == 1
    cache.close()


def test_a_damaged_setting_of_the_database_is_repaired(home: Path) -> None:
    damage(home, "UPDATE Settings SET key = 'disk_mio_file_size' WHERE key = 'disk_min_file_size'")
    damage(home, "UPDATE Cache SET rowid = 1099511627776 WHERE key LIKE 'calls:%'")  # not counted up to
    before = contents(home)
    with pytest.raises(SettingsError, match=r"settings are damaged .*cache verify --repair"):
        answer_cache(home).get("tags", "lite:v1:a")
    repaired = spotitags("cache", "verify", "--repair", home=home)
    assert repaired.returncode == 0, repaired.stderr
    assert answer_cache(home).get("tags", "lite:v1:a") == TAGS
    after = contents(home)
    for kept in (("tags", "lite"), ("paid", "clarifai"), ("responses", "musicbrainz")):
        assert after[kept] == before[kept]


def test_an_index_that_lacks_a_value_is_repaired(home: Path) -> None:
    cache = answer_cache(home)
    cache.put_many("tags", {f"lite:v1:{n:03}": TAGS for n in range(300)})
    cache.close()
    damage(home, "PRAGMA wal_checkpoint(TRUNCATE)")
    file = home / "answers" / "cache.db"
    data = bytearray(file.read_bytes())
    entry = data.index(
        b"tags:lite:v1:123", data.index(b"tags:lite:v1:123") + 1
    )  # the second one: in an index
    data[entry + 15] ^= 0x08
    file.write_bytes(data)
    repaired = spotitags("cache", "verify", "--repair", home=home)
    assert repaired.returncode == 0, repaired.stderr
    assert "values were saved" in repaired.stderr
    assert answer_cache(home).get("tags", "lite:v1:123") == TAGS
