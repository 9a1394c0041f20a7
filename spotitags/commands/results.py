"""Command ``results``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from spotitags.commands._console import note
from spotitags.commands._options import STDOUT

EXAMPLES = ("spotitags results runs/mine/scores.json --out page.md",)


def results(
    scores: Annotated[
        list[Path],
        typer.Argument(metavar="RUN.json", help="scores.json and seed.json files, in the order of the page."),
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(metavar="FILE.md", help="Page to write; by default stdout.", show_default=False),
    ] = STDOUT,
    notes: Annotated[
        Path | None,
        typer.Option(metavar="FILE.md", help="Text to append to the page, such as what was tried."),
    ] = None,
) -> None:
    """Write measured results as a Markdown page."""
    from spotitags.evaluation.report.markdown import results_page
    from spotitags.evaluation.scores import read
    from spotitags.io.output import output_file

    page = results_page([read(path) for path in scores], notes)
    if out == STDOUT:
        sys.stdout.write(page)
        return
    with output_file(out) as file:
        file.write(page.encode())
    note(f"{out} written")
