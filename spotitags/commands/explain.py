"""Command ``explain``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotitags.commands._artists import select_artists
from spotitags.commands._completion import complete_genres
from spotitags.commands._console import note
from spotitags.commands._options import ArtistOptions, BagOptions, Json, Model, SourceOptions
from spotitags.commands._progress import print_results
from spotitags.errors import InputError

if TYPE_CHECKING:
    from spotitags.pipeline.artist_voting import ArtistVoting
    from spotitags.records import Prediction

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
        typer.Option(metavar="FILE.html", help="Page with the covers and their maps, which opens offline."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Explain the prediction of one artist: evidence, votes of each cover, and where on the covers."""
    selection = select_artists(artists, source, tagging, model=model)
    if len(selection.refs) != 1:
        raise InputError(f"{len(selection.refs)} artists are selected: explain one at a time")

    def render(found: "ArtistVoting") -> Any:  # noqa: ANN401  (a JSON object or renderables)
        from spotitags.explain.artist import terminal
        from spotitags.explain.artist.covers import (
            MAPPED,
            explained_covers,
            explained_share,
            genre_mapper,
            tag_mapper,
        )
        from spotitags.explain.artist.page import artist_page
        from spotitags.explain.places.features import PlaceNetwork
        from spotitags.io.output import output_file
        from spotitags.rendering.json_objects import prediction_json
        from spotitags.rendering.prediction import show_prediction
        from spotitags.settings import Settings

        prediction = found.predict(explain=True)
        pair = _pair(prediction, genre)
        network, voters = PlaceNetwork(Settings().cache_dir), found.ensemble.linear_voters(MAPPED)
        if where is None:
            columns = (found.ensemble.genres.index(pair[0]), found.ensemble.genres.index(pair[1]))
            mapped = genre_mapper(network, voters, columns)
        else:
            mapped = tag_mapper(network, where)
        covers = list(explained_covers(prediction, mapped, remote=not source.offline))
        if out is not None:
            share = explained_share(prediction, voters)
            with output_file(out) as file:
                file.write(artist_page(prediction, covers, pair, tag=where, explained=share).encode())
            note(f"{out} written")
        if as_json:
            about = {"mapped": where or list(pair), "covers": terminal.covers_json(covers)}
            return prediction_json(prediction, None, explain=True) | about
        title = where or f"{pair[0]} over {pair[1]}"
        return [*show_prediction(prediction, explain=True), *terminal.show_covers(covers, title)]

    results = selection.results(lambda spotitags, refs: spotitags.votings(refs))
    print_results(results, selection.refs, render, as_json=as_json)


def _pair(prediction: "Prediction", genre: str | None) -> tuple[str, str]:
    """Return the genre to map and the one to compare it with: the winner, else the runner-up."""
    from spotitags.io.genre_names import find_genre

    ranked = list(prediction.votes)
    chosen = ranked[0] if genre is None else find_genre(genre, ranked)
    if chosen is None:
        raise InputError(f"the model has no genre {genre!r}: choose from {', '.join(ranked)}")
    return chosen, next(other for other in ranked if other != chosen)
