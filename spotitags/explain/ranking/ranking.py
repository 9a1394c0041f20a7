"""Albums ranked by the share of a genre, such as ``liked``, or by a predicted number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from rich.text import Text

from spotitags.errors import InputError
from spotitags.evaluation.report.terminal import dim, table
from spotitags.io.text import plain
from spotitags.rendering.target import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import RenderableType

    from spotitags.io.tables import Cell
    from spotitags.records import Album, Prediction
    from spotitags.records.target import TargetPrediction

LIKED, OTHER = "liked", "other"
"""Genres of a model of taste, as ``spotitags like`` trains it."""


class Scored(NamedTuple):
    """Score of an album.

    Attributes:
        album: The album.
        score: Share of the genre, in [0, 1], or the predicted number.
        genre: Genre with the largest share; None for a number, or if none of the genres fits.
        right: How often votes with such a share were right on held-out artists; None if it is unknown.
        sure: Whether that is often enough; None if it is unknown.
        low: Lower end of the interval of a number; None for a share.
        high: Upper end.
        trained_on: True if the model was trained on the cover.
    """

    album: Album
    score: float
    genre: str | None = None
    right: float | None = None
    sure: bool | None = None
    low: float | None = None
    high: float | None = None
    trained_on: bool = False


COLUMNS: Mapping[str, type] = {
    "rank": int, "artist": str, "album": str, "score": float, "genre": str, "right": float, "sure": bool,
    "low": float, "high": float, "trained_on": bool, "cover": str,
}  # fmt: skip
"""Columns of a table of scores, with their types."""


def chosen_genre(genres: Sequence[str], genre: str | None) -> str:
    """Return the genre to rank by: the requested one, or ``liked`` of a model of taste.

    Raises:
        InputError: The model does not have it, or none is requested of a model of genres.
    """
    from spotitags.io.genre_names import find_genre

    if genre is None and set(genres) == {LIKED, OTHER}:
        return LIKED
    known = ", ".join(genres)
    if genre is None:
        raise InputError(f"the model has the genres {known}: choose one with --genre NAME")
    found = find_genre(genre, list(genres))
    if found is None:
        raise InputError(f"the model has no genre {genre!r}: choose one of {known} with --genre NAME")
    return found


def scored_share(prediction: Prediction, genre: str) -> Scored:
    """Return the score of an album by the share of a genre."""
    confidence = prediction.confidence
    return Scored(
        prediction.bags[0].albums[0],
        prediction.votes[genre],
        prediction.genre,
        confidence.right if confidence else None,
        confidence.sure if confidence else None,
        trained_on=bool(prediction.trained_on),
    )


def scored_number(prediction: TargetPrediction) -> Scored:
    """Return the score of an album by a predicted number."""
    return Scored(prediction.albums[0], prediction.value, low=prediction.low, high=prediction.high)


def ranked(scored: Iterable[Scored]) -> list[Scored]:
    """Sort albums by their scores, the highest first; ties by name."""
    return sorted(scored, key=lambda each: (-each.score, each.album.artist.name or "", each.album.name))


def rows(scored: Sequence[Scored]) -> list[list[Cell]]:
    """Return a row of `COLUMNS` for each album."""

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 6)

    return [
        [
            rank, each.album.artist.name, each.album.name, rounded(each.score),
            each.genre, rounded(each.right), each.sure, rounded(each.low), rounded(each.high),
            each.trained_on, each.album.images[0].url if each.album.images else None,
        ]
        for rank, each in enumerate(scored, start=1)
    ]  # fmt: skip


def confidence(each: Scored) -> str:
    """Return how sure a score is, in words."""
    if each.low is not None and each.high is not None:
        return f"{shown(each.low)} to {shown(each.high)}"
    if each.genre is None:
        return "unlike all that the model was trained on"
    if each.right is None:
        return f"{plain(each.genre)}; not measured"
    return f"{plain(each.genre)}, {'' if each.sure else 'not sure, '}right {each.right:.0%}"


def heading(by: str, *, number: bool) -> tuple[str, str]:
    """Return the headings of the score and of its confidence."""
    return by, "90% interval" if number else "winner, how often right"


def show_ranking(scored: Sequence[Scored], by: str, top: int) -> list[RenderableType]:
    """Render the ``top`` albums as a table.

    Args:
        scored: From `ranked`.
        by: Genre, or name of the number.
        top: Number of albums.
    """
    number = any(each.low is not None for each in scored)
    score, sure = heading(by, number=number)
    shown_rows = table(["album", sure], [plain(score)])
    for each in scored[:top]:
        names = plain(" - ".join(dict.fromkeys(filter(None, [each.album.artist.name, each.album.name]))))
        shown_rows.add_row(
            Text(names + (" *" if each.trained_on else "")),
            Text(confidence(each)),
            shown(each.score) if number else f"{each.score:.2f}",
        )
    left = len(scored) - top
    lines = [f"{left} more: --top {len(scored)}, --csv or --out"] if left > 0 else []
    if any(each.trained_on for each in scored[:top]):
        lines.append("* the model was trained on this cover, so its score looks better than on new ones")
    return [shown_rows, *map(dim, lines)]


def ranking_json(scored: Sequence[Scored], by: str) -> dict[str, Any]:
    """Build the JSON object of ``spotitags score --json``."""
    names = list(COLUMNS)
    return {"by": by, "albums": [dict(zip(names, row, strict=True)) for row in rows(scored)]}
