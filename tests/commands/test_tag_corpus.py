"""The command ``tag-corpus``: `lite` on a few covers, here and on Ray, and what other commands make of it."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.command_line import on_terminal, spotitags
from helpers.corpora import rows, skipped
from helpers.manifests import labelled, manifest
from helpers.quick_training import quick_training

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight covers of two artists, one of them missing."""
    folder = tmp_path_factory.mktemp("covers")
    path = manifest(folder, {"a": "sea", "b": "fire"}, covers=4)
    (folder / "b-3.jpg").unlink()
    return path


@pytest.fixture(scope="module")
def corpus(table: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "corpus"
    run = spotitags("tag-corpus", table, out, "--tagger", "lite", home=home)
    assert run.returncode == 0, run.stderr
    assert f"{out}: 7 covers tagged" in run.stderr
    assert "1 covers could not be used" in run.stderr
    return out


def start(*args: object, home: Path, **more: str) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    environment = os.environ | {"SPOTITAGS_CACHE_DIR": str(home), "PYTHONPATH": str(ROOT)} | more
    command = [sys.executable, "-m", "spotitags", "tag-corpus", *map(str, args), "--tagger", "lite"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, cwd=home)


def tags(corpus: Path) -> list[object]:
    return [
        (row["file"], row["digest"], row["labels"], row["weights"], row["embedding"]) for row in rows(corpus)
    ]


def wait_for_parts(corpus: Path, number: int, running: subprocess.Popen[str]) -> None:
    while len(list(corpus.glob("covers/*.parquet"))) < number and running.poll() is None:
        time.sleep(0.02)


def test_the_output_says_what_made_it(corpus: Path) -> None:
    card = json.loads((corpus / "run.json").read_text())
    assert card["tagger"]["name"] == "lite"
    assert "efficientnet-lite2" in card["tagger"]["version"]
    assert card["input"]["covers"] == 8
    assert card["embedding"]["dimensions"] == len(rows(corpus)[0]["embedding"])
    assert [(row["file"], row["code"]) for row in skipped(corpus)] == [("b-3.jpg", "not-found")]


@pytest.mark.parametrize("form", ["--csv", "--parquet", "--json"])
def test_tags_of_a_corpus_are_those_of_its_covers(
    form: str, corpus: Path, table: Path, home: Path, tmp_path: Path
) -> None:
    outputs = []
    for number, given in enumerate([[corpus], ["--manifest", table, "--tagger", "lite"]]):
        out = tmp_path / f"{number}"
        run = spotitags("tag", *given, form, *([] if form == "--json" else [out]), home=home)
        assert run.returncode == 0, run.stderr
        outputs.append(
            out.read_bytes()
            if out.exists()
            else [json.loads(line)["tags"] for line in run.stdout.splitlines()]
        )
    assert outputs[0] == outputs[1]
    assert outputs[0]


def test_predictions_of_a_corpus_are_those_of_its_covers(corpus: Path, table: Path, home: Path) -> None:
    ours = spotitags("predict", corpus, "--json", home=home)
    theirs = spotitags("predict", "--manifest", table, "--tagger", "lite", "--json", home=home)
    for one, other in zip(ours.stdout.splitlines(), theirs.stdout.splitlines(), strict=True):
        votes, expected = json.loads(one), json.loads(other)
        expected["covers"]["skipped"] = []  # of a corpus, the side table has them
        assert votes == expected


def test_a_corpus_is_trained_on(home: Path, tmp_path: Path) -> None:
    out, model = tmp_path / "out", tmp_path / "model.onnx"
    table = labelled(tmp_path / "in", each=4, covers=2)
    assert spotitags("tag-corpus", table, out, "--tagger", "lite", "-q", home=home).returncode == 0
    with quick_training():
        run = spotitags("train", out, "--out", model.with_suffix(""), "--folds", 2, home=home)
    assert run.returncode == 0, run.stderr
    run = spotitags("predict", out, "--model", model, "--json", home=home)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == 12
    assert {vote["genre"] for answer in answers for vote in answer["votes"]} == {"sea", "fire", "moss"}


def test_the_same_command_again_does_nothing(corpus: Path, table: Path, home: Path) -> None:
    run = spotitags("tag-corpus", table, corpus, "--tagger", "lite", home=home)
    assert run.returncode == 0
    assert f"{corpus}: 0 covers tagged, 8 done before" in run.stderr
    quiet = spotitags("tag-corpus", table, corpus, "--tagger", "lite", "--quiet", home=home)
    assert (quiet.returncode, quiet.stderr, quiet.stdout) == (0, "", "")


def test_wrong_options_say_what_to_do(corpus: Path, table: Path, home: Path, tmp_path: Path) -> None:
    run = spotitags("tag-corpus", table, tmp_path / "x", "--workers", 2, home=home)
    assert run.returncode == 2
    assert "--address and --workers are for --engine ray" in run.stderr
    run = spotitags("tag-corpus", table.parent, corpus, "--tagger", "lite", home=home)
    assert run.returncode == 2
    assert "give the same input to continue" in run.stderr.replace("\n", " ")
    run = spotitags("tag-corpus", tmp_path / "gone", tmp_path / "x", home=home)
    assert run.returncode == 2


def test_an_input_without_a_usable_cover_fails(home: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.jpg").write_bytes(b"no picture")
    run = spotitags("tag-corpus", tmp_path / "in", tmp_path / "out", "--tagger", "lite", home=home)
    assert run.returncode == 1


def test_a_bar_shows_speed_and_time_left(table: Path, home: Path, tmp_path: Path) -> None:
    screen = on_terminal(
        "tag-corpus", table, tmp_path / "out", "--tagger", "lite", "--part-size", 2, home=home
    )
    assert screen.code == 0
    assert "a second" in screen.written
    assert " left" in screen.written
    assert "7 covers tagged" in " ".join(screen.lines)


def test_a_killed_run_and_one_after_ctrl_c_continue(
    corpus: Path, table: Path, home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    running = start(table, out, "--part-size", 1, home=home)
    wait_for_parts(out, 2, running)
    running.kill()
    running.communicate()
    running = start(table, out, "--part-size", 1, home=home)
    wait_for_parts(out, 4, running)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate()
    if running.returncode:  # it may have been faster
        assert running.returncode == 130
        assert f"interrupted; finished covers are in {out}, run the same command to continue" in errors
    run = spotitags("tag-corpus", table, out, "--tagger", "lite", home=home)
    assert run.returncode == 0
    assert tags(out) == tags(corpus)


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra 'scale' is not installed")
def test_ray_gives_the_same_tags(corpus: Path, table: Path, home: Path, tmp_path: Path) -> None:
    running = start(table, tmp_path / "out", "--part-size", 3, "--engine", "ray", home=home)
    _, errors = running.communicate(timeout=900)  # a busy machine takes minutes to start Ray
    assert running.returncode == 0, errors
    assert "7 covers tagged" in errors
    assert tags(tmp_path / "out") == tags(corpus)
    assert len(skipped(tmp_path / "out")) == 1
