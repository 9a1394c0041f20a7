"""Principal components of a small picture, and a random forest on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from classifiers.image import THUMBNAIL

if TYPE_CHECKING:
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

READS: Final[str] = THUMBNAIL
COMPONENTS: Final = 40
TREES: Final = 200
LEAST: Final = 5  # rows a leaf: probabilities rather than single covers' labels, and a graph of a few MB


class PcaForest:
    """A random forest (Breiman 2001) on the scores of principal components, all of equal variance or not.

    Args:
        components: At most so many; never more than rows or columns.
        trees: Of the forest.
        seed: Of the components' randomised solver and of the forest.
    """

    def __init__(self, components: int, trees: int, seed: int) -> None:
        self.components = components
        self.trees = trees
        self.seed = seed
        self.pca: Any = None
        self.forest: Any = None

    def fit(self, X: Floats, y: NDArray[np.intp], *, sample_weight: Floats) -> Self:  # noqa: N803
        """Learn from (n, width) rows, (n,) genre indices and weights; the components see no weights."""
        from sklearn.decomposition import PCA
        from sklearn.ensemble import RandomForestClassifier

        count = min(self.components, *X.shape)
        self.pca = PCA(count, svd_solver="randomized", random_state=self.seed)
        self.forest = RandomForestClassifier(
            self.trees, min_samples_leaf=LEAST, max_features="sqrt", random_state=self.seed
        )
        self.forest.fit(self.pca.fit_transform(X), y, sample_weight=sample_weight)
        return self

    def predict_proba(self, X: Floats) -> Floats:  # noqa: N803
        """(n, n_genres), summing to 1."""
        shares: Floats = self.forest.predict_proba(self.pca.transform(X))
        return shares


def build(seed: int) -> PcaForest:
    """Forty components and two hundred trees."""
    return PcaForest(COMPONENTS, TREES, seed)
