"""Command ``tag-corpus``."""

import time
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotitags.commands._console import (
    ALL_SUCCEEDED,
    INTERRUPTED,
    NONE_SUCCEEDED,
    announce_interruption,
    message,
    note,
)
from spotitags.commands._open import fill_in, user_table
from spotitags.commands._options import ClipModel, Columns, Device, Offline, Words
from spotitags.commands._progress import counting, duration
from spotitags.errors import InputError

if TYPE_CHECKING:
    from spotitags.pipeline.corpus.engines import Corpus, Summary

EXAMPLES = (
    "spotitags tag-corpus covers/ corpus/ --tagger lite",
    "spotitags tag-corpus covers.csv tagged/ --engine ray",
    "spotitags tag corpus/ --parquet tags.parquet",
)


class Engine(StrEnum):
    """Engine of a run."""

    local = "local"
    ray = "ray"


def tag_corpus(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="Covers: a folder with all folders below it, a table with file, Parquet files with file or"
            " with the covers' bytes, or tar files as WebDataset has them.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="Folder to write or to continue.", show_default=False)
    ],
    *,
    tagger: Annotated[
        str | None, typer.Option("--tagger", "-t", metavar="NAME", help="Tagger to use: clip or lite.")
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="local: this machine; ray: a Ray cluster, or one started here.")
    ] = Engine.local,
    address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Address of the Ray cluster; by default RAY_ADDRESS."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Workers of the Ray engine; by default one a GPU or node."),
    ] = None,
    part_size: Annotated[
        int, typer.Option(min=1, metavar="N", help="Maximum number of covers in a Parquet file.")
    ] = 2000,
    columns: Columns = None,
    clip_model: ClipModel = None,
    device: Device = None,
    words: Words = None,
    offline: Offline = False,
) -> None:
    """Tag millions of covers into Parquet files.

    After an interruption, the same command continues.
    """
    from spotitags.pipeline.corpus.engines import Corpus, run_local
    from spotitags.pipeline.corpus.inputs import open_source
    from spotitags.pipeline.corpus.tagger import tagger_builder

    if engine is Engine.local and (address or workers):
        raise InputError("--address and --workers are for --engine ray: add it, or leave them out")
    given: dict[str, Any] = {"catalog": "folder", "tagger": tagger and [tagger], "words": words}
    fill_in(given)
    build = tagger_builder(
        given["tagger"] or (), words=given["words"] or (), clip_model=clip_model, device=device,
        offline=offline, notify=note,
    )  # fmt: skip
    corpus = Corpus(open_source(user_table(source, columns)), out, build, part_size)
    run = run_local
    if engine is Engine.ray:
        from spotitags.pipeline.corpus.ray_engine import run_ray

        run = partial(run_ray, address=address, workers=workers)
    began = time.monotonic()
    try:
        with counting("covers") as step:
            summary = run(corpus, step)
    except KeyboardInterrupt:
        announce_interruption(
            message, f"interrupted; finished covers are in {out}, run the same command to continue"
        )
        raise typer.Exit(INTERRUPTED) from None
    _report(corpus, summary, time.monotonic() - began)
    nothing = not summary.before and not summary.tagged
    raise typer.Exit(NONE_SUCCEEDED if nothing else ALL_SUCCEEDED)


def _report(corpus: "Corpus", summary: "Summary", seconds: float) -> None:
    """Print numbers of covers, and where they are."""
    covers = summary.tagged + summary.skipped
    parts = [f"{summary.tagged} covers tagged"]
    if summary.copies:
        parts.append(f"of them {summary.copies} copies")
    if summary.before:
        parts.append(f"{summary.before} done before")
    if covers:
        parts.append(f"{duration(seconds)}, {covers / max(seconds, 1e-9):.0f} a second")
    note(f"{corpus.folder}: {', '.join(parts)}")
    if summary.skipped:
        note(f"{summary.skipped} covers could not be used: {corpus.folder / 'skipped'} has the reasons")
