"""Command ``leaderboard``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from spotitags.commands._completion import complete_compared
from spotitags.commands._console import (
    INTERRUPTED,
    announce_interruption,
    exit_code,
    message,
    print_all,
    print_failures,
    print_json,
)
from spotitags.commands._open import dataset_name, open_for_labels
from spotitags.commands._options import (
    AlbumOptions,
    Columns,
    Covers,
    CrossValidationOptions,
    Repeats,
    TaggerChoice,
)
from spotitags.commands._progress import progress
from spotitags.errors import require_training


@dataclass(eq=False, repr=False)
class LeaderboardValidation(CrossValidationOptions):
    """Options of the cross-validation, which runs once by default."""

    folds: Annotated[
        int, typer.Option(min=0, metavar="N", help="Number of folds; 0: 5, or 10 with --pairs.")
    ] = 0
    repeats: Repeats = 1


EXAMPLES = ("spotitags leaderboard labels.csv --out runs/board",)


def leaderboard(
    labels_file: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS",
            help="Table with artist_id, genre and file, or of single covers with file and genre;"
            " or a folder genre/artist/*.jpg, with --covers genre/*.jpg.",
        ),
    ],
    *,
    source: AlbumOptions,
    tagging: TaggerChoice,
    validation: LeaderboardValidation,
    columns: Columns = None,
    covers: Covers = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder for leaderboard.json and leaderboard.html.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Model, view or tagger to compare, or 'tags'; repeatable.",
            autocompletion=complete_compared,
        ),
    ] = None,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Compare pairs of genres by the area under the ROC curve.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the table as one JSON object on stdout.")
    ] = False,
) -> None:
    """Compare all models of tags, colours and pictures on the same artists."""
    from datetime import UTC, datetime

    from spotitags.evaluation import Protocol
    from spotitags.evaluation import leaderboard as models
    from spotitags.evaluation.leaderboard.terminal import show_leaderboard

    require_training("leaderboard")
    artists, spotitags, single, _ = open_for_labels(
        labels_file, validation.genres, source, tagging, columns=columns, single=covers
    )
    folds = validation.folds or (models.PAIR_FOLDS if pairs else models.FOLDS)
    protocol = Protocol(folds, validation.repeats, 0, validation.seed, shuffled=validation.shuffle)
    with progress(len(artists)) as step:
        found = models.leaderboard(
            spotitags, artists, dataset=validation.dataset or dataset_name(labels_file),
            created=datetime.now(UTC).date().isoformat(), models=model or (), pairs=pairs,
            protocol=protocol, min_covers=validation.min_covers, single=single, progress=step,
        )  # fmt: skip
    written = models.write(found, out) if out else ()
    if as_json:
        print_json(found)
    else:
        print_all(show_leaderboard(found, written))
    print_failures(found["failed"])
    if found["interrupted"]:
        announce_interruption(message, "interrupted; models that were not done have no score")
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(exit_code(len(artists), len(found["failed"])))
