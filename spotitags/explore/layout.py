"""Places of covers on the maps: principal components, and t-SNE after them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMPONENTS: Final = 50
"""Principal components that t-SNE reads."""
COMPACT: Final = 32
"""Principal components that the page has of each cover."""

_MIN_COVERS: Final = 10  # for a map of neighbours
_NEAR: Final = 5  # placed covers that place a new one


class Pca(NamedTuple):
    """Principal components.

    Attributes:
        mean: (dim,).
        axes: (k, dim), by decreasing variance.
    """

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]

    def project(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, k) coordinates of (n, dim) vectors."""
        return np.asarray((vectors - self.mean) @ self.axes.T, np.float32)


def fit_pca(vectors: NDArray[np.float32], components: int = COMPONENTS) -> Pca:
    """Fit principal components by randomised subspace iteration (Halko et al., 2011, algorithm 4.4).

    The sign of each axis makes its largest number positive, so that equal vectors give equal maps.

    Args:
        vectors: (n, dim).
        components: Number of components; fewer if there are fewer covers or dimensions.
    """
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    k = min(components, *vectors.shape)
    basis = np.random.default_rng(0).standard_normal((centred.shape[1], min(k + 10, *vectors.shape)))
    found = centred @ basis.astype(np.float32)
    for _ in range(4):
        found = np.linalg.qr(centred @ np.linalg.qr(centred.T @ found)[0])[0]
    _, _, axes = np.linalg.svd(found.T @ centred, full_matrices=False)
    axes = axes[:k]
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    return Pca(mean.astype(np.float32), (axes * signs[:, None]).astype(np.float32))


def map_method(count: int) -> str:
    """Return the method that places so many covers: ``openTSNE``, ``scikit-learn`` or ``PCA``."""
    if count < _MIN_COVERS:
        return "PCA"
    if find_spec("openTSNE"):
        return "openTSNE"
    return "scikit-learn" if find_spec("sklearn") else "PCA"


def neighbour_map(components: NDArray[np.float32], method: str) -> NDArray[np.float32]:
    """Place covers so that neighbours stay near: t-SNE from a start by principal components.

    Args:
        components: (n, k) principal components.
        method: As returned by `map_method`.

    Returns:
        (n, 2) places.
    """
    perplexity = min(30.0, (len(components) - 1) / 3)
    if method == "openTSNE":
        from openTSNE import TSNE

        tsne = TSNE(perplexity=perplexity, metric="cosine", random_state=0, n_jobs=-1)
        return np.asarray(tsne.fit(components), np.float32)
    if method == "scikit-learn":
        from sklearn.manifold import TSNE as SklearnTSNE  # noqa: N811

        tsne = SklearnTSNE(perplexity=perplexity, metric="cosine", init="pca", random_state=0)
        return np.asarray(tsne.fit_transform(components), np.float32)
    return np.array(components[:, :2])


def place_new(
    places: NDArray[np.float32], similarity: NDArray[np.float32], numbers: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Place new covers between their nearest ones, which stay where they are.

    Args:
        places: (n, 2) places of the covers that are placed.
        similarity: (m, k) cosine of each new cover to its nearest placed ones.
        numbers: (m, k) their numbers.

    Returns:
        (m, 2) places.
    """
    near = min(_NEAR, numbers.shape[1])
    weights = np.exp(10 * (similarity[:, :near] - similarity[:, :1]))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("mk,mkd->md", weights, places[numbers[:, :near]]), np.float32)
