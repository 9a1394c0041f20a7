"""`spotitags evaluate` and `spotitags results` as a user runs them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from helpers.command_line import spotitags
from helpers.manifests import cover, labelled
from helpers.pages import Page

if TYPE_CHECKING:
    from pathlib import Path

    from helpers.command_line import Run

QUICK = ("--tagger", "lite", "--repeats", "1", "--folds", "2", "--min-covers", "1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache and a folder of runs that the tests of this file share."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def first(home: Path) -> tuple[Path, Run]:
    labels = labelled(home / "drawn covers", lost=True)
    out = home / "runs" / "first"
    return out, spotitags("evaluate", labels, "--out", out, *QUICK, "--curve-repeats", "1", home=home)


def test_labelled_artists_are_evaluated_and_reported(first: tuple[Path, Run]) -> None:
    out, run = first
    assert run.returncode == 3
    assert "lost: none of the 1 covers" in run.stderr
    found = json.loads((out / "scores.json").read_text(encoding="utf-8"))
    assert (found["dataset"], found["name"], found["unit"]) == ("drawn covers", "first", "artist")
    assert found["rows"] == {"fire": 4, "moss": 4, "sea": 4}
    assert list(found["failed"]) == ["lost"]
    assert found["systems"][0]["scores"]["balanced_accuracy"]["value"] == 1
    assert (out / "report.html").stat().st_size > 10_000
    assert "balanced accuracy      1.000" in run.stdout
    assert "report.html" in run.stdout.replace("\n", "")
    assert max(map(len, run.stdout.splitlines())) <= 80


def test_the_report_shows_the_artists_with_covers_and_maps_unless_they_are_not_wanted(
    first: tuple[Path, Run], home: Path
) -> None:
    out, _ = first
    page = Page((out / "report.html").read_text(encoding="utf-8"))
    assert len(page.find("article")) == 12
    assert "Tags that decided" in page.text
    assert [image["alt"] for image in page.find("img")].count("map in colour") > 0
    assert not page.find("script")
    bare = home / "runs" / "bare"
    labels = home / "drawn covers" / "covers.csv"
    spotitags("evaluate", labels, "--out", bare, "--no-covers", *QUICK, "--curve-repeats", "0", home=home)
    text = (bare / "report.html").read_text(encoding="utf-8")
    assert "data:image" not in text
    assert len(Page(text).find("article")) == 12


def test_a_run_is_set_beside_an_earlier_one_and_both_become_a_page(
    first: tuple[Path, Run], home: Path
) -> None:
    out, _ = first
    again = home / "runs" / "again"
    earlier = ("--compare", out / "scores.json")
    labels = home / "drawn covers" / "covers.csv"
    run = spotitags("evaluate", labels, "--out", again, *QUICK, "--curve-repeats", "0", *earlier, home=home)
    assert run.returncode == 3
    assert "drawn covers: again against first" in run.stdout
    assert "12 artists in both, in the same folds" in run.stdout
    later = ("--compare", again / "scores.json")
    alone = spotitags("evaluate", *earlier, *later, home=home)
    assert alone.returncode == 0
    assert alone.stdout in run.stdout
    page = home / "results.md"
    files = [folder / "scores.json" for folder in (out, again)]
    assert spotitags("results", *files, "--out", page, home=home).returncode == 0
    assert "### again" in page.read_text(encoding="utf-8")


def test_the_bundled_library_is_evaluated_without_labels_or_covers(home: Path) -> None:
    out = home / "runs" / "library"
    quick = ("--genres", "jazz,metal", "--repeats", "1", "--folds", "2", "--curve-repeats", "0")
    run = spotitags("evaluate", "--offline", "--out", out, *quick, home=home)
    assert run.returncode == 0, run.stderr
    found = json.loads((out / "scores.json").read_text(encoding="utf-8"))
    assert found["dataset"] == "bundled library"
    assert set(found["rows"]) == {"jazz", "metal"}
    ensemble = found["systems"][0]["scores"]["balanced_accuracy"]
    assert ensemble["low"] > 0.6
    outsiders = found["outsiders"]
    assert outsiders["artists"]["tested"] == sum(found["rows"].values())
    assert outsiders["artists"]["none"] < 0.5 < outsiders["held_out"]["pictures"]["none"]
    assert not {"jazz", "metal", "doom-metal"} & set(outsiders["kinds"])
    assert 'the answer "none of these genres"' in " ".join(run.stdout.split())


def test_single_covers_are_evaluated(home: Path) -> None:
    lines = ["file,genre"]
    for number in range(12):
        style = ("fire", "sea")[number % 2]
        (home / f"{number}.jpg").write_bytes(cover(style, 900 + number))
        lines.append(f"{number}.jpg,{style}")
    (home / "single.csv").write_text("\n".join(lines), encoding="utf-8")
    args = ("--covers", "--dataset", "discs", "--out", home / "runs" / "single", "--curve-repeats", "0")
    run = spotitags("evaluate", home / "single.csv", *args, *QUICK, home=home)
    assert run.returncode == 0, run.stderr
    found = json.loads((home / "runs" / "single" / "scores.json").read_text(encoding="utf-8"))
    assert (found["dataset"], found["unit"], found["covers"]) == ("discs", "cover", 12)
    assert found["curves"]["covers"] == []


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ([], "give LABELS"),
        (["--out", "x"], "give LABELS"),
        (["labels.csv"], "labels.csv"),
        (["missing.csv", "--out", "x"], "missing.csv"),
        (["--compare", "missing.json", "--compare", "missing.json"], "missing.json"),
    ],
)
def test_bad_wishes_are_answered_in_one_line_that_helps(home: Path, args: list[str], word: str) -> None:
    run = spotitags("evaluate", *args, home=home)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("error: ")
    assert word in run.stderr
