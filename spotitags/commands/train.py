"""Command ``train``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from spotitags.commands._artists import open_spotitags, split
from spotitags.commands._console import exit_code, message, print_all, print_failures, progress
from spotitags.commands._options import AlbumOptions, Albums, Folds, Genres, Seed, TaggingOptions, Voter


@dataclass(eq=False, repr=False)
class TrainingSource(AlbumOptions):
    """Options that choose albums, more of them than for a prediction."""

    albums: Albums = 20


def train(
    labels_file: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS.csv", help="CSV with artist_id and genre, and file for covers on disk."
        ),
    ],
    source: TrainingSource,
    tagging: TaggingOptions,
    *,
    out: Annotated[Path, typer.Option(metavar="OUT", help="Model to write: OUT.onnx and its card OUT.json.")],
    genres: Genres = None,
    folds: Folds = 5,
    seed: Seed = 0,
    voter: Voter = None,
) -> None:
    """Train an ensemble on labelled artists.

    Finished work is cached: after an interruption, run the same command to continue.
    """
    from spotitags.catalogs.labels import read_labels
    from spotitags.commands._render import show_training
    from spotitags.training.ensemble import train as train_ensemble

    artists, with_covers = read_labels(labels_file, split(genres), notify=message)
    spotitags = open_spotitags(source, tagging, manifest=labels_file if with_covers else None)
    with progress(len(artists)) as step:
        report = train_ensemble(
            spotitags, artists, out, folds=folds, seed=seed, voters=voter or (), progress=step
        )
    print_failures(report.failed)
    print_all(show_training(report))
    raise typer.Exit(exit_code(len(artists), len(report.failed)))
