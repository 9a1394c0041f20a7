"""Terminals of any width: ids and numbers are never cut, words of messages never broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from helpers.command_line import on_terminal, spotitags
from helpers.evaluations import run
from helpers.manifests import manifest

from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.commands._console import print_all
from spotitags.evaluation.report.terminal import show_scores
from spotitags.settings.keys import KEYS
from spotitags.taggers.registry import tagger_names

if TYPE_CHECKING:
    from pathlib import Path

METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"
NUMBER = re.compile(r"[+-]?\b\d\.\d+")
every_width = pytest.mark.parametrize("columns", [30, 40, 60, 80, 120])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@every_width
def test_ids_of_the_library_are_whole(home: Path, columns: int) -> None:
    listed = spotitags("library", home=home, COLUMNS=str(columns)).stdout
    assert [line.split()[0] for line in listed.splitlines()[1:] if line[:1].strip()] == [
        artist.id
        for artist in sorted(LibraryCatalog().artists(), key=lambda artist: (artist.genre, artist.name))
    ]
    assert "…" not in listed
    if columns >= 40:
        assert max(map(len, listed.splitlines())) <= columns


@every_width
def test_names_of_settings_and_taggers_are_whole(home: Path, columns: int) -> None:
    for args, names in (
        (["config", "show"], KEYS),
        (["taggers"], tagger_names()),
        (["doctor", "--offline"], ["SPOTIPY_CLIENT_SECRET", "SPOTITAGS_CONTACT", "onnxruntime"]),
    ):
        shown = spotitags(*args, home=home, COLUMNS=str(columns)).stdout
        words = shown.split()
        assert set(names) <= set(words)
        assert "…" not in shown


@every_width
@pytest.mark.parametrize("args", [["predict"], ["predict", "--explain"], ["tag"]], ids=" ".join)
def test_numbers_of_results_are_whole(home: Path, args: list[str], columns: int) -> None:
    narrow, wide = (
        spotitags(*args, METALLICA, "--offline", home=home, COLUMNS=str(width)).stdout
        for width in (columns, 200)
    )
    assert sorted(NUMBER.findall(narrow)) == sorted(NUMBER.findall(wide))
    assert len(NUMBER.findall(wide)) >= 5
    assert "…" not in narrow


@every_width
def test_scores_are_whole(columns: int, capsys: pytest.CaptureFixture[str]) -> None:
    found = run()
    with patch.dict("os.environ", COLUMNS=str(columns)):
        print_all(show_scores(found))
    printed = capsys.readouterr().out
    for system in found["systems"]:
        if system["kind"] != "voter":
            estimate, loss = system["scores"]["balanced_accuracy"], system["scores"]["log_loss"]["value"]
            row = f"{estimate['value']:.2f} ({estimate['low']:.2f} to {estimate['high']:.2f})"
            assert re.search(rf" {re.escape(row)} +{loss:.2f}$", printed, re.MULTILINE)
    assert "…" not in printed


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_words_of_usage_errors_are_whole(home: Path, columns: int) -> None:
    screen = on_terminal("predict", "--catalog", "nowhere", home=home, columns=columns)
    assert screen.code == 2
    lines = screen.written.splitlines()
    error = next(number for number, line in enumerate(lines) if line.startswith("Error: "))
    assert all(len(line) <= columns for line in lines[error:])
    assert " ".join(lines[error:]).endswith("'spotify', 'musicbrainz', 'folder', 'library'.")


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_words_of_messages_are_whole(home: Path, tmp_path: Path, columns: int) -> None:
    """A path that is longer than the line stays whole, too, for it may be copied."""
    folder = tmp_path / ("long-name" * 6)
    path = manifest(folder, {"x": "fire"}, covers=1, first_seed=900)
    args = ["tag", "--manifest", path, METALLICA, "--offline"]
    screen = on_terminal(*args, home=home, columns=columns)
    message = spotitags(*args, home=home).stderr
    assert screen.code == 1
    assert screen.written.split() == message.split()
    assert len(message) > columns
    assert all(len(line) <= columns or " " not in line.strip() for line in screen.written.splitlines())
