"""Amount of messages: --verbose and --quiet, before and after the name of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import typer
from helpers.command_line import spotitags
from helpers.manifests import manifest

from spotitags.commands import app

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"
CHOICE = "catalog library: the bundled sample needs no network\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def covers(home: Path) -> Path:
    """One artist with small covers, of which one is lost."""
    path = manifest(home / "covers", {"x": "fire"}, covers=3, first_seed=300, size=100)
    (path.parent / "x-1.jpg").unlink()
    return path


def test_choices_that_work_are_silent(home: Path, covers: Path) -> None:
    """Neither is a fault: no key is set, and clip has no weights here."""
    assert spotitags("predict", METALLICA, home=home).stderr == ""
    assert spotitags("predict", "metallica", home=home).stderr == ""
    assert spotitags("tag", covers.parent, home=home).stderr == ""


@pytest.mark.parametrize(
    "args",
    [
        ["-v", "predict", METALLICA],
        ["predict", "-v", METALLICA],
        ["predict", METALLICA, "--verbose"],
        ["--verbose", "predict", "-v", METALLICA],
    ],
    ids=" ".join,
)
def test_choices_are_printed_on_request(home: Path, args: Sequence[str]) -> None:
    assert spotitags(*args, "--offline", home=home).stderr == CHOICE


def test_the_reason_of_a_choice_is_printed_on_request(home: Path, covers: Path) -> None:
    run = spotitags("-v", "tag", "--manifest", covers, home=home)
    assert run.stderr.startswith("catalog folder: a manifest was given\ntagger lite: clip cannot run here (")
    run = spotitags("-v", "tag", "metallica", "--offline", home=home)
    assert run.stderr == f"{CHOICE}artist {METALLICA}: Metallica (metal)\n"


def test_a_name_that_is_understood_as_another_is_a_note(home: Path) -> None:
    assert "Johann Sebastian Bach" in spotitags("tag", "bach", "--offline", home=home).stderr
    assert spotitags("tag", "bach", "--offline", "-q", home=home).stderr == ""


def test_quiet_leaves_results_and_errors(home: Path, covers: Path) -> None:
    args = ["predict", "--zero-shot", "--genres", "metal,jazz", METALLICA, "xyzzy", "--offline"]
    usual = spotitags(*args, home=home)
    assert "zero-shot: lite votes on the genres' names, untrained\n" in usual.stderr
    for quiet in (spotitags("-q", *args, home=home), spotitags(*args, "--quiet", home=home)):
        assert (quiet.returncode, quiet.stdout) == (3, usual.stdout)
        assert quiet.stderr.startswith("xyzzy: the bundled library has no artist")
        assert quiet.stderr.count("\n") == 1
    tags = spotitags("tag", "--manifest", covers, "--tagger", "lite", "-q", home=home)
    assert tags.stderr == ""
    assert "skipped Album 1: not-found" in tags.stdout
    assert "under 150 px" in tags.stdout


def test_quiet_hides_what_was_written(home: Path, tmp_path: Path) -> None:
    settings = {"SPOTITAGS_CONFIG_DIR": str(tmp_path)}
    assert spotitags("config", "set", "albums", "3", home=home, **settings).stderr.endswith(" written\n")
    for args in (["-q", "config", "set"], ["config", "-q", "set"], ["config", "set", "-q"]):
        assert spotitags(*args, "albums", "3", home=home, **settings).stderr == ""
    assert spotitags("config", "set", "-q", "x", "3", home=home, **settings).stderr.startswith("error: ")


@pytest.mark.parametrize("args", [["-q", "-v", "library"], ["-q", "library", "-v"], ["library", "-qv"]])
def test_both_are_refused(home: Path, args: Sequence[str]) -> None:
    run = spotitags(*args, home=home)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "error: --verbose and --quiet exclude each other: choose one\n"
    assert spotitags("library", home=home).returncode == 0, "the next run starts anew"


def test_every_command_has_both() -> None:
    root = typer.main.get_group(app)
    settings = root.commands["config"]
    for command in (root, *root.commands.values(), *settings.commands.values()):  # type: ignore[attr-defined]
        names = {name for param in command.params for name in param.opts}
        assert {"-q", "--quiet", "-v", "--verbose"} <= names, command.name
