"""Table of an evaluation: for each artist its genre, and the genre that ensembles without it predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotitags.io.tables import Cell


def columns(found: Mapping[str, Any]) -> dict[str, type]:
    """Return the names and types of the columns.

    Args:
        found: Content of ``scores.json``.
    """
    return (
        {"artist_id": str, "artist_name": str, "genre": str, "predicted": str, "right": float}
        | {f"share_{genre}": float for genre in found["genres"]}
        | {"covers": int}
    )


def rows(found: Mapping[str, Any], names: Mapping[str, str | None]) -> list[list[Cell]]:
    """Return a row for each artist, in the order of `columns`: first those whose genre has the least share.

    Args:
        found: Content of ``scores.json``.
        names: Name of each artist by id, where it is known.

    Returns:
        Rows whose shares are means over the repeats, and ``right`` the part of the repeats in [0, 1] in which
        the artist's genre had the largest share. Cells of an artist that was never tested are None.
    """
    listed = [_row(answer, found["genres"], names.get(answer["id"])) for answer in found["answers"]]
    place = {genre: list(columns(found)).index(f"share_{genre}") for genre in found["genres"]}
    return sorted(listed, key=lambda row: _share(row[place[str(row[2])]]))


def _row(answer: Mapping[str, Any], genres: list[str], name: str | None) -> list[Cell]:
    repeats = [shares for shares in answer["shares"] if None not in shares]
    start: list[Cell] = [answer["id"], name, answer["genre"]]
    if not repeats:
        return [*start, None, None, *[None] * len(genres), answer["covers"]]
    means = [sum(of_genre) / len(repeats) for of_genre in zip(*repeats, strict=True)]
    right = sum(genres[shares.index(max(shares))] == answer["genre"] for shares in repeats)
    predicted = genres[means.index(max(means))]
    shares = [round(mean, 6) for mean in means]
    return [*start, predicted, round(right / len(repeats), 6), *shares, answer["covers"]]


def _share(cell: Cell) -> float:
    return cell if isinstance(cell, float) else 2.0  # never tested: last
