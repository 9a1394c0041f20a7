"""Words and genres of a user's own on the command line."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from helpers.command_line import spotitags
from helpers.manifests import manifest

if TYPE_CHECKING:
    from pathlib import Path

    from helpers.command_line import Run

METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that these tests share, as a user's runs do."""
    return tmp_path_factory.mktemp("home")


def objects(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_any_genres_are_voted_on_offline_and_said_to_be_untrained(home: Path) -> None:
    args = ["predict", "-a", METALLICA, "--offline", "--genres", "doom metal,k-pop,punk rock"]
    run = spotitags(*args, "--json", home=home)
    said = "not doom metal (nearest: metal), k-pop, punk rock; lite votes on the genres' names, untrained"
    assert said in run.stderr
    (answer,) = objects(run)
    assert {vote["genre"] for vote in answer["votes"]} == {"doom metal", "k-pop", "punk rock"}
    assert sum(vote["share"] for vote in answer["votes"]) == pytest.approx(1, abs=1e-5)
    assert answer["confidence"] is None
    (voter,) = answer["voters"]
    assert (voter["tagger"], voter["view"], voter["trained"]) == ("lite", "zero-shot", False)
    explained = spotitags(*args, "--explain", home=home).stdout
    assert "untrained, by the genres' names alone" in explained
    assert "no tags to name: these votes use whole pictures" in explained
    assert "evidence" not in explained


def test_genres_as_people_write_them_are_answered_by_the_trained_model(home: Path) -> None:
    args = ["predict", "-a", METALLICA, "--offline", "--genres", "metal,Hip-Hop,jazz", "--json"]
    run = spotitags(*args, home=home)
    (answer,) = objects(run)
    assert answer["genre"] == "metal"
    assert {vote["genre"] for vote in answer["votes"]} == {"metal", "hiphop", "jazz"}
    assert all(voter["trained"] for voter in answer["voters"])
    assert "genres: Hip-Hop is hiphop" in run.stderr.splitlines()
    assert "untrained" not in run.stderr


def test_a_mistyped_genre_is_refused_with_the_one_that_was_meant(home: Path) -> None:
    run = spotitags("predict", "-a", METALLICA, "--offline", "--genres", "metl,jazz", home=home)
    assert run.returncode == 2
    assert run.stdout == ""
    assert "error: the model knows no genre 'metl': did you mean metal?" in run.stderr


def test_untrained_votes_can_be_chosen_with_and_without_genres(home: Path) -> None:
    args = ["predict", "-a", METALLICA, "--offline", "--zero-shot", "--json"]
    run = spotitags(*args, home=home)
    (answer,) = objects(run)
    assert [voter["trained"] for voter in answer["voters"]] == [False]
    assert {vote["genre"] for vote in answer["votes"]} == {"classical", "country", "hiphop", "jazz", "metal"}
    assert answer["confidence"] is None
    assert "zero-shot: lite votes on the genres' names, untrained" in run.stderr
    (answer,) = objects(spotitags(*args, "--genres", "rap,jazz", home=home))
    assert {vote["genre"] for vote in answer["votes"]} == {"hiphop", "jazz"}


def test_own_labels_are_what_is_seen_and_need_a_model_of_their_own(home: Path, tmp_path: Path) -> None:
    path = manifest(tmp_path, {"red": "fire", "blue": "sea"}, covers=2, first_seed=300)
    words = tmp_path / "words.txt"
    words.write_text("soft colours\nsunset glow # at sea\nskull of a horse\n", encoding="utf-8")
    args = ["--manifest", str(path), "--tagger", "lite", "--words", str(words)]
    run = spotitags("tag", *args, "--json", home=home)
    assert run.returncode == 0, run.stderr
    assert "words to embed once: 3," in run.stderr
    for answer in objects(run):
        seen = {tag["label"] for tag in answer["tags"]}
        assert {"soft colours", "sunset glow"} <= seen
        assert "skull of a horse" not in seen, "less likely than on any cover"
    assert "is a device, not a file" in spotitags("tag", *args[:-1], os.devnull, home=home).stderr
    empty = tmp_path / "empty.txt"
    empty.write_text("# nothing\n", encoding="utf-8")
    assert "has no words" in spotitags("tag", *args[:-1], str(empty), home=home).stderr
    refused = spotitags("predict", *args, home=home)
    assert refused.returncode == 1
    assert "spotitags train --words" in refused.stderr
    (answer, _) = objects(spotitags("predict", *args, "--genres", "ambient,grime", "--json", home=home))
    assert not answer["voters"][0]["trained"]


def test_small_covers_are_warned_of_and_lower_the_confidence_in_a_later_run_too(
    home: Path, tmp_path: Path
) -> None:
    small, full = (
        manifest(tmp_path / str(size), {"red": "fire"}, first_seed=700, size=size) for size in (40, 300)
    )
    runs = [
        spotitags("predict", "--manifest", str(small), "-t", "lite", "--json", home=home) for _ in range(2)
    ]
    (first,), (second,) = map(objects, runs)
    assert first == second
    assert first["covers"] == {"used": 3, "skipped": [], "copies": 0, "small": 3, "smallest_px": 40}
    assert not first["confidence"]["sure"]
    assert first["confidence"]["right"] <= 0.58, "as often as votes on such covers were right"
    (whole,) = objects(spotitags("predict", "--manifest", str(full), "-t", "lite", "--json", home=home))
    assert whole["covers"] == {"used": 3, "skipped": [], "copies": 0}
    text = spotitags("predict", "--manifest", str(small), "-t", "lite", home=home).stdout
    assert "3 of 3 covers under 150 px (smallest 40)" in text


def test_broad_tags_can_be_kept(home: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("sunset glow\ndesign\n", encoding="utf-8")
    path = manifest(tmp_path, {"red": "fire"}, covers=2, first_seed=400)
    args = ["tag", "--manifest", str(path), "--tagger", "lite", "--labels", str(words), "--json"]
    fewer, all_tags = (
        {tag["label"] for tag in objects(spotitags(*args, *keep, home=home))[0]["tags"]}
        for keep in ([], ["--keep-broad"])
    )
    assert all_tags - fewer == {"design"}
