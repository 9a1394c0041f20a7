"""Run the command line in this process: a new Python for each run costs more than most commands."""

from __future__ import annotations

import gc
import io
import os
import pty
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, NamedTuple, TextIO
from unittest.mock import patch

from spotitags.commands import main

if TYPE_CHECKING:
    from pathlib import Path

Run = CompletedProcess[str]


def read_screen(terminal: int) -> bytes:
    """Read all that was written to a pseudo-terminal, given its master's descriptor, and close it."""
    screen = b""
    try:
        while part := os.read(terminal, 65536):
            screen += part
    except OSError:
        pass  # Linux's way to say that the other end is closed
    finally:
        os.close(terminal)
    return screen


def broken_clip(folder: Path) -> list[str]:
    """Options of a run with a tagger whose weights are not there."""
    model = f"local-dir:{folder / 'nothing'}"
    return ["--tagger", "clip", "--clip-model", model, "--offline", "--json"]


def spotitags(*args: object, home: Path, **environment: str) -> Run:
    """Run ``spotitags ARGS`` with its cache in ``home`` and nothing else of the user's environment.

    Evaluations use one core, which spares them the start of worker processes. What needs a process (signals,
    streams, what is imported) is tested by `subprocess`.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    command, code = _run(args, out, err, home, {"COLUMNS": "80"} | environment)
    said, errors = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    return CompletedProcess(command, code, said, errors)


class Screen(NamedTuple):
    """End of a run on a terminal.

    Attributes:
        code: Exit code.
        lines: Lines on the screen and those that were scrolled off it, without spaces at their ends.
        written: All that was written to the terminal.
    """

    code: int
    lines: list[str]
    written: str


def on_terminal(*args: object, home: Path, columns: int = 80, **environment: str) -> Screen:
    """Run ``spotitags ARGS`` as `spotitags` does, with stdout and stderr on a terminal of 24 lines."""
    ours, theirs = pty.openpty()
    size = {"COLUMNS": str(columns), "LINES": "24"}
    with ThreadPoolExecutor() as pool:
        written = pool.submit(read_screen, ours)
        with (
            open(theirs, "w", encoding="utf-8", closefd=False) as out,
            open(theirs, "w", encoding="utf-8") as err,  # noqa: PTH123
        ):
            _, code = _run(args, out, err, home, size | environment)
    return Screen(code, shown(written.result(), columns), written.result().decode())


def shown(written: bytes, columns: int, rows: int = 24) -> list[str]:
    """Return what a terminal shows of what was written to it, from the first line that was scrolled off."""
    import pyte

    screen = pyte.HistoryScreen(columns, rows, history=100_000)
    pyte.ByteStream(screen).feed(written)
    above = ["".join(line[column].data for column in range(columns)) for line in screen.history.top]
    return [line.rstrip() for line in (*above, *screen.display)]


def _run(
    args: tuple[object, ...], out: TextIO, err: TextIO, home: Path, environment: dict[str, str]
) -> tuple[list[str], int]:
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
    own = {"SPOTITAGS_CACHE_DIR": str(home), "HOME": str(home)}
    command = ["spotitags", *map(str, args)]
    thresholds = gc.get_threshold()
    with (
        patch.dict(os.environ, inherited | own | environment, clear=True),
        patch.object(os, "cpu_count", return_value=1),
        patch.object(sys, "argv", command),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            gc.set_threshold(*thresholds)
    return command, code
