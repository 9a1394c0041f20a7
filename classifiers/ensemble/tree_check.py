"""Check of the decision trees in a graph, whose node numbers onnxruntime follows unchecked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from classifiers.ensemble.onnx_file import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]


MAX_DEPTH = 1000
"""Maximum depth of a tree; onnxruntime builds trees by recursion."""
_NUMBERS = (
    *("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids"),
    *("target_treeids", "target_nodeids", "target_ids"),
)
ATTRIBUTES = frozenset(
    {
        *_NUMBERS,
        *("n_targets", "aggregate_function", "nodes_modes", "base_values_as_tensor"),
        *("nodes_values_as_tensor", "target_weights_as_tensor"),
    }
)
"""Attributes of TreeEnsembleRegressor that the exporter writes."""


def check_trees(attributes: Mapping[str, Any], width: int) -> tuple[int, int]:
    """Check that each tree is one: every branch has two children of its own, and none leads back.

    Args:
        attributes: Attributes of the node.
        width: Number of columns that the trees may test.

    Returns:
        Number of outputs, and number of nodes of all trees.

    Raises:
        ValueError: The trees are not as the exporter writes them.
    """
    trees, nodes, features, left, right, target_trees, target_nodes, targets = (
        _numbers(attributes, name) for name in _NUMBERS
    )
    count, outputs = len(trees), attributes.get("n_targets")
    modes = attributes.get("nodes_modes")
    if attributes.get("aggregate_function") != "SUM" or not isinstance(outputs, int) or outputs < 1:
        raise ValueError("its trees are not summed")
    if not isinstance(modes, bytes):
        raise ValueError("its trees have no modes")  # noqa: TRY004 - of a file, not of a caller
    leaf = np.frombuffer(modes.replace(b"J\x04LEAF", b"\1").replace(b"J\nBRANCH_LEQ", b"\0"), np.uint8) == 1
    if not (count == len(nodes) == len(features) == len(left) == len(right) == len(leaf)):
        raise ValueError("its trees have lists of different lengths")
    _doubles(attributes, "nodes_values_as_tensor", count)
    _doubles(attributes, "target_weights_as_tensor", len(targets))
    if "base_values_as_tensor" in attributes:
        _doubles(attributes, "base_values_as_tensor", outputs)
    starts = np.flatnonzero(np.append(True, trees[1:] != trees[:-1]))
    if not np.array_equal(trees[starts], np.arange(len(starts))):
        raise ValueError("its trees are not numbered in order")
    sizes = np.diff(starts, append=count)
    start = np.repeat(starts, sizes)
    if not np.array_equal(nodes, np.arange(count) - start):
        raise ValueError("the nodes of its trees are not numbered in order")
    if not _within(features[~leaf], width):
        raise ValueError("its trees test columns that are not there")
    _check_branches(leaf, start, np.repeat(sizes, sizes), (left, right))
    if not (len(target_trees) == len(target_nodes) == len(targets)) or not (
        _within(targets, outputs) and _within(target_trees, len(starts))
    ):
        raise ValueError("the leaves of its trees have values for genres that are not there")
    if not _within(target_nodes, sizes[target_trees]) or not leaf[starts[target_trees] + target_nodes].all():
        raise ValueError("its trees have values at nodes that are no leaves")
    return outputs, count


def _numbers(attributes: Mapping[str, Any], name: str) -> Numbers:
    values = attributes.get(name)
    if not isinstance(values, np.ndarray):
        raise ValueError(f"its trees have no {name}")  # noqa: TRY004 - of a file, not of a caller
    return values


def _doubles(attributes: Mapping[str, Any], name: str, count: int) -> None:
    values = attributes.get(name)
    if not isinstance(values, Tensor) or values.shape != (count,):
        raise ValueError(f"its trees have no {name} for each node")
    values.doubles()


def _within(values: Numbers, bounds: Numbers | int) -> bool:
    return bool(np.all((values >= 0) & (values < bounds)))


def _check_branches(
    leaf: NDArray[np.bool_], start: NDArray[np.intp], sizes: NDArray[np.intp], sides: tuple[Numbers, Numbers]
) -> None:
    """Check that children come after their parent, have one parent each, and are not too deep.

    Args:
        leaf: (n_nodes,), True for leaves.
        start: (n_nodes,) number of the first node of the same tree.
        sizes: (n_nodes,) number of nodes of the same tree.
        sides: (n_nodes,) number of the left and of the right child in the tree.
    """
    branches = np.flatnonzero(~leaf)
    for side in sides:
        child = side[branches]
        if not (_within(child, sizes[branches]) and np.all(child > branches - start[branches])):
            raise ValueError("its trees have branches that lead out of the tree or back")
    left, right = (side + start for side in sides)
    children = np.concatenate([left[branches], right[branches]])
    roots = np.unique(start)
    if len(children) != len(leaf) - len(roots) or len(np.unique(children)) != len(children):
        raise ValueError("its trees have nodes with several parents or none")
    level, depth = roots, 0
    while len(level):
        level = level[~leaf[level]]
        level = np.concatenate([left[level], right[level]])
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"its trees are deeper than {MAX_DEPTH} nodes")
