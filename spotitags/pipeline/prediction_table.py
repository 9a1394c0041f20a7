"""Table of predictions: a row per artist, and a column per genre."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.bags.tables import import_pandas
from spotitags.errors import SpotiTagsError
from spotitags.io.keywords import suggest_arguments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pandas import DataFrame

    from spotitags.io.tables import Cell
    from spotitags.records import Prediction, TagBag

    ArtistPrediction = tuple[str, Prediction | SpotiTagsError]  # as `SpotiTags.predictions` yields them

_DTYPES = {str: "str", float: "float64", int: "Int64", bool: "boolean"}  # of pandas, with missing values


def columns(genres: Sequence[str]) -> dict[str, type]:
    """Return the names and types of the columns.

    ``none`` is the probability of none of the genres, ``share_jazz`` the share of votes for jazz, and
    ``trained_on`` the number of the covers that the model was trained on.

    >>> list(columns(["jazz"]))
    ['artist_id', 'artist_name', 'genre', 'none', 'right', 'sure', 'share_jazz', \
'covers', 'trained_on', 'tags', 'error']
    """
    return (
        {"artist_id": str, "artist_name": str, "genre": str, "none": float, "right": float, "sure": bool}
        | {f"share_{genre}": float for genre in genres}
        | {"covers": int, "trained_on": int, "tags": str, "error": str}
    )


def row(ref: str, result: Prediction | SpotiTagsError, genres: Sequence[str], top: int = 10) -> list[Cell]:
    """Return the cells of one artist, in the order of `columns`.

    Args:
        ref: The artist as requested.
        result: Its prediction, or the error that prevents it, of which the row has the message.
        genres: Genres of the columns.
        top: Number of tags per tagger.
    """
    if isinstance(result, SpotiTagsError):
        artist = getattr(result, "artist", None)
        unknown: list[Cell] = [None] * (len(genres) + 7)
        return [ref, artist.name if artist else None, *unknown, str(result)]
    shares = [round(result.votes[genre], 6) if genre in result.votes else None for genre in genres]
    confidence = result.confidence
    right, sure = (round(confidence.right, 6), confidence.sure) if confidence else (None, None)
    covers = max(bag.covers for bag in result.bags)
    tags = _tags(result.bags, top)
    none = None if result.none is None else round(result.none, 6)
    artist, genre = result.artist, result.genre
    return [artist.id, artist.name, genre, none, right, sure, *shares, covers, result.trained_on, tags, None]


@suggest_arguments
def predictions_frame(predictions: Iterable[Prediction | ArtistPrediction], top: int = 10) -> DataFrame:
    """Build a pandas data frame with a row for each artist.

    Args:
        predictions: Predictions, or what `spotitags.SpotiTags.predictions` yields.
        top: Number of tags per tagger in the column ``tags``.

    Returns:
        The table of ``spotitags predict --csv``: the columns of `columns`, with missing values where there is
        none. An artist without a prediction has the reason in the column ``error``.

    Raises:
        NotInstalledError: pandas is missing.
    """
    pd = import_pandas()
    results = [each if isinstance(each, tuple) else (each.artist.id, each) for each in predictions]
    genres = sorted(
        {genre for _, each in results if not isinstance(each, SpotiTagsError) for genre in each.votes}
    )
    types = columns(genres)
    rows = [row(ref, result, genres, top) for ref, result in results]
    table: DataFrame = pd.DataFrame(rows, columns=list(types), dtype=object)
    return table.astype({name: _DTYPES[kind] for name, kind in types.items()})


def _tags(bags: Sequence[TagBag], top: int) -> str:
    """Return the heaviest tags, such as ``skull 2.20; fire 1.51``; with several taggers also their names."""
    several = len(bags) > 1
    return "; ".join(
        f"{tag.label} {tag.weight:.2f}" + (f" ({bag.tagger})" if several else "")
        for bag in bags
        for tag in bag.tags[:top]
    )
