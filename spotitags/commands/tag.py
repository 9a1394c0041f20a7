"""Command ``tag``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotitags.commands._artists import ArtistOptions, open_for_artists, resolve_artists
from spotitags.commands._console import print_results, write_table
from spotitags.commands._options import BagOptions, Json, RawTags, SourceOptions
from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import TagBag


def tag(
    artists: ArtistOptions,
    source: SourceOptions,
    tagging: BagOptions,
    *,
    top: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Number of tags per artist; by default 20 in a table, else all."
        ),
    ] = None,
    raw_tags: RawTags = False,
    as_json: Json = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print artist_id,artist_name,tagger,label,weight on stdout.")
    ] = False,
    parquet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the same table to this Parquet file.")
    ] = None,
) -> None:
    """Show artists' tags, summed over their covers."""
    if sum((as_json, as_csv, parquet is not None)) > 1:
        raise InputError("--json, --csv and --parquet exclude each other: choose one")
    spotitags = open_for_artists(artists, source, tagging)
    refs = resolve_artists(spotitags, artists)
    answers = spotitags.all_bags(refs)
    if as_csv or parquet is not None:
        write_table(answers, refs, top, parquet)
        return

    def render(bags: "Sequence[TagBag]") -> Any:  # noqa: ANN401  (a JSON object or renderables)
        if as_json:
            from spotitags.commands._json import bags_json

            return bags_json(bags, top)
        from spotitags.commands._render import show_bags

        return show_bags(bags, top or 20, raw=raw_tags)

    print_results(answers, refs, render, as_json=as_json)
