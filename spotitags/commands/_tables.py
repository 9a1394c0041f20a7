"""Tables of tags and predictions on stdout, in CSV files and in Parquet files."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TextIO, cast

import typer

from spotitags.commands._console import ALL_SUCCEEDED, results_code
from spotitags.commands._options import STDOUT, TableOptions
from spotitags.commands._progress import tracked
from spotitags.errors import InputError, SpotiTagsError

if TYPE_CHECKING:
    from spotitags.commands._open import Labelled
    from spotitags.commands._options import ArtistOptions, BagOptions, SourceOptions
    from spotitags.io.tables import Cell


def check_table(options: TableOptions, *, as_json: bool) -> None:
    """Check that one form of output is chosen, with a name.

    Raises:
        InputError: JSON or a second table is requested, too, or a name is empty.
    """
    files = [file for file in (options.csv, options.parquet) if file is not None]
    if as_json or len(files) > 1:
        raise InputError("--json, --csv and --parquet exclude each other: choose one")
    if not files[0].name:
        raise InputError(f"{str(files[0])!r} names no file: give one, such as table.csv or table.parquet")


def write_tags(results: Iterator[Any], refs: list[str], top: int | None, options: TableOptions) -> None:
    """Write all tags as a table, and exit with the code for the artists."""
    from spotitags.bags import tables

    failed: list[SpotiTagsError] = []

    def rows() -> Iterator[tables.Row]:
        for _, result in found:
            if isinstance(result, SpotiTagsError):
                failed.append(result)
            else:
                yield from tables.rows(result, top)

    with closing(tracked(results, refs)) as found:
        write_table(options, tables.COLUMNS, rows())
    raise typer.Exit(results_code(len(refs), failed))


def only_corpus(artists: "ArtistOptions", source: "SourceOptions", tagging: "BagOptions") -> Path | None:
    """Return the corpus that a command is about, if it is about all of its artists and DuckDB is there.

    Its table is then summed by DuckDB: for a million artists, with the same numbers.
    """
    from spotitags.io.corpus import corpus_files

    others = (artists.artist, artists.artists, artists.name, artists.playlist, artists.columns, source.also)
    if any(others) or tagging.tagger or tagging.words or tagging.merge or find_spec("duckdb") is None:
        return None
    if source.manifest is not None and not artists.given:
        return source.manifest if corpus_files(source.manifest) else None
    given = [Path(each) for each in artists.given or ()]
    return given[0] if len(given) == 1 and source.manifest is None and corpus_files(given[0]) else None


def write_corpus_tags(
    corpus: Path, albums: int, top: int | None, options: TableOptions, *, keep_broad: bool
) -> None:
    """Write the tags of all artists of a corpus as a table, and exit."""
    from spotitags.bags import tables
    from spotitags.bags.corpus import CorpusBags

    with CorpusBags(corpus, albums=albums, keep_broad=keep_broad) as bags:
        if options.parquet is not None:
            bags.write_parquet(options.parquet, top)
        else:
            write_table(options, tables.COLUMNS, bags.rows(top))
    raise typer.Exit(ALL_SUCCEEDED)


def write_predictions(
    results: Iterator[Any],
    refs: list[str],
    top: int | None,
    options: TableOptions,
    others: Sequence[Mapping[str, str]],
) -> None:
    """Write a row for each artist as a table, and exit with the code for the artists.

    Args:
        results: References to artists, each with its prediction or error.
        refs: The references.
        top: Number of tags per tagger.
        options: Files to write.
        others: For each artist, cells of the user's table by column.
    """
    from spotitags.catalogs.other_columns import free_names
    from spotitags.pipeline import prediction_table

    failed: list[SpotiTagsError] = []
    first: list[tuple[str, Any]] = []
    genres: list[str] = []

    def rows() -> "Iterator[list[Cell]]":
        for (ref, result), cells in zip(chain(first, found), others, strict=True):
            if isinstance(result, SpotiTagsError):
                failed.append(result)
            kept = [cells.get(name) for name in names]
            yield [*prediction_table.row(ref, result, genres, top or 10), *kept]

    with closing(tracked(results, refs)) as found:
        for ref, result in found:
            first.append((ref, result))
            if not isinstance(result, SpotiTagsError):
                genres = sorted(result.votes)  # the same for all predictions of a run
                break
        columns = prediction_table.columns(genres)
        names = free_names(_further(others, columns), columns)
        write_table(options, columns | dict.fromkeys(names.values(), str), rows())
    raise typer.Exit(results_code(len(refs), failed))


def _further(others: Sequence[Mapping[str, str]], columns: Mapping[str, type]) -> dict[str, None]:
    """Return the names of further columns, without those of an earlier table of predictions."""
    earlier = {"genre", "none", "right", "sure", "covers", "tags", "error"}
    return {
        name: None for cells in others for name in cells if not (earlier <= cells.keys() and name in columns)
    }


def write_votes(found: Mapping[str, Any], labelled: "Labelled", out: Path) -> Path:
    """Write ``votes.csv`` of an evaluation, with the other columns of the labels; return the file.

    Args:
        found: Content of ``scores.json``.
        labelled: The labels.
        out: An existing folder.

    Raises:
        InputError: The file cannot be written.
    """
    from spotitags.catalogs.other_columns import free_names, other_columns
    from spotitags.evaluation import votes

    table, columns = labelled.table, votes.columns(found)
    others = {} if table is None else other_columns(table, "file" if labelled.single else "artist_id")
    labels = {labelled.genre_column: None}
    further = {name: None for cells in others.values() for name in cells if name not in labels}
    names = free_names(further, columns)
    rows = votes.rows(found, {artist.id: artist.name for artist in labelled.artists})
    kept = [[others.get(str(row[0]), {}).get(name) for name in names] for row in rows]
    write_csv(
        out / "votes.csv",
        [*columns, *names.values()],
        ([*row, *more] for row, more in zip(rows, kept, strict=True)),
        raw=False,
    )
    return out / "votes.csv"


def write_impact(impact: Mapping[str, Any], out: Path) -> Path:
    """Write ``impact.csv`` of an evaluation; return the file.

    Args:
        impact: Entry ``impact`` of ``scores.json``.
        out: An existing folder.

    Raises:
        InputError: The file cannot be written.
    """
    from spotitags.evaluation.report.impact import COLUMNS, impact_cells

    write_csv(out / "impact.csv", COLUMNS, impact_cells(impact), raw=False)
    return out / "impact.csv"


def write_table(options: TableOptions, columns: Mapping[str, type], rows: "Iterable[Sequence[Cell]]") -> None:
    """Write a table to the CSV or Parquet file of the options."""
    from spotitags.io.tables import write_parquet

    if options.parquet is None:
        write_csv(options.csv or STDOUT, columns, rows, raw=options.raw_cells, option="--csv")
    else:
        write_parquet(options.parquet, columns, rows)


def write_csv(
    out: Path, columns: Iterable[str], rows: "Iterable[Sequence[Cell]]", *, raw: bool, option: str = "--out"
) -> None:
    """Write a table to a CSV file, or to stdout if its name is ``-``.

    Raises:
        InputError: The file cannot be written.
    """
    from spotitags.io import tables
    from spotitags.io.output import output_file

    if out == STDOUT:
        stdout = SimpleNamespace(write=lambda text: sys.stdout.write(text))  # noqa: PLW0108  (a bar may redirect it later)
        tables.write_csv(cast("TextIO", stdout), columns, rows, raw=raw)
        return
    with output_file(out, option) as file:
        stream = tables.text_stream(file)
        tables.write_csv(stream, columns, rows, raw=raw)
        stream.detach()
