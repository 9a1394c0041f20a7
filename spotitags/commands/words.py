"""Command ``words``."""

from pathlib import Path
from typing import Annotated

import typer

from spotitags.commands._completion import complete_genres
from spotitags.commands._console import exit_code, note, print_all, print_failures, print_json
from spotitags.commands._open import album_count, dataset_name, open_for_labels
from spotitags.commands._options import (
    AlbumOptions,
    Columns,
    Covers,
    Genres,
    Json,
    Seed,
    TableOptions,
    TaggingOptions,
)
from spotitags.commands._progress import progress
from spotitags.commands._texts import KeepNames, TextColumn
from spotitags.commands._titles import Titles

ALBUMS = 100
"""Maximum number of albums per artist, unless ``--albums`` says otherwise."""
EXAMPLES = (
    "spotitags words --genre country --against jazz",
    "spotitags words labels.csv --out words.html",
)


def words(
    labels_file: Annotated[
        Path | None,
        typer.Argument(
            metavar="LABELS",
            help="Table with artist_id and genre, or a folder, as for train; "
            "by default the artists of the bundled library.",
        ),
    ] = None,
    *,
    source: AlbumOptions,
    tagging: TaggingOptions,
    table: TableOptions,
    genre: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only the words of this genre.", autocompletion=complete_genres),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Compare it with this genre alone, not with all others.",
            autocompletion=complete_genres,
        ),
    ] = None,
    genres: Genres = None,
    columns: Columns = None,
    covers: Covers = False,
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Number of words on either side; 10 for one genre, 5 for each of several.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html", help="Page with word clouds, tables and covers, which opens offline."
        ),
    ] = None,
    no_covers: Annotated[
        bool, typer.Option("--no-covers", help="Names of albums only on the page, no pictures.")
    ] = False,
    titles: Titles = None,
    text_column: TextColumn = None,
    keep_names: KeepNames = False,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Show which words on covers tell genres apart, and how sure that is."""
    from spotitags.commands._tables import check_table, write_table
    from spotitags.evaluation.samples import collect_samples, select
    from spotitags.explain.words import terminal
    from spotitags.explain.words.effects import telling_words
    from spotitags.explain.words.page import words_page
    from spotitags.io.output import output_file

    in_table = table.csv is not None or table.parquet is not None
    if in_table:
        check_table(table, as_json=as_json)
    source.offline = source.offline or labels_file is None
    artists, spotitags, single, _ = open_for_labels(
        labels_file,
        genres,
        source,
        tagging,
        columns=columns,
        single=covers,
        albums=album_count(source, ALBUMS),
        titles=titles,
        text_column=text_column,
        keep_names=keep_names,
    )
    with progress(len(artists)) as step:
        samples = select(collect_samples(spotitags, artists, single=single, progress=step), drop_shared=True)
    found = telling_words(samples.rows, genre=genre, against=against, seed=seed)
    if out is not None:
        dataset = dataset_name(labels_file) if labels_file else "the bundled library"
        page = words_page(found, samples, dataset, notes=samples.notes, covers=not no_covers)
        with output_file(out) as file:
            file.write(page.encode())
        note(f"{out} written")
    if in_table:
        write_table(table, terminal.COLUMNS, terminal.rows(found))
    elif as_json:
        print_json(terminal.words_json(found, samples.notes))
    elif out is None:
        print_all(terminal.show_words(found, top or (10 if genre else 5), samples.notes))
    print_failures(samples.failed)
    raise typer.Exit(exit_code(len(artists), len(samples.failed)))
