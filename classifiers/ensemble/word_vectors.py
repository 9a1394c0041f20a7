"""Vectors of words, phrases and tagged covers. Needs numpy only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from classifiers.arrays import l2_normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Tags = Mapping[str, float]


_ROOT = 2  # of a label's weight on a cover
_WORD = re.compile(r"[^\W_]+")


class WordVectors:
    """Vectors of words and short phrases; the vector of another phrase is the mean direction of its words.

    Args:
        labels: Lower-case words and phrases.
        vectors: (n_labels, dim).
        centre: (n,) vector of the encoder that becomes the origin; None if nothing can be added.
        axes: (dim, n) axes of the encoder's space that are kept.
    """

    def __init__(
        self,
        labels: Sequence[str],
        vectors: NDArray[np.floating],
        centre: Floats | None = None,
        axes: Floats | None = None,
    ) -> None:
        self.centre = np.zeros(0) if centre is None else centre
        self.axes = np.zeros((vectors.shape[1], 0)) if axes is None else axes
        self.labels = tuple(labels)
        self.vectors = np.asarray(vectors, dtype=np.float64)
        self._own: dict[str, Floats] = dict(zip(labels, self.vectors, strict=True))
        self._found: dict[str, Floats | None] = {}

    @property
    def dim(self) -> int:
        """Dimension of a vector."""
        return int(self.vectors.shape[1])

    def unknown_phrases(self, covers: Iterable[Tags]) -> list[str]:
        """Return the labels of covers, in lower case, that have several words and no vector of their own."""
        labels = dict.fromkeys(label.casefold() for tags in covers for label in tags)
        return [label for label in labels if len(_WORD.findall(label)) > 1 and label not in self._own]

    def add(self, label: str, vector: NDArray[np.floating]) -> None:
        """Add a phrase's own vector, (dim,) from `project`."""
        self._own[label] = np.asarray(vector, dtype=np.float64)
        self._found.clear()

    def project(self, vectors: NDArray[np.floating]) -> Floats:
        """Project (n, n_encoder) vectors of the sentence encoder to (n, dim)."""
        projected: Floats = (vectors - self.centre) @ self.axes.T
        return projected

    def vector(self, label: str) -> Floats | None:
        """Return the (dim,) vector of a label in any case; None if none of its words is known."""
        if label not in self._found:
            self._found[label] = self._find(label.casefold())
        return self._found[label]

    def _find(self, label: str) -> Floats | None:
        words = _WORD.findall(label)
        for name in (label, " ".join(words)):
            if name in self._own:
                return self._own[name]
        found = [self._own[word] for word in words if word in self._own]
        if not found:
            return None
        parts = np.array(found)
        length = np.linalg.norm(parts, axis=1).mean()  # a mean is shorter than its parts, and would say less
        composed: Floats = l2_normalised(parts.mean(axis=0)) * length
        return composed

    def covers(self, covers: Sequence[Tags]) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the mean vector of each cover's labels, weighted by the square root of their weights.

        Returns:
            (n_covers, dim), and (n_covers,) True for covers with a known label; others have a row of zeros.
        """
        rows, known = np.zeros((len(covers), self.dim)), np.zeros(len(covers), dtype=bool)
        for i, tags in enumerate(covers):
            found = [(vector, w) for label, w in tags.items() if (vector := self.vector(label)) is not None]
            weights = np.array([w for _, w in found]) ** (1 / _ROOT)
            if weights.sum() > 0:
                rows[i] = weights @ np.array([vector for vector, _ in found]) / weights.sum()
                known[i] = True
        return rows, known
