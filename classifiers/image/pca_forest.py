"""Principal components of a small picture, and a random forest on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    from classifiers.onnx_nodes import OnnxNodes

    Floats = NDArray[np.float64]

FEATURE: Final = "thumbnail"


def build(seed: int) -> PcaForest:
    """Forty components and two hundred trees; docs/image-models.md has what was tried."""
    return PcaForest(components=40, trees=200, least=5, seed=seed)


class PcaForest:
    """A random forest (Breiman 2001) on the scores of principal components.

    Args:
        components: At most so many; never more than rows or columns.
        trees: Of the forest.
        least: Rows a leaf, at least: a tree then says how likely genres are, and the graph has a few MB.
        seed: Of the components' randomised solver and of the forest.
    """

    def __init__(self, components: int, trees: int, least: int, seed: int) -> None:
        self.components = components
        self.trees = trees
        self.least = least
        self.seed = seed
        self.pca: Any = None
        self.forest: Any = None

    def fit(self, X: Floats, y: NDArray[np.intp], *, sample_weight: Floats) -> Self:  # noqa: N803
        """Learn from (n, width) rows, (n,) genre indices and weights; the components see no weights."""
        from sklearn.decomposition import PCA
        from sklearn.ensemble import RandomForestClassifier

        count = min(self.components, *X.shape)
        self.pca = PCA(count, svd_solver="randomized", random_state=self.seed)
        self.forest = RandomForestClassifier(self.trees, min_samples_leaf=self.least, random_state=self.seed)
        self.forest.fit(self.pca.fit_transform(X), y, sample_weight=sample_weight)
        return self

    def predict_proba(self, X: Floats) -> Floats:  # noqa: N803
        """(n, n_genres), summing to 1."""
        shares: Floats = self.forest.predict_proba(self.pca.transform(X))
        return shares

    def to_onnx(self, source: str, drawing: OnnxNodes) -> str:
        """The components as a product, all trees as one node.

        Scores pass through floats on their way to the trees, as scikit-learn's do: thresholds lie between
        two floats, and an unrounded score could fall on the other side. What the node gives are floats, too:
        1e-6 is lost.
        """
        single, double = 1, 11  # ONNX's numbers for types
        centred = drawing.add("Sub", source, drawing.constant(self.pca.mean_))
        scores = drawing.add("MatMul", centred, drawing.constant(self.pca.components_.T))
        rounded = drawing.add("Cast", drawing.add("Cast", scores, to=single), to=double)
        trees = _trees([tree.tree_ for tree in self.forest.estimators_])
        sums = drawing.add("TreeEnsembleRegressor", rounded, domain="ai.onnx.ml", **trees)
        votes = drawing.add("Cast", sums, to=double)
        return drawing.add("Div", votes, drawing.add("ReduceSum", votes, drawing.constant([1])))


def _trees(trees: list[Any]) -> dict[str, Any]:
    """Fitted trees as the attributes of ONNX's TreeEnsembleRegressor; a leaf gives its genres' shares."""
    from onnx import numpy_helper

    sizes = [tree.node_count for tree in trees]
    tree_of = np.repeat(np.arange(len(trees)), sizes)
    node_of = np.concatenate([np.arange(size) for size in sizes])
    left, right = (
        np.concatenate([getattr(tree, f"children_{side}") for tree in trees]) for side in ("left", "right")
    )
    shares = np.concatenate([tree.value[:, 0] for tree in trees]) / len(trees)
    leaf = left < 0
    genres = shares.shape[1]
    return {
        "n_targets": genres,
        "aggregate_function": "SUM",
        "nodes_treeids": tree_of.tolist(),
        "nodes_nodeids": node_of.tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_featureids": np.where(leaf, 0, np.concatenate([tree.feature for tree in trees])).tolist(),
        "nodes_values_as_tensor": numpy_helper.from_array(
            np.where(leaf, 0.0, np.concatenate([tree.threshold for tree in trees]))
        ),
        "nodes_truenodeids": np.where(leaf, 0, left).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, right).tolist(),
        "target_treeids": np.repeat(tree_of[leaf], genres).tolist(),
        "target_nodeids": np.repeat(node_of[leaf], genres).tolist(),
        "target_ids": np.tile(np.arange(genres), int(leaf.sum())).tolist(),
        "target_weights_as_tensor": numpy_helper.from_array(shares[leaf].ravel()),
    }
