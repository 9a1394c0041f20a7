"""Command ``predict``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotitags.commands._artists import select_artists
from spotitags.commands._open import split
from spotitags.commands._options import (
    ArtistOptions,
    BagOptions,
    Genres,
    Json,
    Model,
    RawTags,
    SourceOptions,
    TableOptions,
    Top,
    Voter,
    ZeroShot,
)
from spotitags.commands._progress import print_results
from spotitags.commands._targets import configured_model, print_numbers, target_taggers
from spotitags.commands._texts import Texts
from spotitags.commands._titles import Titles
from spotitags.errors import InputError

if TYPE_CHECKING:
    from spotitags.records import Prediction
    from spotitags.rendering.overview import Overview


SHORT_FROM = 4
"""Number of artists from which each gets one line: in full they would be more than a screen."""

EXAMPLES = (
    "spotitags predict Metallica --offline",
    "spotitags predict covers/ demo.jpg --explain",
    "spotitags predict ids.txt --json",
    "spotitags predict --manifest covers.csv --csv votes.csv",
)


def predict(
    artists: ArtistOptions,
    source: SourceOptions,
    tagging: BagOptions,
    table: TableOptions,
    *,
    model: Model = None,
    voter: Voter = None,
    genres: Genres = None,
    zero_shot: ZeroShot = False,
    titles: Titles = None,
    texts: Texts = True,
    top: Top = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each voter's vote, and the tags for and against.")
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help=f"Show artists in full; from {SHORT_FROM} on, each gets a line by default."
        ),
    ] = False,
    raw_tags: RawTags = False,
    as_json: Json = False,
) -> None:
    """Predict artists' genres from their covers."""
    in_table = table.csv is not None or table.parquet is not None
    if in_table:
        from spotitags.commands._tables import check_table, write_predictions

        check_table(table, as_json=as_json)
        if explain:
            raise InputError("a table has no place for --explain: leave it out, or use --json")
    numbers = _model_of_numbers(model)
    if numbers is not None:
        tagging.tagger = tagging.tagger or target_taggers(numbers)
        selection = select_artists(artists, source, tagging, titles=titles, use_texts=texts)
        print_numbers(selection, numbers, table, as_json=as_json, genres=genres)
    selection = select_artists(
        artists, source, tagging,
        model=model, voters=voter or (), genres=split(genres), zero_shot=zero_shot, titles=titles,
        use_texts=texts,
    )  # fmt: skip

    short = len(selection.refs) >= SHORT_FROM and not (full or explain or raw_tags or as_json)
    overview = _overview(top) if short else None

    def render(prediction: "Prediction") -> Any:  # noqa: ANN401  (a JSON object or renderables)
        if as_json:
            from spotitags.rendering.json_objects import prediction_json

            return prediction_json(prediction, top, explain=explain)
        if overview:
            return overview.lines(prediction)
        from spotitags.rendering.prediction import show_prediction

        return show_prediction(prediction, top or 10, explain=explain, raw=raw_tags)

    results = selection.results(lambda spotitags, refs: spotitags.predictions(refs, explain=explain))
    if in_table:
        write_predictions(results, selection.refs, top, table, selection.other_cells())
    foot = overview.foot if overview else None
    print_results(results, selection.refs, render, as_json=as_json, foot=foot)


def _model_of_numbers(model: Path | None) -> Path | None:
    """Return the model of a command if it predicts a number, such as popularity; None for genres."""
    chosen = configured_model(model)
    if chosen is None:
        return None
    from classifiers.ensemble.target_model import is_target_model

    return chosen if is_target_model(chosen) else None


def _overview(top: int | None) -> "Overview":
    from spotitags.commands._console import stdout
    from spotitags.rendering.overview import MOST_TAGS, Overview

    return Overview(stdout().width, top or MOST_TAGS)
