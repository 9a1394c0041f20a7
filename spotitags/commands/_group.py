"""Group of all commands: errors become one line on stderr and an exit code; earlier names still work."""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from spotitags.commands._console import (
    ALL_SUCCEEDED,
    INTERRUPTED,
    NONE_SUCCEEDED,
    USAGE,
    message,
)
from spotitags.errors import InputError, NoResultsError, SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Mapping

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
            message("interrupted; finished work is cached, run the same command to continue")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            raise _reader_left() from None
        except SystemExit as end:
            if isinstance(end.__context__, BrokenPipeError):  # rich turns one into the other
                raise _reader_left() from None
            raise
        except OSError as error:
            message(f"error: {error.filename or 'the output'}: {error.strerror or error}")
            raise typer.Exit(NONE_SUCCEEDED) from None


def _reader_left() -> typer.Exit:
    """Return the exit for a pipe that its reader closed, as ``head`` does, and discard further output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return typer.Exit(ALL_SUCCEEDED)
