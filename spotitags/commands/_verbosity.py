"""Amount of messages on stderr, an option of every command."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Final

import typer

from spotitags.errors import InputError

Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Print choices, such as that of the tagger, and their reasons."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]


@dataclass(eq=False, repr=False)
class OutputOptions:
    """Amount of messages on stderr, an option of every command."""

    verbose: Verbose = False
    quiet: Quiet = False


class Verbosity(IntEnum):
    """Amount of messages on stderr."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


class _Output:
    """State of the output: the amount of messages, and the name of the running command."""

    verbosity = Verbosity.NORMAL
    command = ""


OUTPUT: Final = _Output()


def start_output() -> None:
    """Start with the usual amount of messages."""
    OUTPUT.verbosity = Verbosity.NORMAL


def set_output(*, verbose: bool, quiet: bool) -> None:
    """Change the amount of messages, by options before or after the name of the command.

    Raises:
        InputError: Both are given.
    """
    verbose = verbose or OUTPUT.verbosity is Verbosity.VERBOSE
    quiet = quiet or OUTPUT.verbosity is Verbosity.QUIET
    if verbose and quiet:
        raise InputError("--verbose and --quiet exclude each other: choose one")
    if verbose or quiet:
        OUTPUT.verbosity = Verbosity.VERBOSE if verbose else Verbosity.QUIET
