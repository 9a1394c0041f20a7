"""Every command line of README, the docs and ``--help`` runs as it stands there, and succeeds.

Commands run in one folder with small files under the names that the pages use. Services are on loopback. A
training or evaluation has fewer folds and repeats, and fewer reference covers, than a reader's.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import chdir, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from helpers.command_line import spotitags
from helpers.grpc_servers import GoogleReplay
from helpers.quick_training import quick_training
from helpers.servers import CONTACT, fixture
from helpers.tiny_clip import tiny_clip
from helpers.tour import ROOT, Block, check_outputs, fill, help_blocks, page_blocks

from spotitags.explore import layout
from spotitags.training import ensemble, references

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    from classifiers.training.detector import References

NOT_RUN = {
    "pip install": "installs from the network; .ci/wheel installs the wheel",
    "uv sync": "installs from the network",
    "uv run --extra test pytest": "runs these tests",
    "uv run --extra test --group docs python docs/build.py": ".ci/run builds the site",
    "python docs/make_pictures.py": "draws the pictures that tests/test_readme.py compares",
    "uv run --all-extras pytest": "runs these tests",
    "bash .ci/run": "runs these tests",
    "python -m spotitags.training.bundle": "takes covers that are not here: tests/training/test_bundle.py",
    "python -m spotitags.training.build_references": "likewise: tests/training/test_build_references.py",
    "pip download": "takes the network",
    "python -m spotitags.training.text_models": "takes that package: tests/training/test_text_models.py",
    "python -m spotitags.evaluation.replication_2015": "minutes: tests/evaluation/test_replication_2015.py",
    "spotitags tag-corpus covers.csv tagged/ --engine ray": "starts Ray: tests/commands/test_tag_corpus.py",
    "ray start": "starts Ray, likewise",
    "python benchmarks/outsiders.py": "minutes, on covers that are not here",
    "spotitags score spotify:playlist": "takes Spotify: tests/catalogs/spotify/test_search.py",
}
"""Reasons why commands that begin so are not run."""

FASTER = {
    "train": ["--folds", "2"],
    "like": ["--folds", "2"],
    "evaluate": ["--folds", "2", "--repeats", "1", "--curve-repeats", "0", "--min-covers", "1"],
    "leaderboard": ["--folds", "2", "--min-covers", "1"],
}
"""Options that make commands faster on a few small covers; other options stay as they are in the pages."""

BLOCKS = [*page_blocks(), *help_blocks()]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = tmp_path_factory.mktemp("tour")
    fill(files)
    return files


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """Train few voters, on few reference covers."""
    load = references.references_for

    def few(*args: Any) -> References | None:
        found = load(*args)
        if found is None:
            return None
        chosen = {}
        for kind in found.kinds:
            chosen.setdefault((kind.category, kind.genre), []).append(kind)
        kinds = [kind._replace(artists=kind.artists[:6]) for group in chosen.values() for kind in group[:3]]
        return replace(found, kinds=tuple(kinds))

    with (
        quick_training(),
        patch.object(layout, "map_method", lambda _count: "PCA"),  # t-SNE takes seconds
        patch.object(references, "references_for", few),
        patch.object(ensemble, "references_for", few),
    ):
        yield


@pytest.fixture(scope="module")
def model(files: Path, home: Path) -> Path:
    """A model of the name that pages use, for blocks that do not train it themselves."""
    out = files / "models" / "mine"
    run = spotitags("train", files / "labels.csv", "--out", out, *FASTER["train"], home=home)
    assert run.returncode == 0, run.stderr
    lists = files / "liked.csv", files / "other.csv"
    run = spotitags("like", *lists, "--out", files / "models" / "taste", *FASTER["like"], home=home)
    assert run.returncode == 0, run.stderr
    target = ("--target", "popularity", "--out", files / "models" / "popularity")
    run = spotitags("train", files / "labels.csv", *target, *FASTER["train"], home=home)
    assert run.returncode == 0, run.stderr
    return out


@pytest.fixture
def runner(files: Path, home: Path, model: Path, tmp_path: Path) -> Runner:
    return Runner(files, home, model, tmp_path)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.source)
def test_commands_of_the_pages_run(block: Block, runner: Runner, httpserver: HTTPServer) -> None:
    for words in block.commands():
        line = " ".join(words)
        if any(line.startswith(start) for start in NOT_RUN):
            continue
        if words[0] == "python":
            command = [sys.executable, *words[1:]]
            subprocess.run(command, check=True, cwd=ROOT, capture_output=True, timeout=120)
            continue
        assert words[0] == "spotitags", f"{block.source}: run {line!r}, or say in NOT_RUN why not"
        with services(words, runner.folder, httpserver) as (options, addresses):
            runner.run(words[1:], options, addresses)


@dataclass
class Runner:
    """Runs the commands of one block, with settings of their own, in a folder where all inputs are in place.

    Attributes:
        files: The inputs, put in place again before each command.
        home: The cache.
        model: A trained model, for blocks that do not train it themselves.
        folder: Folder of the block.
    """

    files: Path
    home: Path
    model: Path
    folder: Path

    def run(self, words: list[str], options: list[str], addresses: dict[str, str]) -> None:
        """Run a command, and check its exit code, the files that it names, and its JSON."""
        work = self.folder / "work"
        shutil.copytree(self.files, work, dirs_exist_ok=True)
        given, target = (words[:-2], words[-1]) if ">" in words else (words, "")
        with chdir(work):
            run = spotitags(
                *given, *options, *FASTER.get(given[0], []), home=self.home,
                SPOTITAGS_CONFIG_DIR=str(self.folder / "config"), **addresses,
            )  # fmt: skip
        assert run.returncode == 0, f"{' '.join(words)}: {run.stderr}"
        assert "error:" not in run.stderr
        if target:
            (work / target).write_text(run.stdout, encoding="utf-8")
        if "--json" in given:
            assert [json.loads(line) for line in run.stdout.splitlines()]
        check_outputs(work, words)


@contextmanager
def services(words: list[str], tmp_path: Path, web: HTTPServer) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Give a command what it needs of services and weights: options and variables."""
    options, variables = [], {}
    if "clip" in words and words[1] in {"tag", "predict"}:
        options += ["--clip-model", tiny_clip(tmp_path / "clip")]
    if words[1] == "labels":
        web.expect_request("/ws/2/url").respond_with_json(musicbrainz("url"))
        genres = musicbrainz("artist_genres") | {"genres": [{"name": "metal", "count": 5}]}
        web.expect_request(f"/ws/2/artist/{genres['id']}").respond_with_json(genres)
        variables |= {"SPOTITAGS_CONTACT": CONTACT, "SPOTITAGS_MUSICBRAINZ_URL": web.url_for("/")}
        variables["SPOTITAGS_MUSICBRAINZ_PAUSE"] = "0"
    if "google-vision" not in words:
        yield options, variables
        return
    google = GoogleReplay()
    google.answers("labels")
    with google.running():
        yield options, variables | {"SPOTITAGS_GOOGLE_VISION_ADDRESS": google.address}


def musicbrainz(name: str) -> dict[str, Any]:
    body: dict[str, Any] = fixture(f"musicbrainz/{name}.json")["body"]
    return body


def test_every_page_and_every_reason_counts() -> None:
    lines = [" ".join(words) for block in BLOCKS for words in block.commands()]
    assert sum(line.startswith("spotitags ") for line in lines) > 30
    for start in NOT_RUN:
        assert any(line.startswith(start) for line in lines), f"no page has {start!r} any more"


def test_a_new_line_is_found_and_an_unknown_program_is_no_success() -> None:
    block = Block("page", ("uv run spotitags tag x  # all", "pip install uv && uv run --extra a pytest", ""))
    assert list(block.commands()) == [
        ["spotitags", "tag", "x"], ["pip", "install", "uv"], ["uv", "run", "--extra", "a", "pytest"]
    ]  # fmt: skip
