"""`spotitags leaderboard` and `spotitags sample` as a user runs them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from helpers.command_line import spotitags
from helpers.manifests import cover, labelled
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from helpers.command_line import Run

COLOURS = ("--tagger", "lite", "--model", "colour-knn", "--model", "pca-forest", "--min-covers", "1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def labels(home: Path) -> Path:
    """Artists whose covers' colours say their genre, and one whose cover is lost."""
    return labelled(home / "drawn covers", lost=True)


@pytest.fixture(scope="module")
def ranked(labels: Path, home: Path) -> tuple[Path, Run]:
    out = home / "board"
    return out, spotitags("leaderboard", labels, "--out", out, *COLOURS, "--folds", "4", home=home)


def without_times(found: dict[str, Any]) -> dict[str, Any]:
    rows = [{key: row[key] for key in row if "seconds" not in key} for row in found["standings"]]
    return {key: found[key] for key in found if key != "seconds"} | {"standings": rows}


def test_artists_whose_colours_say_the_genre_are_told_apart_by_colours(ranked: tuple[Path, Run]) -> None:
    out, run = ranked
    assert run.returncode == 3
    assert "lost: none of the 1 covers" in run.stderr
    found = json.loads((out / "leaderboard.json").read_text(encoding="utf-8"))
    assert (found["dataset"], found["unit"], found["folds"]) == ("drawn covers", "artist", 4)
    assert [row["scores"]["balanced_accuracy"]["value"] for row in found["standings"]] == [1, 1]
    assert found["blend"]["scores"]["balanced_accuracy"]["value"] == 1
    assert "colour-knn" in run.stdout
    assert "chance is 0.33" in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80
    assert "</html>" in (out / "leaderboard.html").read_text(encoding="utf-8")


def test_the_same_is_said_again_and_as_json(labels: Path, ranked: tuple[Path, Run], home: Path) -> None:
    run = spotitags("leaderboard", labels, *COLOURS, "--folds", "4", "--json", home=home)
    first = json.loads((ranked[0] / "leaderboard.json").read_text(encoding="utf-8"))
    assert without_times(json.loads(run.stdout)) == without_times(first)


def test_pairs_of_single_covers(home: Path) -> None:
    lines = ["file,genre"]
    for number in range(20):
        style = ("fire", "sea")[number % 2]
        (home / f"{number}.jpg").write_bytes(cover(style, 900 + number))
        lines.append(f"{number}.jpg,{style}")
    (home / "single.csv").write_text("\n".join(lines), encoding="utf-8")
    args = ("--pairs", "--tagger", "lite", "--dataset", "discs", *COLOURS[2:6])
    run = spotitags("leaderboard", home / "single.csv", *args, home=home)
    assert run.returncode == 0, run.stderr
    assert "10-fold cross-validation over covers" in run.stdout
    assert "pca-forest (thumbnail): 1.00 to 1.00, mean 1.00" in run.stdout


def test_genres_dealt_out_at_random_are_not_told_apart(labels: Path, home: Path) -> None:
    args = ("--tagger", "lite", "--model", "colour-knn", "--shuffle", "--folds", "4", "--json", "--covers")
    run = spotitags("leaderboard", labels, *args, home=home)
    found = json.loads(run.stdout)
    assert (found["unit"], found["rows"]["fire"] + found["rows"]["sea"] + found["rows"]["moss"]) == (
        "cover",
        24,
    )
    assert all(row["scores"]["balanced_accuracy"]["value"] < 0.75 for row in found["standings"])


@pytest.mark.parametrize(
    ("args", "word"),
    [(("--model", "colour knn"), "colour-knn"), (("--genres", "jaz"), "jaz"), (("--folds", "1"), "2 folds")],
)
def test_bad_wishes_are_answered_in_one_line_that_helps(
    labels: Path, home: Path, args: tuple[str, ...], word: str
) -> None:
    run = spotitags("leaderboard", labels, "--tagger", "lite", "--min-covers", "1", *args, home=home)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.splitlines()[-1].startswith("error: ")
    assert word in run.stderr


def test_a_sample_is_drawn_and_what_cannot_be_read_is_named(labels: Path, home: Path) -> None:
    out = home / "sample.png"
    run = spotitags("sample", labels, "--out", out, "--per-genre", "9", home=home)
    assert run.returncode == 0
    assert run.stdout == ""
    assert "skipped The lost, Album 0: not-found" in run.stderr
    with Image.open(out) as picture:
        assert picture.format == "PNG"
        assert picture.width <= 2000
    again = home / "again.png"
    spotitags("sample", labels, "--out", again, "--per-genre", "9", home=home)
    assert again.read_bytes() == out.read_bytes()


def test_a_paid_tagger_is_asked_no_more_often_than_allowed(labels: Path, home: Path) -> None:
    run = spotitags("leaderboard", labels, "--tagger", "clarifai", "--max-calls", "0", home=home)
    assert run.returncode == 1
    assert "left untagged after 0 paid calls" in run.stderr
    assert "CLARIFAI_PAT" not in run.stderr, "it was not asked"
