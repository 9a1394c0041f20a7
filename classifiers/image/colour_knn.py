"""Nearest neighbours among histograms of colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from numpy.typing import NDArray

    from classifiers.onnx_nodes import OnnxNodes

    Floats = NDArray[np.float64]

FEATURE: Final = "colours"

EXACT_UP_TO: Final = 100_000
"""Covers up to which every one is compared with every other; beyond, Voyager finds the nearest."""
_LEVELS = 255
_DIGITS = 1e9  # similarities closer than this are ties, which the cover that was learnt first wins
_NEARER = 1e-3  # less of a vote for each place further off: of genres with equally many, the nearer one wins
_SEEN = 128  # covers that the index looks at before it settles
_AT_ONCE = 1024  # rows asked about in one product


def build(seed: int) -> Neighbours:
    """Ten neighbours, as in the experiment of 2015."""
    return Neighbours(count=10, seed=seed)


class Neighbours:
    """A majority vote of the covers whose colours are nearest.

    Near is what has a high Bhattacharyya coefficient, the product of the histograms' square roots; it orders
    covers as the Hellinger distance does. Each neighbour's vote is its row's weight; a vote for each genre is
    added (Laplace's rule), so that ten covers rule no genre out.

    The square roots are kept in a byte a bin, as `spotitags.taggers.features.colour` keeps them.

    Args:
        count: Neighbours that vote; no more than the smallest genre has rows, or it could never win.
        seed: Of the approximate index.
        exact_up_to: Rows up to which the search is exact. Beyond, `predict_proba` takes Voyager's HNSW graph
            (Malkov and Yashunin, 2016) where it is installed; what `draw` writes is exact all the same.
    """

    def __init__(self, count: int, seed: int, exact_up_to: int = EXACT_UP_TO) -> None:
        self.count = count
        self.seed = seed
        self.exact_up_to = exact_up_to
        self.roots: NDArray[np.uint8] = np.empty((0, 0), np.uint8)
        self.votes: Floats = np.empty((0, 0))
        self.near = count
        self._index: Any = None

    def fit(self, X: Floats, y: NDArray[np.intp], *, sample_weight: Floats) -> Self:  # noqa: N803
        """Remember (n, bins) histograms, (n,) genre indices and weights."""
        self.near = min(self.count, int(np.bincount(y).min()))
        self.roots = np.rint(np.sqrt(X) * _LEVELS).astype(np.uint8)
        self.votes = np.eye(int(y.max()) + 1)[y] * sample_weight[:, np.newaxis]
        self._index = index_of(self.roots, self.seed) if len(X) > self.exact_up_to else None
        return self

    def predict_proba(self, X: Floats) -> Floats:  # noqa: N803
        """(n, n_genres), summing to 1."""
        near = self.nearest(X)
        votes = np.einsum("nkg,k->ng", self.votes[near], _ranks(near.shape[1])) + 1
        shares: Floats = votes / votes.sum(axis=1, keepdims=True)
        return shares

    def nearest(self, X: Floats) -> NDArray[np.intp]:  # noqa: N803
        """(n, near) numbers of the rows that were learnt, the nearest first."""
        if self._index is not None and len(X):
            return _found(self._index, np.sqrt(X), self.near)
        near = [np.empty((0, self.near), np.intp)]
        near += [_first(similar, self.near) for similar in self._similarities(X)]
        return np.concatenate(near)

    def to_onnx(self, source: str, drawing: OnnxNodes) -> str:
        """The same search as a product, and the K largest of each row of it."""
        roots, norms = self.roots.T, 1 / np.maximum(_norms(self.roots), 1)
        rows = drawing.add("Cast", drawing.constant(roots), to=11)  # 11: double
        product = drawing.add("MatMul", drawing.add("Sqrt", source), rows)
        scaled = drawing.add("Mul", product, drawing.constant(norms * _DIGITS))
        near = drawing.largest(drawing.add("Round", scaled), self.near)
        votes = drawing.add("Gather", drawing.constant(self.votes), near)
        ranked = drawing.add("Mul", votes, drawing.constant(_ranks(self.near)[:, np.newaxis]))
        total = drawing.add("ReduceSum", ranked, drawing.constant([1]), keepdims=0)
        smoothed = drawing.add("Add", total, drawing.constant(np.ones(1)))
        whole = drawing.add("ReduceSum", smoothed, drawing.constant([1]), keepdims=1)
        return drawing.add("Div", smoothed, whole)

    def _similarities(self, X: Floats) -> Iterator[Floats]:  # noqa: N803
        """(_AT_ONCE, n_learnt) Bhattacharyya coefficients in `_DIGITS` steps, some rows at a time."""
        learnt = self.roots.T.astype(np.float64)
        scale = _DIGITS / np.maximum(_norms(self.roots), 1)
        for start in range(0, len(X), _AT_ONCE):
            yield np.rint(np.sqrt(X[start : start + _AT_ONCE]) @ learnt * scale)


def index_of(roots: NDArray[np.uint8], seed: int) -> Any:  # noqa: ANN401 - Voyager is an extra
    """An HNSW graph of histograms' square roots, or None where Voyager is not installed.

    Args:
        roots: (n, bins), as `Neighbours` keeps them.
        seed: Of the graph's levels.
    """
    try:
        from voyager import Index, Space
    except ImportError:
        return None
    index = Index(Space.Euclidean, roots.shape[1], M=16, ef_construction=_SEEN, random_seed=seed)
    units = roots / np.maximum(_norms(roots), 1)[:, np.newaxis]
    index.add_items(units.astype(np.float32), num_threads=1)  # several insert in another order each time
    return index


def _found(index: Any, roots: Floats, count: int) -> NDArray[np.intp]:  # noqa: ANN401
    near, _ = index.query(roots.astype(np.float32), count, num_threads=1, query_ef=_SEEN)
    return np.asarray(near, dtype=np.intp)


def _first(similar: Floats, count: int) -> NDArray[np.intp]:
    """(n, count) columns with the largest values of each row; of equal ones the first."""
    least = np.partition(similar, -count, axis=1)[:, -count, np.newaxis]
    near = np.empty((len(similar), count), np.intp)
    for row, (values, bound) in enumerate(zip(similar, least, strict=True)):
        able = np.flatnonzero(values >= bound)
        near[row] = able[np.argsort(-values[able], kind="stable")[:count]]
    return near


def _norms(roots: NDArray[np.uint8]) -> Floats:
    norms: Floats = np.linalg.norm(roots.astype(np.float64), axis=1)
    return norms


def _ranks(count: int) -> Floats:
    """(count,) worth of a neighbour's vote, the nearest first."""
    ranks: Floats = 1 - _NEARER * np.arange(count, dtype=np.float64)
    return ranks
