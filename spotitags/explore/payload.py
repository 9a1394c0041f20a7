"""Files that the page reads: columns of numbers as binary sections, texts as JSON.

A section is a run of little-endian numbers; ``meta.json`` names each with its type, place and length.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spotitags.explore.atlas import PAGE, per_page
from spotitags.explore.layout import COMPACT
from spotitags.explore.neighbours import unit_rows
from spotitags.explore.records import MAX_TAGS
from spotitags.explore.store import FORMAT, META

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spotitags.explore.records import ExploredCover, Gathered, Placed
    from spotitags.explore.store import Store

POINTS: Final = "points.bin"
"""Columns that the first picture needs."""
DETAILS: Final = "details.bin"
"""Columns that filters, the panel and the graph need."""
TEXTS: Final = "texts.json"
"""Titles, names and ids."""

NO_GENRE: Final = 255
NO_TAG: Final = 65_535
_FULL: Final = 255  # a share or weight of 1


def write_payload(store: Store, everything: Gathered, placed: Placed, about: dict[str, Any]) -> None:
    """Write the files of the page.

    Args:
        store: Folder to write to.
        everything: All covers.
        placed: Places and neighbours of those that are shown.
        about: Further entries of the description.
    """
    covers = [everything.covers[number] for number in placed.shown]
    genres = _genres(covers)
    columns = list(dict.fromkeys(name for cover in covers for name in cover.numbers))
    labels, ids, weights = _tags(covers)
    points = {
        "map": placed.map.astype("<f4"),
        "pca": placed.components[:, :2].astype("<f4"),
        "number": placed.shown.astype("<u4"),
        "truth": np.array([_index(genres, cover.genre) for cover in covers], np.uint8),
        "predicted": np.array([_index(genres, cover.predicted) for cover in covers], np.uint8),
        "colour": np.array([cover.colour for cover in covers], np.uint8),
        "hasPicture": np.array([bool(everything.thumbs[n]) for n in placed.shown], np.uint8),
    }
    points["hasFile"] = np.array([bool(cover.file) for cover in covers], np.uint8)
    compact = unit_rows(placed.components[:, :COMPACT])
    shares = [[cover.votes.get(genre, 0) for genre in genres] for cover in covers]
    details = {
        "numbers": np.array(
            [[cover.numbers.get(name, np.nan) for cover in covers] for name in columns], "<f4"
        ),
        "near": placed.near.ids.astype("<u4"),
        "bridges": placed.bridges.astype("<u4"),
        "year": np.array([cover.year or 0 for cover in covers], "<u2"),
        "tag": ids,
        "weight": weights,
        "similarity": np.rint(placed.near.similarity.clip(0, 1) * _FULL).astype(np.uint8),
        "compact": np.rint(compact * 127).astype(np.int8),
        "share": np.rint(np.array(shares, np.float64) * _FULL).astype(np.uint8),
        "none": np.array([_FULL if c.none is None else round(c.none * 254) for c in covers], np.uint8),
    }
    meta: dict[str, Any] = about | {
        "format": FORMAT,
        "count": len(covers),
        "copies": len(everything.covers) - len(covers),
        "genres": genres,
        "voted": [number for number, genre in enumerate(genres) if any(c.votes.get(genre) for c in covers)],
        "tags": labels,
        "columns": columns,
        "near": int(placed.near.ids.shape[1]),
        "compact": int(compact.shape[1]),
        "page": PAGE,
        "sheets": -(-len(covers) // per_page(about["side"])),
        "max_tags": MAX_TAGS,
    }
    for name, sections in ((POINTS, points), (DETAILS, details)):
        data, table = _packed(sections)
        store.write(name, data)
        meta[name] = table
    store.write(TEXTS, _compact_json(_texts(everything, placed)))
    store.write(META, _compact_json(meta))


def _packed(sections: dict[str, NDArray[Any]]) -> tuple[bytes, dict[str, Any]]:
    """Join sections at multiples of four bytes; return the bytes and the table of sections."""
    parts: list[bytes] = []
    table: dict[str, Any] = {}
    place = 0
    for name, array in sections.items():
        data = np.ascontiguousarray(array).tobytes()
        table[name] = [array.dtype.str.lstrip("<|="), place, int(array.size)]
        data += b"\0" * (-len(data) % 4)
        parts.append(data)
        place += len(data)
    return b"".join(parts), table


def _texts(everything: Gathered, placed: Placed) -> dict[str, Any]:
    place = {int(number): index for index, number in enumerate(placed.shown)}
    artists: dict[tuple[str, str], int] = {}

    def of(cover: ExploredCover) -> int:
        return artists.setdefault((cover.artist_id, cover.artist), len(artists))

    copies: dict[int, list[list[Any]]] = {}
    for number, leader in enumerate(placed.leaders.tolist()):
        if number != leader:
            cover = everything.covers[number]
            copies.setdefault(place[leader], []).append([of(cover), cover.album])
    shown = [everything.covers[number] for number in placed.shown]
    return {
        "artist": [of(cover) for cover in shown],
        "title": [cover.album for cover in shown],
        "album": [cover.album_id for cover in shown],
        "copies": copies,
        "artists": [list(names) for names in artists],
    }


def _genres(covers: Sequence[ExploredCover]) -> list[str]:
    """Return all genres: those of votes and those of the catalogue, in alphabetical order."""
    found = {genre for cover in covers for genre in cover.votes}
    return sorted(found | {cover.genre for cover in covers if cover.genre})[:NO_GENRE]


def _index(genres: Sequence[str], genre: str | None) -> int:
    return genres.index(genre) if genre in genres else NO_GENRE


def _tags(
    covers: Sequence[ExploredCover],
) -> tuple[list[str], NDArray[np.uint16], NDArray[np.uint8]]:
    """Return the labels, and the number and weight of each cover's tags, heaviest first."""
    counts: dict[str, int] = {}
    for cover in covers:
        for label, _ in cover.tags:
            counts[label] = counts.get(label, 0) + 1
    labels = sorted(counts, key=lambda label: (-counts[label], label))[:NO_TAG]
    places = {label: number for number, label in enumerate(labels)}
    ids = np.full((len(covers), MAX_TAGS), NO_TAG, "<u2")
    weights = np.zeros((len(covers), MAX_TAGS), np.uint8)
    for row, cover in enumerate(covers):
        for column, (label, weight) in enumerate(cover.tags):
            if label in places:
                ids[row, column] = places[label]
                weights[row, column] = max(1, round(weight * _FULL))
    return labels, ids, weights


def _compact_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
