"""Command line: the Typer app with all commands, and its entry point."""

from __future__ import annotations

import gc
import io
import sys
from typing import Annotated

import typer

from spotitags.commands import (
    doctor,
    evaluate,
    labels,
    leaderboard,
    library,
    predict,
    results,
    sample,
    tag,
    taggers,
    train,
)
from spotitags.commands._console import CommandGroup
from spotitags.commands._options import command_options

app = typer.Typer(
    name="spotitags",
    cls=CommandGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the panels cost 0.1 s at every start
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(requested: bool) -> None:  # noqa: FBT001  (Typer's callback)
    """Print the version and exit, if requested."""
    if requested:
        from spotitags import __version__

        sys.stdout.write(f"spotitags {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=print_version),
    ] = False,
) -> None:
    """Predict an artist's genre from its album covers: weighted tags and genre votes."""


for command in (
    predict.predict,
    tag.tag,
    train.train,
    evaluate.evaluate,
    leaderboard.leaderboard,
    results.results,
    sample.sample,
    labels.labels,
    library.library,
    taggers.taggers,
    doctor.doctor,
):
    app.command()(command_options(command))


def main() -> None:
    """Run the command line."""
    gc.set_threshold(50_000, 20, 20)  # imports make many objects and few cycles: a tenth of a short run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names come in every script, and a file is UTF-8 everywhere
            stream.reconfigure(encoding=stream.encoding if stream.isatty() else "utf-8", errors="replace")
    app()
