"""Command ``labels``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from spotitags.commands._artists import split
from spotitags.commands._console import exit_code, message, tracked
from spotitags.commands._contact import prompt_for_contact
from spotitags.commands._options import CatalogName, Refresh, SourceOptions
from spotitags.errors import SpotiTagsError


def labels(
    *,
    artists: Annotated[
        Path,
        typer.Option(
            "--artists", metavar="FILE", help="File of artist ids, one per line, or CSV with artist_id."
        ),
    ],
    genres: Annotated[str, typer.Option(metavar="A,B", help="Genres to choose from, in your own spelling.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV file to write; by default stdout.")
    ] = None,
    refresh: Refresh = False,
) -> None:
    """Label artists with genres by MusicBrainz's votes, for train and evaluate."""
    from spotitags.catalogs.arguments import read_artists
    from spotitags.catalogs.musicbrainz import genre_votes
    from spotitags.pipeline.spotitags import SpotiTags

    refs = read_artists(artists)
    prompt_for_contact(refs, SourceOptions(catalog=CatalogName.musicbrainz))
    musicbrainz = SpotiTags(catalog="musicbrainz", refresh=refresh, notify=message).source
    answers = genre_votes.label_artists(musicbrainz, refs, split(genres))
    found = [label for _, label in tracked(answers, refs) if not isinstance(label, SpotiTagsError)]
    if out is None:
        genre_votes.write_labels(sys.stdout, found)
    else:
        with out.open("w", encoding="utf-8", newline="") as stream:
            genre_votes.write_labels(stream, found)
    message(f"{len(found)} of {len(refs)} artists labelled")
    raise typer.Exit(exit_code(len(refs), len(refs) - len(found)))
