"""Command ``predict``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotitags.commands._artists import ArtistOptions, open_for_artists, resolve_artists, split
from spotitags.commands._console import print_results
from spotitags.commands._options import BagOptions, Genres, Json, RawTags, SourceOptions, Top, Voter

if TYPE_CHECKING:
    from spotitags.records import Prediction


def predict(
    artists: ArtistOptions,
    source: SourceOptions,
    tagging: BagOptions,
    *,
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Trained ensemble (.onnx with its .json card).")
    ] = None,
    voter: Voter = None,
    genres: Genres = None,
    top: Top = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each voter's vote, and the tags for and against.")
    ] = False,
    raw_tags: RawTags = False,
    as_json: Json = False,
) -> None:
    """Predict artists' genres from their covers."""
    spotitags = open_for_artists(
        artists, source, tagging, model=model, voters=voter or (), genres=split(genres)
    )

    def render(prediction: "Prediction") -> Any:  # noqa: ANN401  (a JSON object or renderables)
        if as_json:
            from spotitags.commands._json import prediction_json

            return prediction_json(prediction, top, explain=explain)
        from spotitags.commands._render import show_prediction

        return show_prediction(prediction, top or 10, explain=explain, raw=raw_tags)

    refs = resolve_artists(spotitags, artists)
    print_results(spotitags.predictions(refs, explain=explain), refs, render, as_json=as_json)
