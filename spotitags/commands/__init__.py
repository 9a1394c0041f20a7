"""Command line: the Typer app with all commands, and its entry point."""

from __future__ import annotations

import io
import os
import sys
from copy import copy
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotitags.commands import (
    cache,
    config,
    doctor,
    evaluate,
    explain,
    explore,
    labels,
    leaderboard,
    library,
    like,
    predict,
    results,
    sample,
    score,
    tag,
    tag_corpus,
    taggers,
    train,
    words,
)
from spotitags.commands._completion import VARIABLE, answer_shell
from spotitags.commands._console import Command, CommandGroup
from spotitags.commands._masked import mask_output
from spotitags.commands._verbosity import OUTPUT, OutputOptions, Quiet, Verbose, set_output, start_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def command_options(command: Callable[..., None]) -> Callable[..., None]:
    """Spread the dataclass parameters of a command into one option a field, for Typer; add `OutputOptions`.

    Both signature and annotations are replaced: Typer reads names from one and types from the other. Modules
    of commands do not postpone the evaluation of annotations, which would cost time here at every start.
    """
    groups: dict[str, type[Any]] = {
        name: parameter.annotation
        for name, parameter in signature(command).parameters.items()
        if isinstance(parameter.annotation, type) and is_dataclass(parameter.annotation)
    }

    def options_of(group: type[Any]) -> Iterator[Parameter]:
        for field in fields(group):
            yield Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)

    def spread() -> Iterator[Parameter]:
        for name, parameter in signature(command).parameters.items():
            if name in groups:
                yield from options_of(groups[name])
            else:
                yield parameter.replace(kind=Parameter.KEYWORD_ONLY)
        yield from options_of(OutputOptions)

    @wraps(command)
    def run(**values: Any) -> None:  # noqa: ANN401  (options of any type)
        set_output(verbose=values.pop("verbose"), quiet=values.pop("quiet"))
        OUTPUT.command = command.__name__.replace("_", "-")
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        command(**values)

    parameters = list(spread())
    run.__signature__ = signature(command).replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


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
    version: Annotated[  # noqa: ARG001  (its callback prints)
        bool,
        typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=print_version),
    ] = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Predict an artist's genre from its album covers: weighted tags and genre votes."""
    start_output()
    set_output(verbose=verbose, quiet=quiet)


for module in (
    predict,
    explain,
    explore,
    tag,
    tag_corpus,
    train,
    like,
    score,
    evaluate,
    leaderboard,
    results,
    words,
    sample,
    labels,
    library,
    taggers,
    doctor,
):
    examples = "\n  ".join(getattr(module, "EXAMPLES", ()))
    app.command(cls=Command, epilog=f"\b\nExamples:\n  {examples}" if examples else None)(
        command_options(getattr(module, module.__name__.rpartition(".")[2]))
    )

for group, actions, summary in (
    ("config", config.ACTIONS, "Show and change the configuration file."),
    ("cache", cache.ACTIONS, "Show, check and clear the cache folder."),
):
    commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

    @commands.callback(help=summary)
    def group_options(*, verbose: Verbose = False, quiet: Quiet = False) -> None:
        """Set the amount of messages of the group's commands."""
        set_output(verbose=verbose, quiet=quiet)

    for name, action in actions.items():
        commands.command(name, cls=Command)(command_options(action))
    app.add_typer(commands, name=group)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names come in every script, and a file is UTF-8 everywhere
            stream.reconfigure(encoding=stream.encoding if stream.isatty() else "utf-8", errors="replace")
    if VARIABLE in os.environ:
        answer_shell(app)
    mask_output()
    _with_named_command()()


def _with_named_command() -> typer.Typer:
    """Return the app with the command of the command line only: Typer builds all, which takes 30 ms."""
    name = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), None)
    named = [
        command
        for command in app.registered_commands
        if command.callback and command.callback.__name__.replace("_", "-") == name
    ]
    if not named:
        return app
    small = copy(app)
    small.registered_commands, small.registered_groups = named, []
    return small
