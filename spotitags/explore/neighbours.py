"""Nearest covers: exact neighbours, near-duplicates, and links that join all covers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAREST: Final = 24
"""Neighbours of each cover that are kept."""

_ROWS: Final = 512  # compared at once
_KEPT: Final = 15


class Neighbours(NamedTuple):
    """Nearest neighbours of each cover by the cosine of embeddings.

    Attributes:
        ids: (n, k) numbers of covers, nearest first.
        similarity: (n, k) cosines.
    """

    ids: NDArray[np.uint32]
    similarity: NDArray[np.float32]


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, dim) vectors of length 1; zero vectors stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: NDArray[np.float32] = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return units


def nearest(units: NDArray[np.float32], k: int = NEAREST) -> Neighbours:
    """Find the k nearest covers of each by comparing all pairs.

    Args:
        units: (n, dim) vectors of length 1.
        k: Neighbours of each; fewer if there are not so many covers.
    """
    count = len(units)
    k = min(k, max(count - 1, 0))
    ids = np.zeros((count, k), np.uint32)
    similarity = np.zeros((count, k), np.float32)
    for start in range(0, count if k else 0, _ROWS):
        cosines = units[start : start + _ROWS] @ units.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -np.inf
        part = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(cosines, part, axis=1), axis=1, kind="stable")
        best = np.take_along_axis(part, order, axis=1)
        ids[start : start + _ROWS] = best
        similarity[start : start + _ROWS] = np.take_along_axis(cosines, best, axis=1)
    return Neighbours(ids, similarity)


def same_covers(units: NDArray[np.float32], least: float) -> NDArray[np.int64]:
    """Group near-duplicates: each cover joins the first cover that it resembles, which joins none.

    Args:
        units: (n, dim) vectors of length 1.
        least: Minimum cosine.

    Returns:
        (n,) number of the cover that stands for each; its own for most.
    """
    leaders = np.arange(len(units))
    for start in range(0, len(units), _ROWS):
        stop = min(start + _ROWS, len(units))
        cosines = units[start:stop] @ units[:stop].T
        for row, column in zip(*np.nonzero(cosines >= least), strict=True):
            number = start + int(row)
            if column < number and leaders[number] == number and leaders[column] == column:
                leaders[number] = column
    return leaders


def bridges(units: NDArray[np.float32], found: Neighbours) -> NDArray[np.uint32]:
    """Find the links that join groups of covers whose neighbours are all among themselves.

    Each round joins every group but the largest to its nearest cover outside (Borůvka's method).

    Args:
        units: (n, dim) vectors of length 1.
        found: Their neighbours.

    Returns:
        (m, 2) pairs of covers; with them, every cover can be reached from every other.
    """
    count = len(units)
    groups = _joined(np.arange(count), np.repeat(np.arange(count), found.ids.shape[1]), found.ids.ravel())
    pairs: list[tuple[int, int]] = []
    while len(sizes := np.unique(groups, return_counts=True)[1]) > 1:
        names = np.unique(groups)
        added = []
        for name in names[np.arange(len(names)) != int(sizes.argmax())]:
            inside, outside = np.flatnonzero(groups == name), np.flatnonzero(groups != name)
            cosines = units[inside] @ units[outside].T
            row, column = np.unravel_index(int(cosines.argmax()), cosines.shape)
            added.append((int(inside[row]), int(outside[column])))
        pairs += added
        ends = np.array(added)
        groups = _joined(groups, ends[:, 0], ends[:, 1])
    return np.array(pairs, np.uint32).reshape(-1, 2)


def _joined(
    groups: NDArray[np.int64], first: NDArray[np.integer], second: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Join the groups at the ends of links: every group gets the smallest number that it is linked to."""
    groups = groups.copy()
    while True:
        before = groups.copy()
        least = np.minimum(groups[first], groups[second])
        np.minimum.at(groups, first, least)
        np.minimum.at(groups, second, least)
        # A group whose cover changed changes as a whole.
        smallest = np.arange(before.max() + 1)
        np.minimum.at(smallest, before, groups)
        groups = smallest[groups]
        if np.array_equal(groups, before):
            return groups


def preservation(found: Neighbours, positions: NDArray[np.float32], k: int = _KEPT) -> float:
    """Compute which part of the nearest covers are also nearest on a map, in [0, 1].

    Args:
        found: Neighbours by embedding.
        positions: (n, 2) places on the map.
        k: Neighbours that are compared.
    """
    k = min(k, found.ids.shape[1])
    count = len(positions)
    if not k:
        return 1.0
    tried = np.arange(count) if count <= 2000 else np.random.default_rng(0).choice(count, 2000, replace=False)  # noqa: PLR2004
    kept = 0
    for number in tried:
        distance = ((positions - positions[number]) ** 2).sum(axis=1)
        distance[number] = np.inf
        near = np.argpartition(distance, k - 1)[:k]
        kept += len(set(near.tolist()) & set(found.ids[number, :k].tolist()))
    return kept / (k * len(tried))
