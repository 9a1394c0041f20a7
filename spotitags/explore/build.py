"""Build the data of the page from covers, or extend them by new covers without moving the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spotitags.explore import layout as places
from spotitags.explore.atlas import cover_side, pages, per_page
from spotitags.explore.neighbours import bridges, nearest, preservation, same_covers, unit_rows
from spotitags.explore.payload import write_payload
from spotitags.explore.records import Gathered, Placed
from spotitags.taggers.features.embedding import unpack

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spotitags.explore.store import Store

SAME: Final = 0.92
"""Minimum cosine of near-duplicates: in the bundled library, pairs near it are editions of one album, as is
one at 0.877, and a pair of different albums is at 0.85."""


def build(
    store: Store, new: Gathered, about: dict[str, Any], notify: Callable[[str], None] = lambda _line: None
) -> None:
    """Add covers to the data of a folder, and write what the page reads.

    Args:
        store: The folder; empty for new data.
        new: Covers that the folder does not have.
        about: Further entries of the description: name, genres, fingerprint of the input.
        notify: Called with a line for each step worth a note.
    """
    old = store.gathered()
    if old.covers and new.covers and old.vectors.shape[1] != new.vectors.shape[1]:
        raise store.damaged("its embeddings are of another tagger")
    everything = Gathered(
        [*old.covers, *new.covers],
        np.concatenate([each for each in (old.vectors, new.vectors) if len(each)]),
        [*old.thumbs, *new.thumbs],
    )
    kept = store.layout() if old.covers else {}
    placed, kept, scores = _place(everything, kept, notify)
    shown_thumbs = [everything.thumbs[number] for number in placed.shown]
    colours = [everything.covers[number].colour for number in placed.shown]
    side = int((store.meta or {}).get("side") or cover_side(len(placed.shown)))
    first = _shown_before(old, placed) // per_page(side)
    for number, sheet in pages(shown_thumbs, colours, side, first):
        store.write(f"atlas-{number}.webp", sheet)
    store.write_gathered(everything)
    store.write_layout(kept)
    write_payload(store, everything, placed, about | scores | {"side": side} | _sizes(everything))


def _shown_before(old: Gathered, placed: Placed) -> int:
    return int(np.searchsorted(placed.shown, len(old.covers)))


def _sizes(everything: Gathered) -> dict[str, int]:
    files = [Path(cover.file) for cover in everything.covers if cover.file]
    return {
        "pictures": sum(1 for thumb in everything.thumbs if thumb),
        "bytes_before": sum(file.stat().st_size for file in files if file.is_file()),
        "bytes_after": sum(map(len, everything.thumbs)),
    }


def _place(
    everything: Gathered, kept: dict[str, NDArray[Any]], notify: Callable[[str], None]
) -> tuple[Placed, dict[str, NDArray[Any]], dict[str, Any]]:
    """Place all covers that are shown; those that have a place keep it."""
    vectors = unpack(everything.vectors)
    leaders = same_covers(unit_rows(vectors), SAME)
    shown = np.flatnonzero(leaders == np.arange(len(leaders)))
    vectors = vectors[shown]
    units = unit_rows(vectors)
    near = nearest(units)
    if kept:
        pca, before = places.Pca(kept["mean"], kept["axes"]), kept["map"]
        method = str(kept["method"])
    else:
        pca, before = places.fit_pca(vectors), np.zeros((0, 2), np.float32)
        method = places.map_method(len(shown))
    components = pca.project(vectors)
    if not len(before):
        notify(f"places {len(shown)} covers by {'t-SNE' if method != 'PCA' else 'PCA'} ({method})")
        found = places.neighbour_map(components, method)
    else:
        found = _extended(before, units, method, components)
    scores = {
        "method": method,
        "kept_by_map": round(preservation(near, found), 4),
        "kept_by_pca": round(preservation(near, components[:, :2]), 4),
    }
    kept = {"mean": pca.mean, "axes": pca.axes, "map": found, "method": np.array(method)}
    return Placed(shown, leaders, found, components, near, bridges(units, near)), kept, scores


def _extended(
    before: NDArray[np.float32],
    units: NDArray[np.float32],
    method: str,
    components: NDArray[np.float32],
) -> NDArray[np.float32]:
    count = len(before)
    if len(units) == count:
        return before
    if method == "PCA":
        return np.concatenate([before, components[count:, :2]])
    cosines = units[count:] @ units[:count].T
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :8]
    new = places.place_new(before, np.take_along_axis(cosines, order, axis=1), order)
    return np.concatenate([before, new])
