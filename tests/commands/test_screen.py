"""Several artists on a terminal: results are whole above the progress bar, of which nothing is left."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from helpers.command_line import Screen, on_terminal, read_screen, shown, spotitags
from helpers.manifests import labelled, manifest
from helpers.quick_training import quick_training

from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.training import references

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
TEN = [artist.id for artist in LibraryCatalog().artists()[:10]]
BAR = "━"
CURSOR = "\x1b[?25"  # followed by h to show it, and l to hide it
WIDTHS = (40, 80)
QUICK = ("--folds", "2", "--min-covers", "1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that the tests of this file share."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def covers(home: Path) -> Path:
    """A manifest of ten artists; the cover of one is lost."""
    artists = {f"band{n}": ("fire", "sea", "moss")[n % 3] for n in range(10)}
    path = manifest(home / "ten", artists, covers=1, first_seed=4200)
    (path.parent / "band4-0.jpg").unlink()
    return path


@pytest.fixture(scope="module")
def labels(home: Path) -> Path:
    return labelled(home / "drawn covers", lost=True)


def check_whole(screen: Screen, printed: str) -> None:
    """Check that all blocks of lines (of rows: all lines) that a pipe gets are whole on the screen, in order.

    A terminal may have broken a line in two.
    """
    assert BAR in screen.written, "there was a bar"
    assert not any(BAR in line for line in screen.lines), screen.lines
    flat = ["".join(line.split()) for line in screen.lines]
    text = "\n".join(flat).replace("\n", "")
    assert "0:00:0" not in text
    place = 0
    rows = printed.startswith(("{", "artist"))
    for block in printed.strip().split("\n" if rows else "\n\n"):
        place = text.find("".join(block.split()), place)
        assert place >= 0, (block, screen.lines)


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("args", [[], ["--full"], ["--explain"], ["--json"], ["--csv", "-"]], ids=" ".join)
def test_predictions_are_whole(home: Path, args: Sequence[str], columns: int) -> None:
    command = ["predict", "--offline", *TEN, "xyzzy", *args]
    screen = on_terminal(*command, home=home, columns=columns)
    printed = spotitags(*command, home=home, COLUMNS=str(columns))
    assert screen.code == printed.returncode == 3
    check_whole(screen, printed.stdout)
    assert sum("xyzzy: the bundled library has no artist" in line for line in screen.lines) == 1


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("command", ["predict", "tag"])
def test_results_from_covers_are_whole(home: Path, covers: Path, command: str, columns: int) -> None:
    args = [command, "--manifest", covers, "--tagger", "lite"]
    screen = on_terminal(*args, home=home, columns=columns)
    printed = spotitags(*args, home=home, COLUMNS=str(columns))
    assert screen.code == printed.returncode == 3
    assert len(re.findall(r"^band\d|^The band\d", printed.stdout, re.MULTILINE)) == 9
    check_whole(screen, printed.stdout)
    assert any(line.startswith("band4: none of the 1 covers") for line in screen.lines)


@pytest.mark.parametrize("args", [["--csv"], ["--json"]], ids=" ".join)
def test_rows_of_tags_are_whole(home: Path, covers: Path, args: Sequence[str]) -> None:
    command = ["tag", "--manifest", covers, "--tagger", "lite", *args]
    screen = on_terminal(*command, home=home)
    check_whole(screen, spotitags(*command, home=home).stdout)


def test_a_line_of_json_is_not_broken_by_the_bar(home: Path) -> None:
    """A line that the terminal alone wraps can be copied as one line."""
    written = on_terminal("predict", "--offline", *TEN[:2], "--json", home=home).written
    lines = [line[line.index("{") :] for line in written.splitlines() if '{"artist"' in line]
    assert [json.loads(line)["artist"]["id"] for line in lines] == TEN[:2]


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        (["train", "--folds", "2"], "held out"),
        (["evaluate", *QUICK, "--repeats", "2", "--curve-repeats", "0"], "drawn covers: "),
        (["leaderboard", *QUICK, "--model", "colour-knn"], "drawn covers: leaderboard"),
    ],
    ids=["train", "evaluate", "leaderboard"],
)
def test_longer_commands_leave_no_bar(
    home: Path, labels: Path, tmp_path: Path, command: Sequence[str], printed: str
) -> None:
    options = [labels, "--tagger", "lite", "--out", tmp_path / "run"]
    with quick_training(), patch.object(references, "references_for", lambda *_: None):
        screen = on_terminal(*command, *options, home=home, columns=60)
    text = "\n".join(screen.lines).strip()
    assert screen.code == 3, text
    assert BAR in screen.written
    assert BAR not in text
    assert printed in text
    assert "lost: none of the 1 covers" in text
    assert "0:00:0" not in text


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(5, "Input/output error")])
def test_an_error_while_printing_ends_the_bar(home: Path, stop: BaseException | type[BaseException]) -> None:
    with patch("spotitags.rendering.tags.show_bags", side_effect=[["one", ""], stop]):
        screen = on_terminal("tag", "--offline", *TEN, home=home)
    assert screen.code in {1, 130}
    assert next(line for line in screen.lines if line) == "one"
    assert not any(BAR in line for line in screen.lines)
    assert screen.written.rindex(CURSOR + "h") > screen.written.rindex(CURSOR + "l"), "it is shown again"
    after = screen.written[screen.written.rindex(CURSOR + "h") :]
    assert "interrupted; finished work" in after or "error: the output: Input/output error" in after


def test_a_terminal_of_its_own_size(home: Path) -> None:
    """The whole program, which takes the size from the terminal and not from the environment."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 50, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "predict", "--full", "--offline", *TEN[:3], "xyzzy"],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=ROOT,
        env=environment | {"SPOTITAGS_CACHE_DIR": str(home), "TERM": "xterm"},
    ) as process:  # fmt: skip
        os.close(theirs)
        written = read_screen(ours)
    screen = Screen(process.returncode, shown(written, 50, 12), written.decode())
    printed = spotitags("predict", "--offline", *TEN[:3], home=home, COLUMNS="50")
    assert screen.code == 3
    check_whole(screen, printed.stdout)
    first = next(number for number, line in enumerate(screen.lines) if line.startswith("xyzzy: "))
    (message,) = (line for line in spotitags("tag", "--offline", "xyzzy", home=home).stderr.splitlines())
    words = " ".join(screen.lines[first:]).split()
    assert words[: len(message.split())] == message.split(), "no word is broken"
