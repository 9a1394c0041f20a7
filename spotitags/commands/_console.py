"""Output of the command line: messages, results and exit codes.

Nothing outside of `spotitags.commands` prints.
"""

from __future__ import annotations

import json
import os
import select
import sys
from enum import Enum
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import typer
from typer._coercion import build_runtime_param
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from spotitags.commands._verbosity import OUTPUT, Verbosity
from spotitags.errors import InputError, NoResultsError, SpotiTagsError
from spotitags.io.choices import Detail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rich.console import Console, RenderableType
    from rich.table import Table


ALL_SUCCEEDED, NONE_SUCCEEDED, USAGE, SOME_SUCCEEDED, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes; `USAGE` for options and files that the user must correct."""
LEAST_WIDTH = 4  # of a column of names on a narrow terminal


CONTINUE: Final = "interrupted; finished work is cached, run the same command to continue"
ONLY_TAGS: Final = (
    "interrupted; tags of covers are cached, but a training is not: the same command starts it anew"
)


EARLIER_NAMES: Final[Mapping[str, str]] = MappingProxyType({"labels": "words"})
"""Earlier names of options, which still work and are not shown."""


class Command(TyperCommand):
    """Command whose options may have their earlier names, and whose ``--csv`` may have no value."""

    def make_context(self, info_name: Any, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Parse the arguments."""
        extra["token_normalize_func"] = lambda name: EARLIER_NAMES.get(name, name)
        return super().make_context(info_name, _with_file(args), parent, **extra)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters."""
        return _convert_late(super().get_params(ctx), ctx)


def _convert_late(params: list[Any], ctx: Any) -> list[Any]:
    """Convert values only where it changes them: Typer imports pydantic for it, a tenth of a second.

    While the shell completes a word, values stay text.
    """
    for param in params:
        if ctx.resilient_parsing:
            param.process_value = lambda _ctx, value: value
        elif isinstance(param, (TyperArgument, TyperOption)):
            param._runtime_param = _LateConversion(param.type_descriptor)  # type: ignore[assignment]  # noqa: SLF001
    return params


class _LateConversion:
    """Conversion of a parameter's values by Typer, except of values that have its type already."""

    def __init__(self, descriptor: Any) -> None:
        self.descriptor = descriptor

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value in the parameter's type; raise Typer's error if it has another."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if self.descriptor.parameter_info.parser is None and not self.descriptor.is_path:
            annotation = self.descriptor.annotation
            if type(value) is annotation and isinstance(value, (str, bool, int, Enum)):
                return value
            if annotation == list[str] and not isinstance(value, str):
                return [*map(str, value)]
        return build_runtime_param(self.descriptor).coerce(value, param=param, ctx=ctx)


def _with_file(args: list[str]) -> list[str]:
    """Give ``-``, for stdout, to a ``--csv`` without a file, as ``tag`` had it in earlier versions."""
    return [
        "--csv=-" if arg == "--csv" and after.startswith("-") and after != "-" else arg
        for arg, after in pairwise([*args, "--"])
    ]


class CommandGroup(TyperGroup):
    """Command group that turns errors into one line on stderr and an exit code."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters."""
        return _convert_late(super().get_params(ctx), ctx)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except SpotiTagsError as error:
            message(f"error: {error}")
            usage = isinstance(error, InputError) and not isinstance(error, NoResultsError)
            raise typer.Exit(USAGE if usage else NONE_SUCCEEDED) from None
        except typer.BadParameter as error:  # Typer prints it
            shown: Any = error
            line = _wrapped(f"Error: {error.format_message()}").removeprefix("Error: ")
            shown.format_message = lambda: line
            raise
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


def announce_interruption(write: Callable[[str], None], line: str = "") -> None:
    """Print that the run was interrupted, by any function that prints a line; only once in a program.

    Args:
        write: Prints a line.
        line: The line; by default it says what is cached.
    """
    from spotitags.io.interrupts import first_announcement

    if first_announcement():
        write(line or (ONLY_TAGS if OUTPUT.command == "train" else CONTINUE))


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


def exit_code(total: int, failed: int) -> int:
    """Return 0 if all artists succeeded, 1 if none did, 3 if some did."""
    if not failed:
        return ALL_SUCCEEDED
    return NONE_SUCCEEDED if failed == total else SOME_SUCCEEDED


def results_code(total: int, errors: Sequence[SpotiTagsError]) -> int:
    """Return the exit code for a number of artists: as `exit_code`, and 2 if the user must correct all."""
    if errors and len(errors) == total and all(isinstance(error, InputError) for error in errors):
        return USAGE
    return exit_code(total, len(errors))


def artist_error(ref: str, error: SpotiTagsError) -> str:
    """Return the line on an artist that failed; its name is not repeated where the message begins with it."""
    text = str(error)
    return text if text.startswith(ref) else f"{ref}: {text}"


def stdout() -> Console:
    """Return a console on the current stdout."""
    from rich.console import Console

    return Console()


def print_all(renderables: Iterable[RenderableType]) -> None:
    """Print renderables for people."""
    from rich.table import Table

    console = stdout()
    with console.capture() as captured:  # the console would write past a progress bar on the same terminal
        for renderable in renderables:
            if isinstance(renderable, Table):
                _keep_whole(renderable, console)
            whole = getattr(renderable, "no_wrap", None)  # rich forgets it when it joins texts
            console.print(renderable, crop=False, no_wrap=whole, overflow="ignore" if whole else None)
    sys.stdout.write(captured.get())
    sys.stdout.flush()


def _keep_whole(table: Table, console: Console) -> None:
    """Let no column of ids or numbers be cut, even if the table gets wider than the terminal."""
    from rich.measure import Measurement

    for column in table.columns:
        cells = [Measurement.get(console, console.options, cell).maximum for cell in column.cells]
        longest = max(cells, default=0)
        column.min_width = longest if column.no_wrap else min(longest, LEAST_WIDTH)


def print_json(row: dict[str, Any]) -> None:
    """Print a JSON object on a line of its own, unbuffered; nothing in it steers a terminal."""
    from spotitags.io.text import escape_controls

    sys.stdout.write(escape_controls(json.dumps(row, ensure_ascii=False)) + "\n")
    sys.stdout.flush()


def message(line: str) -> None:
    """Print a line on stderr, whatever the user chose: an error, or what a question is about."""
    sys.stderr.write(_wrapped(_plain(line)) + "\n")
    sys.stderr.flush()


def note(line: str) -> None:
    """Print a line on stderr, but not with ``--quiet``; a `Detail` with ``--verbose`` only."""
    if OUTPUT.verbosity >= (Verbosity.VERBOSE if isinstance(line, Detail) else Verbosity.NORMAL):
        message(line)


def _plain(line: str) -> str:
    from spotitags.io.text import plain

    return plain(line)


def _wrapped(line: str) -> str:
    """Break a line between words if stderr is a terminal; words that are longer than its lines stay whole."""
    if not sys.stderr.isatty():
        return line
    import textwrap

    given = os.environ.get("COLUMNS", "")
    columns = int(given) if given.isdecimal() else os.get_terminal_size(sys.stderr.fileno()).columns
    return textwrap.fill(line, columns or 80, break_long_words=False, break_on_hyphens=False)


def print_failures(failed: Mapping[str, SpotiTagsError | str]) -> None:
    """Print a line on stderr for each artist that failed."""
    for ref, error in failed.items():
        message(f"{ref}: {error}")
