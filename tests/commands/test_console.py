"""Exit codes, earlier names of options, and interruptions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import patch

import pytest
import typer
from helpers.command_line import spotitags
from typer.testing import CliRunner

from spotitags.commands._console import Command, CommandGroup
from spotitags.errors import CatalogError, InputError, NoResultsError, SettingsError

ROOT = Path(__file__).resolve().parents[2]
METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"


def ended(error: BaseException) -> Any:
    """Run a command that raises an error."""
    app = typer.Typer(cls=CommandGroup, rich_markup_mode=None)

    @app.command(cls=Command)
    def fail() -> None:
        raise error

    app.callback()(lambda: None)
    return CliRunner().invoke(app, ["fail"])


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InputError("the table is empty"), 2, "error: the table is empty\n"),
        (NoResultsError("no artist"), 1, "error: no artist\n"),
        (SettingsError("no key"), 1, "error: no key\n"),
        (CatalogError("no answer"), 1, "error: no answer\n"),
        (
            KeyboardInterrupt(),
            130,
            "interrupted; finished work is cached, run the same command to continue\n",
        ),
        (typer.Abort(), 130, "\ninterrupted; finished work is cached, run the same command to continue\n"),
        (SystemExit(7), 7, ""),
        (SystemExit(0), 0, ""),
        (OSError(28, "No space left on device", "out.csv"), 1, "error: out.csv: No space left on device\n"),
        (typer.Exit(3), 3, ""),
    ],
)
def test_every_error_has_its_exit_code(error: BaseException, code: int, said: str) -> None:
    result = ended(error)
    assert (result.exit_code, result.stderr) == (code, said)
    assert result.stdout == ""


def test_a_broken_pipe_other_than_stdout_is_an_error_and_keeps_its_exit_code() -> None:
    code = """
import sys, typer
from spotitags.commands._console import Command, CommandGroup
app = typer.Typer(cls=CommandGroup, rich_markup_mode=None)
@app.command(cls=Command)
def fail(how: str) -> None:
    try:
        raise BrokenPipeError(32, "Broken pipe", "a service")
    except BrokenPipeError:
        if how == "exit":
            sys.exit(5)
        raise
app.callback()(lambda: None)
app()
"""
    for how, expected in (("exit", 5), ("raise", 1)):
        run = subprocess.run(
            [sys.executable, "-c", code, "fail", how], capture_output=True, text=True, cwd=ROOT, check=False
        )
        assert run.returncode == expected
    assert run.stderr == "error: a service: Broken pipe\n"


@pytest.mark.parametrize("args", [["predict", "--nonsense"], ["nonsense"], ["train"], ["config", "set"]])
def test_usage_errors_end_with_2(tmp_path: Path, args: list[str]) -> None:
    run = spotitags(*args, home=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert "Usage: " in run.stderr


def test_options_in_one_run_that_exclude_each_other_end_with_2(tmp_path: Path) -> None:
    words = tmp_path / "none.txt"
    args = ["tag", "--manifest", tmp_path, "--tagger", "lite", "--words", words]
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.jpg").touch()
    run = spotitags(*args, "--json", home=tmp_path)
    assert run.returncode == 2, "the file of words is wrong, whatever the artist"
    assert '"error"' in run.stdout


@pytest.mark.parametrize(
    ("args", "code"),
    [(["--labels", "words.txt"], 5), (["--labels=words.txt"], 5), (["--words", "words.txt"], 5)],
)
def test_earlier_names_of_options_still_work(args: list[str], code: int) -> None:
    app = typer.Typer(cls=CommandGroup, rich_markup_mode=None)
    found = []

    @app.command(cls=Command)
    def tag(words: Annotated[str, typer.Option(help="Words.")]) -> None:
        found.append(words)
        raise typer.Exit(code)

    app.callback()(lambda: None)
    assert CliRunner().invoke(app, ["tag", *args]).exit_code == code
    assert found == ["words.txt"]
    assert "--labels" not in CliRunner().invoke(app, ["tag", "--help"]).stdout


def test_words_and_labels_are_one_option_in_python_too() -> None:
    from spotitags import SpotiTags

    assert SpotiTags(labels=["goat"]).words == SpotiTags(words=["goat"]).words == ["goat"]
    for name in ("words", "labels"):
        with pytest.raises(InputError, match="leave --words out"):
            SpotiTags(offline=True, **{name: ["goat"]}).tag(METALLICA)  # type: ignore[arg-type]


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.parametrize("module", ["spotitags.commands", "spotitags.settings.config_file"])
def test_ctrl_c_while_the_program_starts_ends_it_without_a_traceback(module: str, tmp_path: Path) -> None:
    """The signal comes at the import of a module, which is as early as it is certain."""
    code = f"""
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
sys.argv = ["spotitags", "predict", "-a", {METALLICA!r}, "--offline"]
from spotitags.__main__ import main
main()
"""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False,
        env=os.environ | {"SPOTITAGS_CACHE_DIR": str(tmp_path)},
    )  # fmt: skip
    assert run.returncode == 130
    assert run.stdout == ""
    assert run.stderr.splitlines()[-1].startswith("interrupted")
    assert run.stderr.count("interrupted") == 1
    assert "Traceback" not in run.stderr


def test_ctrl_c_while_arguments_are_parsed_ends_with_130(tmp_path: Path) -> None:
    def interrupted(*_args: object, **_options: object) -> None:
        signal.raise_signal(signal.SIGINT)

    with patch.object(CommandGroup, "make_context", interrupted):
        assert spotitags("library", home=tmp_path).returncode == 130
