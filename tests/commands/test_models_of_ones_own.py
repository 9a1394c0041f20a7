"""`like`, `score`, `train --target` and text columns as a user runs them."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest
from helpers.command_line import spotitags
from helpers.quick_training import quick_training
from helpers.tour import fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from helpers.command_line import Run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache, drawn covers and trained models that the tests of this file share."""
    folder = tmp_path_factory.mktemp("home")
    fill(folder)
    with quick_training():
        yield folder


def run(home: Path, *words: object) -> Run:
    return spotitags(*words, home=home)


def test_a_model_of_taste_ranks_covers(home: Path) -> None:
    lists = home / "liked.csv", home / "other.csv"
    found = run(home, "like", *lists, "--out", home / "taste", "--folds", "2", "--tagger", "lite")
    assert found.returncode == 0, found.stderr
    assert "liked 4, other 8" in found.stdout
    assert "held out" in found.stdout
    found = run(home, "score", home / "labels.csv", "--model", home / "taste", "--json")
    assert found.returncode == 0, found.stderr
    ranking = json.loads(found.stdout)
    assert ranking["by"] == "liked"
    assert [each["rank"] for each in ranking["albums"]] == list(range(1, 37))
    assert all(each["artist"].startswith("The sea") for each in ranking["albums"][:8])
    scores = [each["score"] for each in ranking["albums"]]
    assert scores == sorted(scores, reverse=True)
    assert ranking["albums"][0]["trained_on"]
    found = run(home, "score", home / "covers", "--model", home / "taste", "--out", home / "page.html")
    assert found.returncode == 0, found.stderr
    page = (home / "page.html").read_text(encoding="utf-8")
    assert page.count("<img") == 2
    assert "://" not in page


def test_without_out_the_model_is_only_measured(home: Path) -> None:
    found = run(home, "like", home / "liked", home / "other", "--folds", "2", "--tagger", "lite")
    assert found.returncode == 0, found.stderr
    assert "liked 9, other 9" in found.stdout, "a folder of pictures lists covers"
    assert "the model is not kept" in found.stderr
    assert ".onnx" not in found.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("like", "liked.csv", "liked.csv"), "is in the other list, too: leave it in one"),
        (("like", "liked.csv", "demo.jpg"), "lists 1: give 3 artists"),
        (("score", "covers", "--model", "nothing"), "no model at"),
        (("score", "covers"), "spotitags like"),
        (("score", "gone.csv", "--model", "nothing"), "there is no file or folder"),
        (("train", "labels.csv", "--target", "popular", "--out", "m"), "no column 'popular'"),
        (("train", "labels.csv", "--target", "lyrics", "--out", "m"), "is no number"),
        (
            ("train", "labels.csv", "--target", "popularity", "--genres", "sea", "--out", "m"),
            "leave --genres",
        ),
        (("train", "labels.csv", "--text-column", "genre", "--out", "m"), "gives the answer away"),
    ],
)
def test_bad_input_names_the_next_step(home: Path, words: tuple[str, ...], message: str) -> None:
    found = run(
        home, *(home / word if (home / word).exists() or word.endswith(".csv") else word for word in words)
    )
    assert found.returncode in {1, 2}
    assert message in found.stderr


def test_numbers_are_predicted_with_an_interval(home: Path) -> None:
    labels, model = home / "labels.csv", home / "number"
    found = run(home, "train", labels, "--target", "popularity", "--out", model, "--tagger", "lite")
    assert found.returncode == 0, found.stderr
    assert "says nothing about popularity" in found.stdout, "it counts lines"
    found = run(home, "predict", "--manifest", labels, "--model", model, "--json")
    assert found.returncode == 0, found.stderr
    first = json.loads(found.stdout.splitlines()[0])
    assert first["artist"] == {"id": "fire0", "name": "The fire0"}
    assert first["target"]["low"] < first["target"]["value"] < first["target"]["high"]
    assert "says nothing about popularity" in found.stderr
    found = run(home, "predict", "--manifest", labels, "--model", model, "--csv", home / "n.csv")
    rows = list(csv.DictReader((home / "n.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 12
    assert float(rows[0]["popularity"]) == pytest.approx(first["target"]["value"], abs=1e-4)
    assert rows[0]["genre"] == "fire"
    found = run(home, "score", labels, "--model", model)
    assert found.returncode == 0, found.stderr
    assert "90% interval" in found.stdout


def test_lyrics_vote_where_the_table_has_them(home: Path) -> None:
    table = (home / "labels.csv").read_text(encoding="utf-8").splitlines()
    words = {"fire": "ember", "sea": "anchor", "moss": "fern"}
    lines = [
        line.replace("of love", f"{words[line.split(',')[2]]} {line.split(',')[0]}") for line in table[1:]
    ]
    (home / "songs.csv").write_text("\n".join([table[0], *lines]), encoding="utf-8")
    model = home / "songs"
    options = ("--tagger", "lite", "--folds", "2", "--text-column", "lyrics", "--out", model)
    with quick_training(views=("all", "words"), classifiers=("complement_nb", "logistic_regression")):
        found = run(home, "train", home / "songs.csv", *options)
    assert found.returncode == 0, found.stderr
    card = json.loads((home / "songs.json").read_text(encoding="utf-8"))
    assert {"name": "column:lyrics", "version": "words-1"} in card["taggers"]
    (labels,) = (each["labels"] for each in card["inputs"] if each["tagger"] == "column:lyrics")
    assert "ember" in labels
    assert "fire0" not in labels, "the artist's name identifies the artist"
    with_texts = (
        "predict",
        "--manifest",
        home / "songs.csv",
        "-a",
        "sea0",
        "--model",
        model,
        "--json",
        "--explain",
    )
    found = run(home, *with_texts)
    prediction = json.loads(found.stdout)
    assert [kind["kind"] for kind in prediction["kinds"]] == ["tags", "column:lyrics"]
    assert any(reason["label"] == "anchor" for reason in prediction["reasons"])
    assert prediction["evidence"]["texts"]["lyrics"] > 0
    for without in (
        (*with_texts, "--no-texts"),
        ("predict", home / "sea0-0.jpg", "--model", model, "--json"),
    ):
        prediction = json.loads(run(home, *without).stdout)
        assert [kind["kind"] for kind in prediction["kinds"]] == ["tags"]
    assert "voters on lyrics abstain: no table has such a column" in run(home, *without).stderr
