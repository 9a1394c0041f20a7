"""How a terminal says that it draws pictures."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from spotitags.commands._pictures import by_environment
from spotitags.rendering.terminal_images import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "from spotitags.commands._pictures import picture_protocol as p; found = p(); print('found', found)"


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, Protocol.kitty),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, Protocol.kitty),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, Protocol.kitty),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, Protocol.iterm),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, Protocol.iterm),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, Protocol.iterm),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1", "TMUX": "/tmp/x"}, None),  # noqa: S108
        ({"TERM": "screen", "TERM_PROGRAM": "iTerm.app"}, None),
    ],
)
def test_a_terminal_that_names_itself_is_known(
    environment: dict[str, str], protocol: Protocol | None
) -> None:
    assert by_environment(environment) is protocol


def on_terminal(answer: bytes, **environment: str) -> str:
    """Return what the process finds on a terminal that answers the query of its attributes so."""
    import pty

    leader, follower = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if key in {"PATH", "PYTHONPATH", "HOME"}}
    process = subprocess.Popen(
        [sys.executable, "-c", CODE],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=kept | {"TERM": "xterm-256color"} | environment,
    )
    os.close(follower)
    written = b"".join(_conversation(leader, answer))
    assert process.wait(timeout=60) == 0, written
    os.close(leader)
    return written.decode().partition("found ")[2].strip()


def _conversation(leader: int, answer: bytes) -> Iterator[bytes]:
    answered = threading.Event()
    while True:
        try:
            data = os.read(leader, 1024)
        except OSError:  # the process is done
            return
        if not data:
            return
        if b"\x1b[c" in data and answer and not answered.is_set():
            answered.set()
            os.write(leader, answer)
        yield data


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo terminal")
@pytest.mark.parametrize(
    ("answer", "environment", "protocol"),
    [
        (b"\x1b[?62;4;22c", {}, "sixel"),
        (b"\x1b[?62;22c", {}, "blocks"),
        (b"\x1b[?64;14c", {}, "blocks"),
        (b"", {}, "blocks"),
        (b"\x1b[?62;4c", {"NO_COLOR": "1"}, "None"),
        (b"\x1b[?62;4c", {"TERM": "dumb"}, "None"),
    ],
)
def test_other_terminals_are_asked_and_need_not_answer(
    answer: bytes, environment: dict[str, str], protocol: str
) -> None:
    assert on_terminal(answer, **environment) == protocol


def test_a_file_gets_no_pictures() -> None:
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert run.stdout == "found None\n"
