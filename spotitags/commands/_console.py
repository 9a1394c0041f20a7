"""Output of the command line: messages, tables, progress bars and exit codes.

Nothing outside of `spotitags.commands` prints.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Generator
from contextlib import contextmanager
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from spotitags.errors import InputError, NoResultsError, SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rich.console import Console, RenderableType
    from rich.table import Table


MANY = 50  # number of artists from which progress is also reported in a log
ALL_SUCCEEDED, NONE_SUCCEEDED, USAGE, SOME_SUCCEEDED, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes; `USAGE` for options and files that the user must correct."""


CONTINUE: Final = "interrupted; finished work is cached, run the same command to continue"


EARLIER_NAMES: Final[Mapping[str, str]] = MappingProxyType({"labels": "words"})
"""Earlier names of options, which still work and are not shown."""


class Command(TyperCommand):
    """Command whose options may have their earlier names, and whose ``--csv`` may have no value."""

    def make_context(self, info_name: Any, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Parse the arguments."""
        extra["token_normalize_func"] = lambda name: EARLIER_NAMES.get(name, name)
        return super().make_context(info_name, _with_file(args), parent, **extra)


def _with_file(args: list[str]) -> list[str]:
    """Give ``-``, for stdout, to a ``--csv`` without a file, as ``tag`` had it in earlier versions."""
    return [
        "--csv=-" if arg == "--csv" and after.startswith("-") and after != "-" else arg
        for arg, after in pairwise([*args, "--"])
    ]


class CommandGroup(TyperGroup):
    """Command group that turns errors into one line on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except SpotiTagsError as error:
            message(f"error: {error}")
            usage = isinstance(error, InputError) and not isinstance(error, NoResultsError)
            raise typer.Exit(USAGE if usage else NONE_SUCCEEDED) from None
        except (KeyboardInterrupt, typer.Abort) as error:
            if isinstance(error, typer.Abort):  # at a prompt, whose line is still open
                sys.stderr.write("\n")
            announce_interruption(message)
            raise typer.Exit(INTERRUPTED) from None
        except SystemExit as end:
            if (
                isinstance(end.__context__, BrokenPipeError) and _reader_left()
            ):  # rich turns one into the other
                raise _without_output() from None
            raise
        except OSError as error:
            if isinstance(error, BrokenPipeError) and _reader_left():
                raise _without_output() from None
            message(f"error: {error.filename or 'the output'}: {error.strerror or error}")
            raise typer.Exit(NONE_SUCCEEDED) from None


def announce_interruption(write: Callable[[str], None], line: str = CONTINUE) -> None:
    """Print that the run was interrupted, by any function that prints a line; only once in a program."""
    from spotitags.io.interrupts import first_announcement

    if first_announcement():
        write(line)


def _reader_left() -> bool:
    """Return whether the reader of stdout left, as ``head`` does: other pipes may break, too."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return bool(poll.poll(0))
    except (AttributeError, OSError, ValueError):  # Windows has no poll; a test's stdout has no file
        return True


def _without_output() -> typer.Exit:
    """Discard further output, and return the exit for it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return typer.Exit(ALL_SUCCEEDED)


def print_results(
    results: Iterator[Any], refs: list[str], render: Callable[[Any], Any], *, as_json: bool
) -> None:
    """Print the result of each artist as it comes, and exit with the code for their number."""
    from spotitags.commands._json import error_json

    failed = 0
    for ref, result in tracked(results, refs):
        if isinstance(result, SpotiTagsError):
            failed += 1
            if as_json:
                print_json(error_json(ref, result))
        elif as_json:
            print_json(render(result))
        else:
            print_all(render(result))
    raise typer.Exit(exit_code(len(refs), failed))


def exit_code(total: int, failed: int) -> int:
    """Return 0 if all artists succeeded, 1 if none did, 3 if some did."""
    if not failed:
        return ALL_SUCCEEDED
    return NONE_SUCCEEDED if failed == total else SOME_SUCCEEDED


def tracked(results: Iterator[Any], refs: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield results, with errors and a progress bar on stderr.

    An error that stops the whole run is the result of each artist that was still to come.
    """
    done = 0
    with progress(len(refs)) as step:
        try:
            for ref, result in results:
                done += 1
                if isinstance(result, SpotiTagsError):
                    message(f"{ref}: {result}")
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
def progress(total: int) -> Iterator[Callable[[str, int, int], None]]:
    """Give a callback ``(stage, done, total)`` that draws a progress bar on stderr if it is a terminal."""
    if total == 1 or not sys.stderr.isatty():
        yield _tenths
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Results on a terminal are printed above the bar; results in a file or pipe must not go through it.
    bars = Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()
    )
    with bars as drawn:
        bar = drawn.add_task("artists", total=total)
        yield lambda stage, done, of: drawn.update(bar, description=stage, completed=done, total=of)


def _tenths(stage: str, done: int, total: int) -> None:
    """Report every tenth of many artists in a line."""
    if total >= MANY and done * 10 // total > (done - 1) * 10 // total:
        message(f"{stage}: {done} of {total}")


def stdout() -> Console:
    """Return a console on the current stdout."""
    from rich.console import Console

    return Console()


def print_all(renderables: Iterable[RenderableType]) -> None:
    """Print renderables for people."""
    console = stdout()
    with console.capture() as captured:  # the console would write past a progress bar on the same terminal
        for renderable in renderables:
            console.print(renderable)
    sys.stdout.write(captured.get())
    sys.stdout.flush()


def print_json(row: dict[str, Any]) -> None:
    """Print a JSON object on a line of its own, unbuffered."""
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def message(line: str) -> None:
    """Print a message on stderr, without control characters."""
    from spotitags.io.text import plain

    sys.stderr.write(plain(line) + "\n")


def print_failures(failed: Mapping[str, SpotiTagsError | str]) -> None:
    """Print a line on stderr for each artist that failed."""
    for ref, error in failed.items():
        message(f"{ref}: {error}")


class StatusRow(NamedTuple):
    """Result of one check.

    Attributes:
        ok: True if nothing needs to be done.
        name: Subject of the check; a second line is shown dimmed.
        found: Result.
        remedy: What to do; shown only if not ``ok``.
        aside: Further information; may be empty.
    """

    ok: bool
    name: str
    found: str
    remedy: str = ""
    aside: str = ""


def status_table(columns: tuple[str, str], lines: Iterable[StatusRow]) -> Table:
    """Build a table of checks, with remedies and further information below each result."""
    from rich.table import Table
    from rich.text import Text

    from spotitags.io.text import plain

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("", *columns):
        table.add_column(column, overflow="fold")
    for line in lines:
        found = Text(plain(line.found))
        if line.remedy and not line.ok:
            found.append(f"\n{plain(line.remedy)}", style="yellow")
        if line.aside:
            found.append(f"\n{plain(line.aside)}", style="dim")
        first, *rest = line.name.split("\n")
        name = Text(plain(first))
        for part in rest:
            name.append(f"\n{plain(part)}", style="dim")
        table.add_row(Text("ok", style="green") if line.ok else Text("--", style="yellow"), name, found)
    return table
