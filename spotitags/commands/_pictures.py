"""Find out how the terminal draws pictures: by its environment, else by its answer to a query."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from spotitags.rendering.terminal_images import CELL, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECONDS: Final = 0.3
"""Time to wait for the terminal's answer; it comes at once if at all."""
_DEVICE: Final = "\x1b[c"  # Primary Device Attributes; attribute 4 is sixel
_ANSWER: Final = re.compile(rb"\x1b\[\?([\d;]*)c")
_SIXEL: Final = "4"


def picture_protocol() -> Protocol | None:
    """Return how the terminal draws pictures; None if stdout is no terminal that draws any.

    Half blocks need colours: with ``NO_COLOR`` or ``TERM=dumb`` there is no picture.
    """
    if not sys.stdout.isatty() or os.environ.get("TERM", "") in {"", "dumb"} or os.environ.get("NO_COLOR"):
        return None
    return by_environment(os.environ) or (Protocol.sixel if _has_sixel() else Protocol.blocks)


def by_environment(environment: Mapping[str, str]) -> Protocol | None:
    """Return the protocol of a terminal that names itself; None for others.

    Inside tmux and screen, the variables are those of the terminal outside, which may not get the picture.
    """
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if "TMUX" in environment or "STY" in environment or term.startswith(("tmux", "screen")):
        return None
    if "KITTY_WINDOW_ID" in environment or term in {"xterm-kitty", "xterm-ghostty"} or program == "ghostty":
        return Protocol.kitty
    names = {program, environment.get("LC_TERMINAL", "")}
    return Protocol.iterm if names & {"iTerm.app", "iTerm2", "WezTerm"} else None


def cell_size() -> tuple[int, int]:
    """Return the width and height of a character in pixels; the usual size where it is unknown."""
    with suppress(ImportError, OSError):
        import fcntl
        import struct
        import termios

        answer = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, bytes(8))
        rows, columns, width, height = struct.unpack("HHHH", answer)
        if rows and columns and width and height:
            return max(1, width // columns), max(1, height // rows)
    return CELL


def _has_sixel() -> bool:
    """Ask the terminal for its attributes; without an answer in time, it has no sixel."""
    if not sys.stdin.isatty():  # the answer comes as input
        return False
    try:
        with _unbuffered(sys.stdin.fileno()):
            sys.stdout.write(_DEVICE)
            sys.stdout.flush()
            answer = _read_answer(sys.stdin.fileno())
    except (ImportError, OSError):  # Windows has no termios
        return False
    match = _ANSWER.search(answer)
    return match is not None and _SIXEL in match[1].decode().split(";")


def _read_answer(terminal: int) -> bytes:
    until, answer = time.monotonic() + SECONDS, b""
    while not _ANSWER.search(answer) and (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([terminal], [], [], left)
        if ready:
            answer += os.read(terminal, 1024)
    return answer


@contextmanager
def _unbuffered(terminal: int) -> Iterator[None]:
    """Read a terminal without waiting for the end of a line, and without showing what it sends."""
    import termios
    import tty

    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSANOW)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
