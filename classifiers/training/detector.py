"""Detector of covers that belong to none of a model's genres: one linear layer on embeddings."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.arrays import power_normalised, softmax
from classifiers.ensemble.confidence import evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.training.dataset import Row

    Floats = NDArray[np.float64]


CATEGORIES = {"music": 0.55, "pictures": 0.35, "blanks": 0.1}
"""Categories of outsiders with their shares of all weight."""
BORROWED = 0.5  # weight of references of the model's own genres relative to that of the training artists
DIMENSIONS = 384  # principal components of the references that a detector uses
PENALTY = 3.0  # C of the detector's logistic regression


class Kind(NamedTuple):
    """Reference covers of one kind.

    Attributes:
        name: Such as ``folk``, ``photographs`` or ``plain``.
        category: One of `CATEGORIES`.
        genre: The model's genre to which these covers belong; None for outsiders.
        artists: (n_covers, dim) embeddings of each artist, or of a few covers of one kind.
    """

    name: str
    category: str
    genre: str | None
    artists: Sequence[NDArray[np.float32]]

    @property
    def covers(self) -> int:
        """Number of covers."""
        return sum(map(len, self.artists))


@dataclass(frozen=True)
class References:
    """Reference covers as embeddings of one tagger.

    Attributes:
        tagger: Name of the tagger.
        kinds: Covers by kind; at least two kinds of outsiders in some category.
        size_directions: (k, dim) orthonormal directions in which embeddings move when a cover is shrunk or
            compressed. They are projected out, since otherwise the source of a picture decides (nuisance
            attribute projection: Solomonoff, Campbell and Boardman 2005).
    """

    tagger: str
    kinds: tuple[Kind, ...]
    size_directions: NDArray[np.float32]

    @property
    def outsiders(self) -> list[Kind]:
        """The kinds that belong to none of the model's genres."""
        return [kind for kind in self.kinds if kind.genre is None]


class Detector(NamedTuple):
    """Multinomial logistic regression of single covers: "none of the genres", then each genre.

    Attributes:
        coefficients: (dim, 1 + n_genres).
        intercepts: (1 + n_genres,).
    """

    coefficients: Floats
    intercepts: Floats

    def evidence(self, embeddings: NDArray[np.floating]) -> float:
        """Compute `classifiers.ensemble.confidence.evidence` of (n_covers, dim) embeddings."""
        rows = power_normalised(embeddings)
        return evidence(softmax(rows @ self.coefficients + self.intercepts))


def _projected(embeddings: NDArray[np.floating], directions: NDArray[np.float32]) -> Floats:
    rows = power_normalised(embeddings)
    return rows - (rows @ directions.T) @ directions


def principal_components(references: References) -> tuple[Floats, Floats]:
    """Mean (dim,) and principal components (dim, k) of the projected references."""
    covers = np.concatenate([each for kind in references.kinds for each in kind.artists])
    projected = _projected(covers, references.size_directions)
    mean = projected.mean(axis=0)
    _, _, components = np.linalg.svd(projected - mean, full_matrices=False)
    return mean, components[:DIMENSIONS].T


def fit_detector(
    rows: Sequence[Row],
    kinds: Sequence[Kind],
    references: References,
    genres: Sequence[str],
    basis: tuple[Floats, Floats],
) -> Detector:
    """Fit the detector; projection, centring and components are folded into its coefficients."""
    from sklearn.linear_model import LogisticRegression

    mean, components = basis
    covers, labels, weights = _training_covers(rows, kinds, references.tagger, genres)
    x = (_projected(covers, references.size_directions) - mean) @ components
    model = LogisticRegression(C=PENALTY, max_iter=500)
    model.fit(x, labels, sample_weight=weights * len(weights) / weights.sum())
    full = components @ model.coef_.T
    folded = full - references.size_directions.T @ (references.size_directions @ full)
    return Detector(folded, model.intercept_ - mean @ full)


def _training_covers(
    rows: Sequence[Row], kinds: Sequence[Kind], tagger: str, genres: Sequence[str]
) -> tuple[NDArray[np.floating], NDArray[np.intp], Floats]:
    """Embeddings (n, dim), labels (n,), 0 for outsiders and 1 on for the genres, and weights (n,).

    Rows weigh 1 together, references of their genres `BORROWED`, and outsiders as much as both; an artist's
    covers together weigh the square root of their number.
    """
    parts: list[tuple[NDArray[np.floating], int, Floats]] = []

    def add(embeddings: Sequence[NDArray[np.floating]], labels: Sequence[int], weight: float) -> None:
        lengths = np.sqrt([len(each) for each in embeddings])
        for each, label, length in zip(embeddings, labels, lengths, strict=True):
            parts.append((each, label, np.full(len(each), weight / (length * lengths.sum()))))

    add([row.embeddings[tagger] for row in rows], [1 + genres.index(row.genre) for row in rows], 1.0)
    borrowed = [kind for kind in kinds if kind.genre is not None]
    for kind in borrowed:
        label = 1 + genres.index(str(kind.genre))
        add(kind.artists, [label] * len(kind.artists), BORROWED / len(borrowed))
    inside = 1.0 + BORROWED * bool(borrowed)
    outsiders = [kind for kind in kinds if kind.genre is None]
    weights = kind_weights(outsiders, equal=True)  # else a rare kind near a genre, hardcore punk, is lost
    for kind in outsiders:
        add(kind.artists, [0] * len(kind.artists), inside * weights[kind.name])
    return (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([np.full(len(part[0]), part[1], dtype=np.intp) for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )


def kind_weights(kinds: Sequence[Kind], *, equal: bool = False) -> dict[str, float]:
    """Weight of each kind: a category's share, split by the numbers of covers or equally; they sum to 1."""
    sizes = {kind.name: 1 if equal else kind.covers for kind in kinds}
    total: dict[str, int] = defaultdict(int)
    for kind in kinds:
        total[kind.category] += sizes[kind.name]
    every = sum(CATEGORIES[category] for category in total)
    return {k.name: CATEGORIES[k.category] / every * sizes[k.name] / total[k.category] for k in kinds}
