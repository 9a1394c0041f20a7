"""Numbers of artists, such as popularity: training of a model, and its predictions."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from spotitags.commands._console import exit_code, note, print_all, print_failures, results_code
from spotitags.commands._open import album_count, open_spotitags, split, user_table
from spotitags.commands._progress import print_results, progress, tracked
from spotitags.commands._texts import text_columns
from spotitags.errors import InputError, SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spotitags.commands._artists import Selection
    from spotitags.commands._options import AlbumOptions, TableOptions, TaggingOptions
    from spotitags.records.target import TargetPrediction


def configured_model(model: Path | None) -> Path | None:
    """Return the model of a command: as requested, else as configured."""
    if model is not None:
        return model
    from spotitags.settings.config_file import run_options

    found = run_options().model
    return None if found is None else Path(found)


def train_on_numbers(
    labels_file: Path,
    target: str,
    out: Path,
    source: "AlbumOptions",
    tagging: "TaggingOptions",
    *,
    columns: str | None,
    single: bool,
    folds: int,
    seed: int,
    titles: bool | None,
    text_column: list[str] | None,
    keep_names: bool,
) -> None:
    """Train a model of the numbers in a column, print how good it is, and exit."""
    from spotitags.catalogs.targets import read_numbers
    from spotitags.commands._render import show_target
    from spotitags.training.target import train_target

    table = user_table(labels_file, columns)
    numbered = read_numbers(table, target, single=single)
    if target.casefold() in {name.casefold() for name in text_column or ()}:
        raise InputError(f"the column {target!r} cannot predict itself: leave it out of --text-column")
    given: dict[str, Any] = {
        "texts": text_columns(table, text_column, keep_names=keep_names),
        "titles": titles,
    }
    if numbered.catalog is not None:
        given["catalog"] = numbered.catalog
    elif "file" in table.columns:
        given["manifest"] = table
    if numbered.left_out:
        note(f"{numbered.left_out} lines have no {target} and are left out")
    spotitags = open_spotitags(source, tagging, **given | {"albums": album_count(source, default=20)})
    with progress(len(numbered.artists)) as step:
        report = train_target(
            spotitags, numbered.artists, numbered.values, target, out,
            folds=folds, seed=seed, single=numbered.catalog is not None, progress=step,
        )  # fmt: skip
    print_failures(report.failed)
    print_all(show_target(report))
    raise typer.Exit(exit_code(len(numbered.artists), len(report.failed)))


def target_taggers(model: Path) -> list[str]:
    """Return the taggers that a model of a number was trained with."""
    from classifiers.ensemble.blends import is_word_source
    from spotitags.pipeline.target_prediction import load_target

    return [name for name in load_target(model).taggers if name == "text" or not is_word_source(name)]


def print_numbers(
    selection: "Selection", model: Path, table: "TableOptions", *, as_json: bool, genres: str | None
) -> None:
    """Print or write the predicted numbers of all artists, and exit."""
    from spotitags.pipeline.target_prediction import load_target, predict_targets
    from spotitags.rendering.target import show_target_prediction

    if split(genres):
        raise InputError(f"{model} predicts a number, and no genres: leave --genres out")
    loaded = load_target(model)
    results = selection.results(lambda spotitags, refs: predict_targets(spotitags, loaded, refs))
    if table.csv is not None or table.parquet is not None:
        _write_numbers(results, selection, loaded.target, table)

    def render(prediction: "TargetPrediction") -> Any:  # noqa: ANN401  (a JSON object or renderables)
        return prediction.to_dict() if as_json else show_target_prediction(prediction)

    print_results(results, selection.refs, render, as_json=as_json)


def _write_numbers(
    results: "Iterator[Any]", selection: "Selection", target: str, options: "TableOptions"
) -> None:
    """Write a row for each artist, with the other columns of the user's table, and exit."""
    from contextlib import closing

    from spotitags.catalogs.other_columns import free_names
    from spotitags.commands._tables import write_table

    others = selection.other_cells()
    columns = {
        "artist_id": str, "artist_name": str, target: float, "low": float, "high": float,
        "covers": int, "error": str,
    }  # fmt: skip
    names = free_names({name: None for cells in others for name in cells}, columns)
    failed: list[SpotiTagsError] = []

    def rows() -> "Iterator[Sequence[Any]]":
        for (ref, result), cells in zip(found, others, strict=True):
            kept = [cells.get(name) for name in names]
            if isinstance(result, SpotiTagsError):
                failed.append(result)
                yield [ref, None, None, None, None, None, str(result), *kept]
            else:
                numbers = (round(each, 6) for each in (result.value, result.low, result.high))
                yield [result.artist.id, result.artist.name, *numbers, result.covers, None, *kept]

    with closing(tracked(results, selection.refs)) as found:
        write_table(options, columns | dict.fromkeys(names.values(), str), rows())
    raise typer.Exit(results_code(len(selection.refs), failed))
