"""The answer "none of these genres" on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from helpers.command_line import spotitags
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

BLIND_GUARDIAN = "7jxJ25p0pPjk0MStloN6o6"
NONE = "none of these genres fits; the shares only compare them"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that these tests share."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def void(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of ten plain black squares."""
    folder = tmp_path_factory.mktemp("covers") / "void"
    folder.mkdir()
    for number in range(10):
        Image.new("RGB", (300 + number, 300 + number), "black").save(folder / f"{number}.png")
    return folder


def answer(*args: object, home: Path) -> dict[str, Any]:
    run = spotitags("predict", *args, "--json", home=home)
    assert run.returncode == 0, run.stderr
    (found,) = map(json.loads, run.stdout.splitlines())
    assert isinstance(found, dict)
    return found


def test_black_squares_are_none_of_the_genres_in_words(home: Path, void: Path) -> None:
    run = spotitags("predict", void, "-t", "lite", home=home)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert NONE in lines
    (bar,) = (line for line in lines if line.startswith("none of these  "))
    assert float(bar.split()[-1]) > 0.9
    assert bar.count("█") >= 27
    assert "votes this sure" not in run.stdout
    assert "held-out artists" not in run.stdout, "no rate of a genre that is not named"
    assert max(map(len, lines)) <= 80


def test_black_squares_have_no_genre_in_json_and_still_shares(home: Path, void: Path) -> None:
    found = answer(void, "-t", "lite", home=home)
    assert found["genre"] is None
    assert found["none"] > 0.9
    assert sum(vote["share"] for vote in found["votes"]) == pytest.approx(1, abs=1e-5)
    assert not found["confidence"]["sure"]


def test_blind_guardian_stays_surely_metal(home: Path) -> None:
    args = ("-a", BLIND_GUARDIAN, "--offline")
    found = answer(*args, home=home)
    assert found["genre"] == "metal"
    assert found["none"] < 0.1
    assert found["confidence"]["sure"]
    text = spotitags("predict", *args, home=home).stdout
    assert "votes this sure were right" in text
    assert NONE not in text
    (bar,) = (line for line in text.splitlines() if line.startswith("none of these  "))
    assert float(bar.split()[-1]) == pytest.approx(found["none"], abs=0.006)


def test_without_its_genre_it_is_none_of_those_that_are_left(home: Path) -> None:
    args = ("-a", BLIND_GUARDIAN, "--offline", "--genres", "jazz,country")
    found = answer(*args, home=home)
    assert found["genre"] is None
    assert found["none"] > 0.9
    assert found["confidence"] is None
    explained = spotitags("predict", *args, "--explain", home=home).stdout
    assert NONE in explained
    leading = found["votes"][0]["genre"]
    assert f" say {leading}" in explained
    assert f"evidence for {leading} over " in explained


def test_untrained_votes_know_nothing_of_none(home: Path) -> None:
    args = ("-a", BLIND_GUARDIAN, "--offline", "--zero-shot")
    found = answer(*args, home=home)
    assert found["none"] is None
    assert found["genre"]
    assert "none of these" not in spotitags("predict", *args, home=home).stdout


def test_a_table_leaves_the_genre_empty(home: Path, void: Path) -> None:
    import csv
    import io

    run = spotitags("predict", void, "-t", "lite", "--csv", "-", home=home)
    (row,) = csv.DictReader(io.StringIO(run.stdout))
    assert row["genre"] == ""
    assert row["error"] == ""
    assert row["sure"] == "false"
    assert float(row["none"]) > 0.9
