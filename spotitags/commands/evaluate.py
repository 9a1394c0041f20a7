"""Command ``evaluate``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spotitags.commands._console import exit_code, note, print_all, print_failures
from spotitags.commands._open import album_count, dataset_name, open_for_labels
from spotitags.commands._options import AlbumOptions, Columns, Covers, CrossValidationOptions, TaggingOptions
from spotitags.commands._progress import progress
from spotitags.commands._texts import KeepNames, TextColumn
from spotitags.commands._titles import Titles
from spotitags.errors import InputError, require_training

if TYPE_CHECKING:
    from spotitags.evaluation.predictions import EnsemblePredictions
    from spotitags.evaluation.samples import Samples

NOT_KEPT = "no file was written: add --out FOLDER for scores.json, votes.csv and report.html"
EXAMPLES = (
    "spotitags evaluate labels.csv --out runs/mine",
    "spotitags evaluate labels.csv --text-column lyrics --impact --out runs/mine",
)


def evaluate(
    labels_file: Annotated[
        Path | None,
        typer.Argument(
            metavar="LABELS",
            help="Table with artist_id and genre, and file for covers on disk, or of single covers with file"
            " and genre; or a folder genre/artist/*.jpg, with --covers genre/*.jpg;"
            " with --offline, by default the artists of the bundled library.",
        ),
    ] = None,
    *,
    source: AlbumOptions,
    tagging: TaggingOptions,
    validation: CrossValidationOptions,
    columns: Columns = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder for scores.json and report.html.")
    ] = None,
    covers: Covers = False,
    compare: Annotated[
        list[Path] | None,
        typer.Option(metavar="RUN.json", help="scores.json of an earlier run to compare with; repeatable."),
    ] = None,
    train_albums: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Maximum number of albums per training artist; 0: as --albums."
        ),
    ] = 0,
    drop_shared: Annotated[
        bool, typer.Option("--drop-shared", help="Leave out covers that several artists have.")
    ] = False,
    curve_repeats: Annotated[
        int, typer.Option(min=0, metavar="N", help="Repeats used for the learning curves; 0 for none.")
    ] = 2,
    titles: Titles = None,
    no_covers: Annotated[
        bool, typer.Option("--no-covers", help="No pictures in the report, only names of albums.")
    ] = False,
    maps: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Maximum number of maps of covers in the report, wrong artists first."
        ),
    ] = 60,
    text_column: TextColumn = None,
    keep_names: KeepNames = False,
    impact: Annotated[
        bool, typer.Option("--impact", help="Measure what each input is worth: tags, colours, lyrics …")
    ] = False,
) -> None:
    """Evaluate predictions on labelled artists, or compare earlier runs."""
    from datetime import UTC, datetime

    from spotitags import evaluation
    from spotitags.commands._tables import write_impact, write_votes
    from spotitags.evaluation.report.terminal import show_comparison, show_scores
    from spotitags.explain.gallery import build_gallery
    from spotitags.settings import Settings
    from spotitags.training.references import references_for

    runs = [evaluation.read(path) for path in compare or ()]
    if labels_file is None and not source.offline:
        if out is not None or not runs:
            raise InputError(
                "there are no artists to evaluate: give LABELS (a table or a folder), --offline for the "
                "bundled library's artists, or --compare twice and no --out"
            )
        print_all(show_comparison(runs, evaluation.against_first(runs)))
        return
    require_training("evaluate")
    albums = album_count(source)
    labelled = open_for_labels(
        labels_file, validation.genres, source, tagging,
        columns=columns, single=covers, albums=max(albums, train_albums), titles=titles,
        text_column=text_column, keep_names=keep_names,
    )  # fmt: skip
    artists = labelled.artists
    protocol = evaluation.Protocol(
        validation.folds,
        validation.repeats,
        curve_repeats,
        validation.seed,
        albums,
        validation.shuffle,
    )
    kept: list[tuple[Samples, EnsemblePredictions]] = []
    default_name = dataset_name(labels_file) if labels_file else "bundled library"
    with progress(len(artists)) as step:
        found = evaluation.evaluate(
            labelled.spotitags, artists,
            name=out.resolve().name if out else default_name, dataset=validation.dataset or default_name,
            created=datetime.now(UTC).date().isoformat(), protocol=protocol,
            min_covers=validation.min_covers, drop_shared=drop_shared, single=labelled.single,
            references=references_for, impact=impact, progress=step, keep=lambda *each: kept.append(each),
        )  # fmt: skip
        gallery = None
        if out:
            step("report", 0, 1)
            gallery = build_gallery(
                found, *kept[0], protocol,
                covers=not no_covers, maps=maps, cache_dir=Settings().cache_dir,
            )  # fmt: skip
    written = [*evaluation.write(found, out, gallery), write_votes(found, labelled, out)] if out else []
    if out and impact:
        written.append(write_impact(found["impact"], out))
    print_all(show_scores(found, written, {artist.id: artist.name for artist in artists}))
    for run in runs:
        print_all(show_comparison([run, found], evaluation.against_first([run, found])))
    print_failures(found["failed"])
    if out is None:
        note(NOT_KEPT)
    raise typer.Exit(exit_code(len(artists), len(found["failed"])))
