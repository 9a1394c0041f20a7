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
"""Of hue, of saturation and of value; a row has BINS ** 3 numbers, hue the slowest."""
WITHOUT_STOPPING: Final = 40
"""Rounds where genres are too small to hold covers out; about where training on thousands stops."""
_DIGITS = 1e9  # sums are rounded, so that both runtimes take the same branches


def build(seed: int) -> Boosting:
    """Small trees, each looking at a part of the colours; docs/image-models.md has what was tried."""
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

    A tree looks at one number at a time, so it is shown the histogram's sums over one and over two of hue,
    saturation and value beside the single bins.

    Args:
        seed: Of the split for early stopping and of the colours that a tree looks at.
        **options: Of ``HistGradientBoostingClassifier``.
    """

    def __init__(self, seed: int, **options: Any) -> None:  # noqa: ANN401 - scikit-learn's own
        self.seed = seed
        self.options = options
        self.model: Any = None

    def fit(self, X: Floats, y: NDArray[np.intp], *, sample_weight: Floats) -> Self:  # noqa: N803
        """Learn from (n, width) rows, (n,) genre indices and weights."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        self.model = HistGradientBoostingClassifier(random_state=self.seed, **self.options)
        if np.bincount(y).min() * self.model.validation_fraction < 1:
            self.model.set_params(early_stopping=False, max_iter=WITHOUT_STOPPING)
        self.model.fit(with_sums(X), y, sample_weight=sample_weight)
        return self

    def predict_proba(self, X: Floats) -> Floats:  # noqa: N803
        """(n, n_genres), summing to 1."""
        if not len(X):  # which scikit-learn refuses
            return np.empty((0, len(self.model.classes_)))
        shares: Floats = self.model.predict_proba(with_sums(X))
        return shares

    def to_onnx(self, source: str, drawing: OnnxNodes) -> str:
        """All trees as one node, whose sums a softmax turns into probabilities.

        skl2onnx cannot write these trees in double precision. What the node gives are floats: 1e-6 is lost.
        """
        scaled = drawing.add("Mul", source, drawing.constant(np.array(_DIGITS)))
        rows = drawing.add("Round", drawing.add("MatMul", scaled, drawing.constant(_sums())))
        votes = drawing.add("TreeEnsembleRegressor", rows, domain="ai.onnx.ml", **_forest(self.model))
        scores = drawing.add("Cast", votes, to=11)  # 11: double
        if len(self.model.classes_) == 2:  # noqa: PLR2004 - one score, above 0 for the second genre
            scores = drawing.add("Mul", scores, drawing.constant(np.array([-0.5, 0.5])))
        return drawing.add("Softmax", scores)


def with_sums(X: Floats) -> Floats:  # noqa: N803
    """(n, BINS ** 3 + 3 * BINS ** 2 + 3 * BINS) bins, sums over one axis and over two, in billionths."""
    rows: Floats = np.rint((X * _DIGITS) @ _sums())
    return rows


def _sums() -> Floats:
    """(BINS ** 3, width) of ones and zeros: which bins each column adds up."""
    cube = np.eye(BINS**3).reshape(BINS, BINS, BINS, -1)
    axes = [(), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    return np.hstack([cube.sum(axis=over).reshape(-1, BINS**3).T for over in axes])


def _forest(model: Any) -> dict[str, Any]:  # noqa: ANN401 - scikit-learn's own
    """A fitted model's trees as the attributes of ONNX's TreeEnsembleRegressor."""
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
