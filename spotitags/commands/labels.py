"""Command ``labels``."""

from pathlib import Path
from typing import Annotated

import typer

from spotitags.commands._console import exit_code, note
from spotitags.commands._contact import prompt_for_contact
from spotitags.commands._open import split, user_table
from spotitags.commands._options import STDOUT, CatalogName, Columns, RawCells, Refresh, SourceOptions
from spotitags.commands._progress import tracked
from spotitags.errors import SpotiTagsError

EXAMPLES = ("spotitags labels --artists ids.txt --genres metal,jazz --out labels.csv",)


def labels(
    *,
    artists: Annotated[
        Path,
        typer.Option(
            "--artists", metavar="FILE", help="File of artist ids, one per line, or table with artist_id."
        ),
    ],
    genres: Annotated[str, typer.Option(metavar="A,B", help="Genres to choose from, in your own spelling.")],
    out: Annotated[
        Path,
        typer.Option(metavar="FILE", help="CSV file to write; by default stdout.", show_default=False),
    ] = STDOUT,
    columns: Columns = None,
    raw_cells: RawCells = False,
    refresh: Refresh = False,
) -> None:
    """Label artists with genres by MusicBrainz's votes, for train and evaluate."""
    from spotitags.catalogs.arguments import read_artists
    from spotitags.catalogs.musicbrainz import genre_votes
    from spotitags.commands._tables import write_csv
    from spotitags.pipeline.spotitags import SpotiTags

    refs = read_artists(user_table(artists, columns))
    prompt_for_contact(refs, SourceOptions(catalog=CatalogName.musicbrainz))
    musicbrainz = SpotiTags(catalog="musicbrainz", refresh=refresh, notify=note).source
    answers = genre_votes.label_artists(musicbrainz, refs, split(genres))
    found = [label for _, label in tracked(answers, refs) if not isinstance(label, SpotiTagsError)]
    if found or out == STDOUT:  # earlier labels are not replaced by none
        write_csv(out, genre_votes.COLUMNS, map(genre_votes.label_row, found), raw=raw_cells)
    note(
        f"{len(found)} of {len(refs)} artists labelled"
        + ("" if found or out == STDOUT else f"; {out} was not written")
    )
    raise typer.Exit(exit_code(len(refs), len(refs) - len(found)))
