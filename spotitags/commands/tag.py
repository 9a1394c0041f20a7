"""Command ``tag``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotitags.commands._artists import select_artists
from spotitags.commands._open import album_count
from spotitags.commands._options import ArtistOptions, BagOptions, Json, RawTags, SourceOptions, TableOptions
from spotitags.commands._progress import print_results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import TagBag


EXAMPLES = (
    "spotitags tag Metallica --offline",
    "spotitags tag covers/ --tagger lite --json",
    "spotitags tag --manifest covers.csv --csv tags.csv",
)


def tag(
    artists: ArtistOptions,
    source: SourceOptions,
    tagging: BagOptions,
    table: TableOptions,
    *,
    top: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Number of tags per artist; by default 20 in a table, else all."
        ),
    ] = None,
    raw_tags: RawTags = False,
    as_json: Json = False,
) -> None:
    """Show artists' tags, summed over their covers."""
    in_table = table.csv is not None or table.parquet is not None
    if in_table:
        from spotitags.commands._tables import check_table, only_corpus, write_corpus_tags, write_tags

        check_table(table, as_json=as_json)
        if corpus := only_corpus(artists, source, tagging):
            write_corpus_tags(corpus, album_count(source), top, table, keep_broad=tagging.keep_broad)
    selection = select_artists(artists, source, tagging)
    results = selection.results(lambda spotitags, refs: spotitags.all_bags(refs))
    if in_table:
        write_tags(results, selection.refs, top, table)

    def render(bags: "Sequence[TagBag]") -> Any:  # noqa: ANN401  (a JSON object or renderables)
        if as_json:
            from spotitags.rendering.json_objects import bags_json

            return bags_json(bags, top)
        from spotitags.rendering.tags import show_bags

        return show_bags(bags, top or 20, raw=raw_tags)

    print_results(results, selection.refs, render, as_json=as_json)
