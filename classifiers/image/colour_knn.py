"""Nearest neighbours among colour histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from classifiers.arrays import l2_normalised

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from numpy.typing import NDArray

    from classifiers.onnx_nodes import OnnxNodes

    Floats = NDArray[np.float64]

FEATURE: Final = "colours"

EXACT_UP_TO: Final = 100_000
"""Maximum number of covers for exact search; beyond it, Voyager finds the nearest."""
_LEVELS = 255
_SCALE = 1e9  # similarities within 1 / _SCALE are ties, which the first training row wins
_RANK_STEP = 1e-3  # loss of weight per rank: of genres with equally many neighbours, the nearer one wins
_EF = 128  # candidates that the index compares in a search
_BATCH_ROWS = 1024  # rows in one matrix product


def build(seed: int) -> Neighbours:
    """Build the unfitted model with ten neighbours, as in the experiment of 2015."""
    return Neighbours(count=10, seed=seed)


class Neighbours:
    """Majority vote of the covers with the nearest colour histograms.

    Similarity is the Bhattacharyya coefficient, the product of the histograms' square roots; it orders
    covers as the Hellinger distance does. Each neighbour's vote is its row's weight; one vote for each genre
    is added (Laplace's rule), so that ten covers rule no genre out.

    The square roots are stored in one byte per bin, as in `spotitags.taggers.features.colour`.

    Args:
        count: Number of neighbours that vote; at most the rows of the smallest genre, which could never win
            otherwise.
        seed: Random seed of the approximate index.
        exact_up_to: Maximum number of rows for exact search. Beyond it, `predict_proba` uses Voyager's HNSW
            graph (Malkov and Yashunin, 2016) if it is installed; the graph of `to_onnx` is always exact.
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
        """Store (n, bins) histograms, (n,) genre indices and (n,) weights."""
        self.near = min(self.count, int(np.bincount(y).min()))
        self.roots = np.rint(np.sqrt(X) * _LEVELS).astype(np.uint8)
        self.votes = np.eye(int(y.max()) + 1)[y] * sample_weight[:, np.newaxis]
        self._index = build_index(self.roots, self.seed) if len(X) > self.exact_up_to else None
        return self

    def predict_proba(self, X: Floats) -> Floats:  # noqa: N803
        """Return (n, n_genres) probabilities, each row summing to 1."""
        near = self.nearest(X)
        votes = np.einsum("nkg,k->ng", self.votes[near], _rank_weights(near.shape[1])) + 1
        shares: Floats = votes / votes.sum(axis=1, keepdims=True)
        return shares

    def nearest(self, X: Floats) -> NDArray[np.intp]:  # noqa: N803
        """Return (n, count) numbers of training rows, the nearest first."""
        if self._index is not None and len(X):
            found, _ = self._index.query(
                np.sqrt(X).astype(np.float32), self.near, num_threads=1, query_ef=_EF
            )
            return np.asarray(found, dtype=np.intp)
        near = [np.empty((0, self.near), np.intp)]
        near += [_top_columns(similar, self.near) for similar in self._similarities(X)]
        return np.concatenate(near)

    def to_onnx(self, source: str, graph: OnnxNodes) -> str:
        """Add the exact search to a graph: a matrix product, and the top K of each of its rows."""
        roots, norms = self.roots.T, 1 / np.maximum(_norms(self.roots), 1)
        rows = graph.add("Cast", graph.constant(roots), to=11)  # ONNX's code for double
        product = graph.add("MatMul", graph.add("Sqrt", source), rows)
        scaled = graph.add("Mul", product, graph.constant(norms * _SCALE))
        near = graph.top_k(graph.add("Round", scaled), self.near)
        votes = graph.add("Gather", graph.constant(self.votes), near)
        ranked = graph.add("Mul", votes, graph.constant(_rank_weights(self.near)[:, np.newaxis]))
        votes = graph.add("ReduceSum", ranked, graph.constant([1]), keepdims=0)
        smoothed = graph.add("Add", votes, graph.constant(np.ones(1)))
        total = graph.add("ReduceSum", smoothed, graph.constant([1]), keepdims=1)
        return graph.add("Div", smoothed, total)

    def _similarities(self, X: Floats) -> Iterator[Floats]:  # noqa: N803
        """Yield (_BATCH_ROWS, n_training_rows) Bhattacharyya coefficients times `_SCALE`, rounded."""
        trained = self.roots.T.astype(np.float64)
        scale = _SCALE / np.maximum(_norms(self.roots), 1)
        for start in range(0, len(X), _BATCH_ROWS):
            yield np.rint(np.sqrt(X[start : start + _BATCH_ROWS]) @ trained * scale)


def build_index(roots: NDArray[np.uint8], seed: int) -> Any:  # noqa: ANN401 - Voyager is an extra
    """Build an HNSW graph of histograms' square roots; None if Voyager is not installed.

    Args:
        roots: (n, bins), as in `Neighbours`.
        seed: Random seed of the graph's levels.
    """
    try:
        from voyager import Index, Space
    except ImportError:
        return None
    index = Index(Space.Euclidean, roots.shape[1], M=16, ef_construction=_EF, random_seed=seed)
    units = l2_normalised(roots.astype(np.float64))
    index.add_items(units.astype(np.float32), num_threads=1)  # several threads insert in random order
    return index


def _top_columns(similar: Floats, count: int) -> NDArray[np.intp]:
    """(n, count) numbers of the columns with the largest values of each row; of equal ones the first."""
    least = np.partition(similar, -count, axis=1)[:, -count, np.newaxis]
    near = np.empty((len(similar), count), np.intp)
    for row, (values, bound) in enumerate(zip(similar, least, strict=True)):
        candidates = np.flatnonzero(values >= bound)
        near[row] = candidates[np.argsort(-values[candidates], kind="stable")[:count]]
    return near


def _norms(roots: NDArray[np.uint8]) -> Floats:
    norms: Floats = np.linalg.norm(roots.astype(np.float64), axis=1)
    return norms


def _rank_weights(count: int) -> Floats:
    """(count,) weights of the neighbours' votes, the nearest first."""
    weights: Floats = 1 - _RANK_STEP * np.arange(count, dtype=np.float64)
    return weights
