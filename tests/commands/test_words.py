"""`spotitags words` as a user runs it."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from helpers.command_line import spotitags
from helpers.manifests import labelled

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache and drawn covers that the tests of this file share."""
    folder = tmp_path_factory.mktemp("home")
    labelled(folder / "drawn", each=6)
    return folder


def test_two_genres_of_the_bundled_library_are_compared(home: Path) -> None:
    run = spotitags("words", "--genre", "country", "--against", "jazz", home=home)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0].startswith("country  15 artists, ")
    more, less = (
        next(i for i, line in enumerate(lines) if side in line) for side in ("more often", "less often")
    )
    assert any("jeans" in line for line in lines[more:less])
    assert any("white text on black" in line and line.startswith("*") for line in lines[less:])
    assert "157 covers that several artists have were left out" in run.stdout


def test_covers_of_ones_own_as_json_csv_and_page(home: Path) -> None:
    labels = home / "drawn" / "covers.csv"
    run = spotitags("words", labels, "--tagger", "lite", "--json", "--out", home / "words.html", home=home)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert [genre["genre"] for genre in found["genres"]] == ["fire", "moss", "sea"]
    sea = {word["word"]: word for word in found["genres"][2]["words"]}
    assert sea["blue"]["sure"]
    assert sea["blue"]["low"] > 0
    assert sea["red"]["effect"] < 0
    assert "blue" in (home / "words.html").read_text(encoding="utf-8")
    table = spotitags("words", labels, "--tagger", "lite", "--genre", "sea", "--csv", "-", home=home)
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert {row["word"] for row in rows} == set(sea)
    assert float(next(row["effect"] for row in rows if row["word"] == "blue")) == pytest.approx(
        sea["blue"]["effect"], abs=0.3
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--genre", "polka"], "no artist has the genre 'polka': choose from"),
        (["--against", "jazz"], "give the genre to compare, too (--genre)"),
        (["--genre", "jazz", "--json", "--csv", "-"], "exclude each other"),
    ],
)
def test_what_cannot_be_compared_is_a_usage_error(home: Path, options: list[str], message: str) -> None:
    run = spotitags("words", *options, home=home)
    assert run.returncode == 2
    assert message in " ".join(run.stderr.split())
