"""Progress on stderr: a bar on a terminal, else a line now and then; and results as they come."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager, redirect_stderr, redirect_stdout
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

import typer

from spotitags.commands._console import (
    USAGE,
    artist_error,
    message,
    note,
    print_all,
    print_json,
    results_code,
)
from spotitags.commands._verbosity import OUTPUT, Verbosity
from spotitags.errors import InputError, SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import TextIO

    from rich.console import Console

    Redirect = Callable[[Any], AbstractContextManager[object]]
    Step = Callable[[str, int, int], None]

INTERVAL: Final = 10.0
"""Seconds between two lines of progress outside of a terminal, and before the first."""
UNCHANGED: Final = 6  # intervals after which a line is repeated
FIRST_STAGE: Final = "artists"
MINUTES: Final = 100  # seconds from which a time is given in minutes


def print_results(
    results: Iterator[Any],
    refs: list[str],
    render: Callable[[Any], Any],
    *,
    as_json: bool,
    foot: Callable[[], Any] | None = None,
) -> None:
    """Print the result of each artist as it comes, and exit with the code for their number.

    Args:
        results: References to artists, each with its result or error.
        refs: The references.
        render: Builds a JSON object or renderables from a result.
        as_json: True for JSON.
        foot: Builds renderables to print after all results.
    """
    from spotitags.rendering.json_objects import error_json

    failed: list[SpotiTagsError] = []
    with closing(tracked(results, refs)) as found:  # the bar ends with an error while printing, too
        for ref, result in found:
            if isinstance(result, SpotiTagsError):
                failed.append(result)
                if as_json:
                    print_json(error_json(ref, result))
            elif as_json:
                print_json(render(result))
            else:
                print_all(render(result))
    if foot:
        print_all(foot())
    raise typer.Exit(results_code(len(refs), failed))


def tracked(results: Iterator[Any], refs: list[str]) -> Generator[tuple[str, Any]]:
    """Yield results, with errors and a progress bar on stderr.

    An error that stops the whole run is the result of each artist that was still to come.
    """
    done = 0
    with progress(len(refs)) as step:
        try:
            for ref, result in results:
                done += 1
                if isinstance(result, SpotiTagsError):
                    message(artist_error(ref, result))
                yield ref, result
                step("artists", done, len(refs))
        except SpotiTagsError as error:
            message(f"error: {error}")
            yield from ((ref, error) for ref in refs[done:])
            if not done and isinstance(error, InputError):
                raise typer.Exit(USAGE) from None
        finally:
            if isinstance(results, Generator):
                results.close()  # prefetching stops now, not at the end of the process


@contextmanager
def progress(total: int, interval: float = INTERVAL) -> Iterator[Step]:
    """Give a callback ``(stage, done, total)`` that reports progress on stderr; with ``--quiet`` it does not.

    Args:
        total: Number of artists, the first stage.
        interval: Seconds between two lines where stderr is no terminal.
    """
    if OUTPUT.verbosity is Verbosity.QUIET:
        yield lambda *_stage: None
    elif total > 1 and sys.stderr.isatty():
        with _bar(total) as step:
            yield step
    else:
        with _lines(total, interval) as step:
            yield step


@contextmanager
def counting(what: str, interval: float = INTERVAL) -> Iterator[Callable[[int, int], None]]:
    """Give a callback ``(done, total)`` that reports progress on stderr, with the speed and the time left.

    The first call is for what was done before, which counts for no speed.

    Args:
        what: What is counted, in the plural.
        interval: As for `progress`.
    """
    if OUTPUT.verbosity is Verbosity.QUIET:
        yield lambda _done, _of: None
        return
    drawn = _bar(1, speed=True) if sys.stderr.isatty() else _lines(0, interval, speed=True)
    with drawn as step:
        yield lambda done, of: step(what, done, of)


@contextmanager
def _bar(total: int, *, speed: bool = False) -> Iterator[Step]:
    """Draw a bar, which disappears at the end; all other lines on the same terminal are printed above it.

    Args:
        total: Number of artists, the first stage.
        speed: True shows the speed beside the time left.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(20 if speed else 40),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
    )
    console = Console(file=sys.stderr)
    redirects: tuple[tuple[TextIO, Redirect], ...] = (
        (sys.stderr, redirect_stderr),
        (sys.stdout, redirect_stdout),  # to the terminal only if it is not a file or a pipe
    )
    with ExitStack() as stack:
        for stream, redirect in redirects:
            if stream.isatty():
                above = _AboveBar(stream, console)
                stack.callback(above.finish)
                stack.enter_context(redirect(above))
        bars = Progress(
            *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        drawn = stack.enter_context(bars)
        bar = drawn.add_task("" if speed else FIRST_STAGE, total=total, left="")
        clock = _StageClock(total, speed=speed)

        def step(stage: str, done: int, of: int) -> None:
            clock.step(stage, done, of)
            drawn.update(bar, description=stage, completed=done, total=of, left=clock.left())

        yield step


class _StageClock:
    """Clock that estimates the rest of a stage.

    Artists are finished in batches, so their clock starts with the run: within a batch they seem to take no
    time. The clock of another stage starts with its first call, whose steps are of an earlier run.

    Attributes:
        state: Name of the stage, number of its finished steps, and of all its steps.
    """

    def __init__(self, total: int = 0, *, speed: bool = False) -> None:
        self.state = (FIRST_STAGE, 0, total)
        self._speed = speed
        self._start = time.monotonic()
        self._first = 0

    def step(self, stage: str, done: int, of: int) -> None:
        """Set the state."""
        if stage != self.state[0]:
            self._start, self._first = time.monotonic(), done
        self.state = stage, done, of

    def left(self) -> str:
        """Return the time left in words; empty before the first step of a stage, and after its last."""
        _, done, of = self.state
        new = done - self._first
        if new < 1 or done >= of:
            return ""
        taken = max(time.monotonic() - self._start, 1e-9)
        left = f"about {duration(taken / new * (of - done))} left"
        return f"{new / taken:.0f} a second, {left}" if self._speed else left


class _AboveBar:
    """Stream that prints its lines above the bar on the same terminal, which wraps them itself.

    Rich has such a stream, but breaks long lines for good: JSON could not be copied.

    Args:
        stream: Stream that it replaces.
        console: Console of the bar.
    """

    def __init__(self, stream: TextIO, console: Console) -> None:
        self.stream = stream
        self.console = console
        self.rest = ""

    def write(self, text: str) -> int:
        """Print the lines that are complete."""
        whole, newline, self.rest = (self.rest + text).rpartition("\n")
        if newline:
            self.console.out(whole, highlight=False)
        return len(text)

    def flush(self) -> None:
        """Do nothing: complete lines are printed already, and the bar needs the line of an incomplete one."""

    def finish(self) -> None:
        """Write what is left of an incomplete line, once the bar is gone."""
        self.stream.write(self.rest)
        self.stream.flush()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (attributes of any type)
        """Return an attribute of the stream, such as ``isatty`` or ``encoding``."""
        return getattr(self.stream, name)


@contextmanager
def _lines(total: int, interval: float, *, speed: bool = False) -> Iterator[Step]:
    """Print a line once in an interval, where something was done; where nothing was, more seldom."""
    start = time.monotonic()
    clock = _StageClock(total, speed=speed)
    finished = Event()

    def report() -> None:
        printed: tuple[str, int, int] | None = None
        unchanged = 0
        while not finished.wait(interval):
            stage, done, of = now = clock.state
            unchanged = unchanged + 1 if now == printed else UNCHANGED
            if unchanged >= UNCHANGED:
                taken, left = duration(time.monotonic() - start), clock.left()
                line = f"{stage} {done} of {of}, {left if speed and left else taken}"
                line += f", {left}" if left and not speed else ""
                note(f"{OUTPUT.command}: {line if of else f'starting, {taken}'}")
                printed, unchanged = now, 0

    reporting = Thread(target=report, daemon=True)
    reporting.start()
    try:
        yield clock.step
    finally:
        finished.set()
        reporting.join()


def duration(seconds: float) -> str:
    """Return such as ``12 s`` or ``5 min``."""
    return f"{seconds:.0f} s" if seconds < MINUTES else f"{seconds / 60:.0f} min"
