"""Layout of the repository: few names at the top of the package, and files that fit on a few screens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import spotitags.commands

ROOT = Path(__file__).resolve().parent.parent
MOST_ENTRIES = 20
MOST_LINES = 300


def test_the_package_has_few_entries() -> None:
    hidden = (".", "__pycache__")
    entries = [path.name for path in (ROOT / "spotitags").iterdir() if not path.name.startswith(hidden)]
    assert len(entries) <= MOST_ENTRIES, sorted(entries)


def test_no_file_is_long() -> None:
    files = [file for package in ("spotitags", "classifiers") for file in (ROOT / package).rglob("*.py")]
    lines = {str(file.relative_to(ROOT)): len(file.read_bytes().splitlines()) for file in files}
    assert {file: number for file, number in lines.items() if number > MOST_LINES} == {}


def test_files_are_written_by_one_function() -> None:
    """Written beside their place and renamed: a full disk or a killed process leaves no half of a file."""
    writes = re.compile(
        r"\.write_(text|bytes)\(|\bopen\([^)]*[\"'][wax]b?\+?[\"']|np\.save[a-z_]*\(\s*[^sf\s]"
    )
    files = [file for package in ("spotitags", "classifiers") for file in (ROOT / package).rglob("*.py")]
    found = {str(file.relative_to(ROOT)) for file in files if writes.search(file.read_text("utf-8"))}
    assert found == {"classifiers/files.py"}


def test_the_script_at_the_top_hands_on_the_command_line() -> None:
    import cli

    assert cli.app is spotitags.commands.app
    assert cli.main is spotitags.commands.main


def test_the_package_runs_as_a_module() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "spotitags", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "predict" in run.stdout
    assert run.stderr == ""
