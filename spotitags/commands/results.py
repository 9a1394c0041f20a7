"""Command ``results``."""

from pathlib import Path
from typing import Annotated

import typer

from spotitags.commands._console import message


def results(
    scores: Annotated[
        list[Path],
        typer.Argument(metavar="RUN.json", help="scores.json and seed.json files, in the order of the page."),
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="FILE.md", help="Page to write.")] = Path("docs/results.md"),
    notes: Annotated[
        Path | None,
        typer.Option(metavar="FILE.md", help="Text to append to the page, such as what was tried."),
    ] = None,
) -> None:
    """Write measured results as a Markdown page."""
    from spotitags.evaluation.report.markdown import write_results
    from spotitags.evaluation.scores import read

    write_results([read(path) for path in scores], out, notes)
    message(f"{out} written")
