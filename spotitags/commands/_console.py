"""The command line's hands: what it prints, draws and exits with. Nothing else in the library does."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperGroup

from spotitags.errors import SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from rich.console import Console, RenderableType
    from rich.table import Table


MANY = 50  # from which on a log, too, shows progress
ALL_ANSWERED, NONE_ANSWERED, SOME_ANSWERED, INTERRUPTED = 0, 1, 3, 130


class CommandGroup(TyperGroup):
    """Turns what stops a command into one line on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except SpotiTagsError as error:
            message(f"error: {error}")
            raise typer.Exit(NONE_ANSWERED) from None
        except KeyboardInterrupt:
            message("interrupted; what was finished is kept, run the same command to go on")
            raise typer.Exit(INTERRUPTED) from None
        except (BrokenPipeError, SystemExit):  # rich turns the former into the latter
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left, as head does
            raise typer.Exit(ALL_ANSWERED) from None
        except OSError as error:
            message(f"error: {error.filename or 'the output'}: {error.strerror or error}")
            raise typer.Exit(NONE_ANSWERED) from None


def print_answers(
    answers: Iterator[Any], refs: list[str], render: Callable[[Any], Any], *, as_json: bool
) -> None:
    """Print each artist's answer as it comes, and exit by how many there were."""
    from spotitags.commands._json import error_json

    failed = 0
    for ref, answer in tracked(answers, refs):
        if isinstance(answer, SpotiTagsError):
            failed += 1
            if as_json:
                print_json(error_json(ref, answer))
        elif as_json:
            print_json(render(answer))
        else:
            print_all(render(answer))
    raise typer.Exit(exit_code(len(refs), failed))


def write_table(answers: Iterator[Any], refs: list[str], top: int | None, parquet: Path | None) -> None:
    """Write all tags as CSV on stdout, or as one Parquet file, and exit by how many artists there were."""
    from spotitags.bags import tables

    failed: list[str] = []

    def rows() -> Iterator[tables.Row]:
        for ref, answer in tracked(answers, refs):
            if isinstance(answer, SpotiTagsError):
                failed.append(ref)
            else:
                yield from tables.rows(answer, top)

    if parquet is None:
        tables.write_csv(sys.stdout, rows())
    else:
        tables.write_parquet(parquet, rows())
    raise typer.Exit(exit_code(len(refs), len(failed)))


def exit_code(total: int, failed: int) -> int:
    """0 where all artists were answered, 1 where none was, 3 where some were."""
    if not failed:
        return ALL_ANSWERED
    return NONE_ANSWERED if failed == total else SOME_ANSWERED


def tracked(answers: Iterator[Any], refs: list[str]) -> Iterator[tuple[str, Any]]:
    """The answers, failures told on stderr, with a bar there where a person waits for several.

    What stops the whole run is the answer of every artist that was still to come.
    """
    done = 0
    with progress(len(refs)) as step:
        try:
            for ref, answer in answers:
                done += 1
                if isinstance(answer, SpotiTagsError):
                    message(f"{ref}: {answer}")
                yield ref, answer
                step("artists", done, len(refs))
        except SpotiTagsError as error:
            message(f"error: {error}")
            yield from ((ref, error) for ref in refs[done:])
        finally:
            if isinstance(answers, Generator):
                answers.close()  # what runs ahead stops now, not at the end of the process


@contextmanager
def progress(total: int) -> Iterator[Callable[[str, int, int], None]]:
    """A callback ``(stage, done, total)`` that draws a bar on stderr where that is a terminal."""
    if total == 1 or not sys.stderr.isatty():
        yield _tenths
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Answers on a terminal go above the bar; answers into a file or pipe must not be drawn into it.
    bars = Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()
    )
    with bars as drawn:
        bar = drawn.add_task("artists", total=total)
        yield lambda stage, done, of: drawn.update(bar, description=stage, completed=done, total=of)


def _tenths(stage: str, done: int, total: int) -> None:
    """A line for every tenth of many: what a bar is to a terminal."""
    if total >= MANY and done * 10 // total > (done - 1) * 10 // total:
        message(f"{stage}: {done} of {total}")


def stdout() -> Console:
    """A console on stdout as it is now."""
    from rich.console import Console

    return Console()


def print_all(renderables: Iterable[RenderableType]) -> None:
    """Print what a person reads."""
    console = stdout()
    for renderable in renderables:
        console.print(renderable)


def print_json(row: dict[str, Any]) -> None:
    """Print one JSON object a line, at once."""
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def message(line: str) -> None:
    """A message on stderr, rid of what could steer a terminal."""
    from spotitags.io.text import plain

    sys.stderr.write(plain(line) + "\n")


class StatusRow(NamedTuple):
    """One thing looked at.

    Attributes:
        ok: Whether it is in order.
        name: What was looked at; a second line tells whose it is.
        found: What was found.
        remedy: What would mend it; told only where it is not in order.
        aside: What else there is to know, or nothing.
    """

    ok: bool
    name: str
    found: str
    remedy: str = ""
    aside: str = ""


def status_table(columns: tuple[str, str], lines: Iterable[StatusRow]) -> Table:
    """The lines as a table; what needs doing stands under what was found, the rest below."""
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
