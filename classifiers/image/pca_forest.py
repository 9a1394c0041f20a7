"""Random forest on the principal components of a small picture."""

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
    """Build the unfitted model with 40 components and 200 trees; see docs/image-models.md."""
    return PcaForest(components=40, trees=200, min_samples_leaf=5, seed=seed)


class PcaForest:
    """A random forest (Breiman 2001) on the scores of principal components.

    Args:
        components: Maximum number of components; never more than rows or columns.
        trees: Number of trees.
        min_samples_leaf: Minimum number of rows per leaf: leaves then hold probabilities of genres, and the
            graph takes only a few MB.
        seed: Random seed of the components' solver and of the forest.
    """

    def __init__(self, components: int, trees: int, min_samples_leaf: int, seed: int) -> None:
        self.components = components
        self.trees = trees
        self.min_samples_leaf = min_samples_leaf
        self.seed = seed
        self.pca: Any = None
        self.forest: Any = None

    def fit(self, X: Floats, y: NDArray[np.intp], *, sample_weight: Floats) -> Self:  # noqa: N803
        """Fit (n, width) rows, (n,) genre indices and (n,) weights; the components ignore the weights."""
        from sklearn.decomposition import PCA
        from sklearn.ensemble import RandomForestClassifier

        count = min(self.components, *X.shape)
        self.pca = PCA(count, svd_solver="randomized", random_state=self.seed)
        self.forest = RandomForestClassifier(
            self.trees, min_samples_leaf=self.min_samples_leaf, random_state=self.seed
        )
        self.forest.fit(self.pca.fit_transform(X), y, sample_weight=sample_weight)
        return self

    def predict_proba(self, X: Floats) -> Floats:  # noqa: N803
        """Return (n, n_genres) probabilities, each row summing to 1."""
        shares: Floats = self.forest.predict_proba(self.pca.transform(X))
        return shares

    def to_onnx(self, source: str, graph: OnnxNodes) -> str:
        """Add the components to a graph as a matrix product, and all trees as one node.

        Scores are rounded to single precision before the trees, as scikit-learn does: thresholds lie between
        two such numbers, and an unrounded score could fall on the other side. The node's output has single
        precision, too, which costs about 1e-6.
        """
        single, double = 1, 11  # ONNX's codes for types
        centred = graph.add("Sub", source, graph.constant(self.pca.mean_))
        scores = graph.add("MatMul", centred, graph.constant(self.pca.components_.T))
        rounded = graph.add("Cast", graph.add("Cast", scores, to=single), to=double)
        trees = _tree_attributes([tree.tree_ for tree in self.forest.estimators_])
        sums = graph.add("TreeEnsembleRegressor", rounded, domain="ai.onnx.ml", **trees)
        votes = graph.add("Cast", sums, to=double)
        return graph.add("Div", votes, graph.add("ReduceSum", votes, graph.constant([1])))


def _tree_attributes(trees: list[Any]) -> dict[str, Any]:
    """Attributes of ONNX's TreeEnsembleRegressor with fitted trees; a leaf gives the shares of its genres."""
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
