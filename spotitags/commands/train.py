"""Command ``train``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from spotitags.commands._console import exit_code, print_all, print_failures
from spotitags.commands._open import album_count, open_for_labels
from spotitags.commands._options import (
    AlbumOptions,
    Columns,
    Covers,
    Folds,
    Genres,
    Seed,
    TaggingOptions,
    Voter,
)
from spotitags.commands._progress import progress
from spotitags.commands._targets import train_on_numbers
from spotitags.commands._texts import KeepNames, TextColumn
from spotitags.commands._titles import Titles
from spotitags.errors import InputError, require_training


@dataclass(eq=False, repr=False)
class TrainingSource(AlbumOptions):
    """Options that choose albums, more of them than for a prediction."""

    albums: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Maximum number of albums per artist; 20 by default."),
    ] = None


EXAMPLES = (
    "spotitags train genres/ --out models/mine",
    "spotitags train labels.csv --text-column lyrics --out models/mine",
    "spotitags train labels.csv --target popularity --out models/popularity",
)


def train(
    labels_file: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS",
            help="Table with artist_id and genre, and file for covers on disk, or of single covers with file"
            " and genre; or a folder genre/artist/*.jpg, with --covers genre/*.jpg.",
        ),
    ],
    source: TrainingSource,
    tagging: TaggingOptions,
    *,
    out: Annotated[Path, typer.Option(metavar="OUT", help="Model to write: OUT.onnx and its card OUT.json.")],
    columns: Columns = None,
    covers: Covers = False,
    genres: Genres = None,
    per_genre: Annotated[
        int | None,
        typer.Option(min=3, metavar="N", help="Most artists of a genre, drawn by --seed; all by default."),
    ] = None,
    folds: Folds = 5,
    seed: Seed = 0,
    voter: Voter = None,
    titles: Titles = None,
    text_column: TextColumn = None,
    keep_names: KeepNames = False,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Predict the numbers of this column, such as popularity, instead of genres.",
        ),
    ] = None,
) -> None:
    """Train an ensemble on labelled artists.

    Tags are cached: after an interruption, the same command tags the covers that are left, and trains anew.
    """
    from spotitags.commands._render import show_training
    from spotitags.training.ensemble import drawn
    from spotitags.training.ensemble import train as train_ensemble

    require_training("train")
    if target is not None:
        if genres or voter:
            raise InputError("--target predicts a number: leave --genres and --voter out")
        train_on_numbers(
            labels_file, target, out, source, tagging,
            columns=columns, single=covers, folds=folds, seed=seed,
            titles=titles, text_column=text_column, keep_names=keep_names,
        )  # fmt: skip
        return
    artists, spotitags, single, _ = open_for_labels(
        labels_file, genres, source, tagging,
        columns=columns, single=covers, albums=album_count(source, default=20), titles=titles,
        text_column=text_column, keep_names=keep_names,
    )  # fmt: skip
    if per_genre is not None:
        artists = drawn(artists, per_genre, seed)
    with progress(len(artists)) as step:
        report = train_ensemble(
            spotitags,
            artists,
            out,
            folds=folds,
            seed=seed,
            voters=voter or (),
            single=single,
            progress=step,
        )
    print_failures(report.failed)
    print_all(show_training(report))
    raise typer.Exit(exit_code(len(artists), len(report.failed)))
