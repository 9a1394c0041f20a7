"""Command ``explain``."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotitags.commands._artists import select_artists
from spotitags.commands._completion import complete_genres
from spotitags.commands._console import note, stdout
from spotitags.commands._open import open_spotitags, user_table
from spotitags.commands._options import (
    ArtistOptions,
    BagOptions,
    CatalogName,
    CatalogOptions,
    Json,
    Model,
    SourceOptions,
)
from spotitags.commands._progress import print_results, progress
from spotitags.errors import InputError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from spotitags.explain.artist.explanation import Explanation
    from spotitags.explain.artist.nearest import Nearest
    from spotitags.pipeline.artist_voting import ArtistVoting

MANY = 10
"""Usual number of covers, of which each takes some seconds to occlude."""
EVERY = 1000
"""Maximum number of albums per artist among which the nearest are looked for."""
EXAMPLES = (
    "spotitags explain demo.jpg --out why.html",
    "spotitags explain demo.jpg --where skull --out skull.html",
)


def explain(
    artists: ArtistOptions,
    source: SourceOptions,
    tagging: BagOptions,
    *,
    model: Model = None,
    genre: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Genre to map; by default the winner, against the runner-up.",
            autocompletion=complete_genres,
        ),
    ] = None,
    where: Annotated[
        str | None, typer.Option(metavar="TAG", help="Map a tag of lite on the covers instead of a genre.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Page with all of it and the maps, which opens offline."),
    ] = None,
    among: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Table or folder of covers to find the nearest artists and covers in; "
            "by default the bundled library.",
        ),
    ] = None,
    occlusion: Annotated[
        bool,
        typer.Option(
            "--occlusion",
            help="Also blur each place and let all voters vote anew; takes 82 taggings a cover.",
        ),
    ] = False,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Show covers as pictures on a terminal.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Explain the prediction of one artist: evidence, what would change it, the nearest, and maps."""
    selection = select_artists(artists, source, tagging, model=model)
    if len(selection.refs) != 1:
        raise InputError(f"{len(selection.refs)} artists are selected: explain one at a time")

    def render(found: "ArtistVoting") -> Any:  # noqa: ANN401  (a JSON object or renderables)
        from spotitags.explain.artist.explanation import explain_prediction
        from spotitags.explain.artist.page import artist_page
        from spotitags.explain.artist.terminal import explanation_json, show_explanation
        from spotitags.io.output import output_file
        from spotitags.rendering.json_objects import prediction_json
        from spotitags.rendering.prediction import show_prediction
        from spotitags.settings import Settings

        with progress(MANY) if occlusion else nullcontext() as step:
            explanation = explain_prediction(
                found,
                lambda: _nearest(found, among, artists.columns, tagging),
                genre=genre,
                tag=where,
                cache_dir=Settings().cache_dir,
                remote=not source.offline,
                occlusion=step and partial(step, "covers"),
            )
        if out is not None:
            with output_file(out) as file:
                file.write(artist_page(explanation).encode())
            note(f"{out} written")
        if as_json:
            return prediction_json(explanation.prediction, None, explain=True) | explanation_json(explanation)
        drawn = _pictures(explanation) if pictures else []
        return [
            *show_prediction(explanation.prediction, explain=True)[:-1],
            *show_explanation(explanation, drawn),
        ]

    results = selection.results(lambda spotitags, refs: spotitags.votings(refs))
    print_results(results, selection.refs, render, as_json=as_json)


def _nearest(
    found: "ArtistVoting", among: Path | None, columns: str | None, tagging: BagOptions
) -> "Nearest | str":
    """Find the nearest artists and covers in a table, or else in the bundled library."""
    from spotitags.explain.artist.nearest import nearest_others

    versions = found.spotitags.tagger_versions()
    source = CatalogOptions(offline=True)
    if among is None:
        source.catalog = CatalogName.library
        others = open_spotitags(source, albums=EVERY)
        return nearest_others(found.covers, versions, others, "the bundled library")
    others = open_spotitags(source, tagging, manifest=user_table(among, columns), albums=EVERY)
    with progress(len(others.artists())) as step:
        return nearest_others(found.covers, versions, others, among.name, step)


def _pictures(explanation: "Explanation") -> "list[RenderableType]":
    """Draw the covers if stdout is a terminal that can."""
    from spotitags.commands._pictures import cell_size, picture_protocol
    from spotitags.explain.artist.strip import picture_rows

    protocol = picture_protocol() if explanation.covers else None
    if protocol is None:
        return []
    return picture_rows(explanation.covers, stdout().width, protocol, cell_size())
