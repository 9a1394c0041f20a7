"""Gradient boosting on histograms of colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    from classifiers.onnx_nodes import OnnxNodes

    Floats = NDArray[np.float64]

FEATURE: Final = "colours"

BINS: Final = 8
"""Bins of hue, of saturation and of value; a row has BINS ** 3 values, hue varies slowest."""
ROUNDS_WITHOUT_STOPPING: Final = 40
"""Boosting rounds if genres are too small to hold covers out; training on thousands stops about here."""
_SCALE = 1e9  # marginals are rounded to 1 / _SCALE, so that both runtimes take the same branches


def build(seed: int) -> Boosting:
    """Build the unfitted model: small trees, each on some of the colours."""
    return Boosting(
        seed,
        learning_rate=0.1,
        max_iter=300,
        max_leaf_nodes=8,
        max_features=0.1,
        max_bins=32,
        early_stopping=True,
        validation_fraction=0.15,
        n_iter_no_change=10,
    )


class Boosting:
    """scikit-learn's histogram gradient boosting (after LightGBM: Ke et al., 2017).

    A tree splits on one column at a time, so it also gets the histogram's marginals: its sums over one and
    over two of hue, saturation and value.

    Args:
        seed: Random seed of the split for early stopping and of the columns that a tree may use.
        **options: Options of ``HistGradientBoostingClassifier``.
    """

    def __init__(self, seed: int, **options: Any) -> None:  # noqa: ANN401 - scikit-learn's own
        self.seed = seed
        self.options = options
        self.model: Any = None

    def fit(self, X: Floats, y: NDArray[np.intp], *, sample_weight: Floats) -> Self:  # noqa: N803
        """Fit (n, BINS ** 3) rows, (n,) genre indices and (n,) weights."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        self.model = HistGradientBoostingClassifier(random_state=self.seed, **self.options)
        if np.bincount(y).min() * self.model.validation_fraction < 1:
            self.model.set_params(early_stopping=False, max_iter=ROUNDS_WITHOUT_STOPPING)
        self.model.fit(with_marginals(X), y, sample_weight=sample_weight)
        return self

    def predict_proba(self, X: Floats) -> Floats:  # noqa: N803
        """Return (n, n_genres) probabilities, each row summing to 1."""
        if not len(X):  # scikit-learn refuses it
            return np.empty((0, len(self.model.classes_)))
        shares: Floats = self.model.predict_proba(with_marginals(X))
        return shares

    def to_onnx(self, source: str, graph: OnnxNodes) -> str:
        """Add all trees to a graph as one node, whose sums a softmax turns into probabilities.

        skl2onnx cannot write these trees in double precision. The node's output has single precision, which
        costs about 1e-6.
        """
        scaled = graph.add("Mul", source, graph.constant(np.array(_SCALE)))
        rows = graph.add("Round", graph.add("MatMul", scaled, graph.constant(_marginals())))
        votes = graph.add("TreeEnsembleRegressor", rows, domain="ai.onnx.ml", **_tree_attributes(self.model))
        scores = graph.add("Cast", votes, to=11)  # ONNX's code for double
        if len(self.model.classes_) == 2:  # noqa: PLR2004 - one score, above 0 for the second genre
            scores = graph.add("Mul", scores, graph.constant(np.array([-0.5, 0.5])))
        return graph.add("Softmax", scores)


def with_marginals(X: Floats) -> Floats:  # noqa: N803
    """Append marginals: (n, BINS ** 3) to (n, BINS ** 3 + 3 * BINS ** 2 + 3 * BINS), times `_SCALE`."""
    rows: Floats = np.rint((X * _SCALE) @ _marginals())
    return rows


def _marginals() -> Floats:
    """(BINS ** 3, width) matrix of ones and zeros: the bins that each column sums."""
    cube = np.eye(BINS**3).reshape(BINS, BINS, BINS, -1)
    axes = [(), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    return np.hstack([cube.sum(axis=over).reshape(-1, BINS**3).T for over in axes])


def _tree_attributes(model: Any) -> dict[str, Any]:  # noqa: ANN401 - scikit-learn's own
    """Attributes of ONNX's TreeEnsembleRegressor with a fitted model's trees."""
    from onnx import numpy_helper

    trees = [(tree.nodes, target) for each in model._predictors for target, tree in enumerate(each)]  # noqa: SLF001
    nodes = np.concatenate([tree for tree, _ in trees])
    sizes = [len(tree) for tree, _ in trees]
    tree_of, target_of = np.repeat(np.arange(len(trees)), sizes), np.repeat([t for _, t in trees], sizes)
    node_of = np.concatenate([np.arange(size) for size in sizes])
    leaf = nodes["is_leaf"].astype(bool)
    base = np.ravel(model._baseline_prediction)  # noqa: SLF001
    return {
        "n_targets": len(base),
        "aggregate_function": "SUM",
        "base_values_as_tensor": numpy_helper.from_array(base.astype(np.float64)),
        "nodes_treeids": tree_of.tolist(),
        "nodes_nodeids": node_of.tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_featureids": np.where(leaf, 0, nodes["feature_idx"]).tolist(),
        "nodes_values_as_tensor": numpy_helper.from_array(np.where(leaf, 0.0, nodes["num_threshold"])),
        "nodes_truenodeids": nodes["left"].tolist(),
        "nodes_falsenodeids": nodes["right"].tolist(),
        "target_treeids": tree_of[leaf].tolist(),
        "target_nodeids": node_of[leaf].tolist(),
        "target_ids": target_of[leaf].tolist(),
        "target_weights_as_tensor": numpy_helper.from_array(nodes["value"][leaf]),
    }
