from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from classifiers.ensemble.onnx_file import DOUBLE, Tensor
from classifiers.ensemble.tree_check import MAX_DEPTH, check_trees

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, GENRES = 5, 2


def doubles(count: int) -> Tensor:
    return Tensor((count,), DOUBLE, memoryview(np.ones(count).tobytes()), packed=False)


def trees(*shapes: Sequence[tuple[int, int] | None]) -> dict[str, Any]:
    """Attributes of trees, each a list of nodes: the children of a branch, or None for a leaf."""
    nodes = [(number, place, node) for number, tree in enumerate(shapes) for place, node in enumerate(tree)]
    leaves = [(number, place) for number, place, node in nodes if node is None]

    def numbers(values: Sequence[int]) -> Any:
        return np.array(values, dtype=np.int64)

    return {
        "n_targets": GENRES,
        "aggregate_function": "SUM",
        "nodes_treeids": numbers([number for number, _, _ in nodes]),
        "nodes_nodeids": numbers([place for _, place, _ in nodes]),
        "nodes_modes": b"".join(b"J\x04LEAF" if node is None else b"J\nBRANCH_LEQ" for _, _, node in nodes),
        "nodes_featureids": numbers([0 if node is None else WIDTH - 1 for _, _, node in nodes]),
        "nodes_values_as_tensor": doubles(len(nodes)),
        "nodes_truenodeids": numbers([0 if node is None else node[0] for _, _, node in nodes]),
        "nodes_falsenodeids": numbers([0 if node is None else node[1] for _, _, node in nodes]),
        "target_treeids": numbers([number for number, _ in leaves]),
        "target_nodeids": numbers([place for _, place in leaves]),
        "target_ids": numbers([GENRES - 1 for _ in leaves]),
        "target_weights_as_tensor": doubles(len(leaves)),
    }


def chain(depth: int) -> list[tuple[int, int] | None]:
    """A tree of ``depth`` levels below its root, one branch a level."""
    nodes: list[tuple[int, int] | None] = []
    for level in range(depth):
        nodes += [(2 * level + 1, 2 * level + 2), None]
    return [*nodes, None]


GOOD: list[tuple[int, int] | None] = [(1, 2), None, (3, 4), None, None]


def test_trees_are_accepted() -> None:
    assert check_trees(trees(GOOD), WIDTH) == (GENRES, 5)
    assert check_trees(trees(GOOD, [None], GOOD), WIDTH) == (GENRES, 11)
    assert check_trees(trees(GOOD) | {"base_values_as_tensor": doubles(GENRES)}, WIDTH)
    assert check_trees(trees([(2, 1), None, None]), WIDTH), "either child may come first"
    assert check_trees(trees(chain(MAX_DEPTH - 1)), WIDTH)


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        ([(0, 1), None], "back"),
        ([(1, 2), (0, 2), None], "back"),
        ([(1, 3), None, None], "out of the tree"),
        ([(1, -1), None, None], "out of the tree"),
        ([(1, 1), None, None], "parents"),
        ([(1, 2), None, None, None], "parents"),
        ([(1, 2), (3, 4), (3, 4), None, None], "parents"),
        (chain(MAX_DEPTH + 5), "deeper"),
    ],
)
def test_what_is_no_tree_is_refused(tree: list[tuple[int, int] | None], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_trees(trees(GOOD, tree), WIDTH)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"aggregate_function": "MAX"}, "summed"),
        ({"n_targets": 0}, "summed"),
        ({"n_targets": 1}, "genres that are not there"),
        ({"nodes_modes": None}, "modes"),
        ({"nodes_treeids": np.array([1, 1, 1, 1, 1])}, "numbered"),
        ({"nodes_treeids": np.array([-2, -2, -2, -2, -2])}, "numbered"),
        ({"nodes_nodeids": np.array([0, 1, 2, 4, 3])}, "numbered"),
        ({"nodes_featureids": np.array([WIDTH, 0, 0, 0, 0])}, "columns"),
        ({"nodes_featureids": np.array([-1, 0, 0, 0, 0])}, "columns"),
        ({"nodes_featureids": np.array([0])}, "lengths"),
        ({"nodes_values_as_tensor": doubles(4)}, "nodes_values_as_tensor"),
        ({"target_nodeids": np.array([0, 3, 4])}, "no leaves"),
        ({"target_nodeids": np.array([1, 3, 5])}, "no leaves"),
        ({"target_treeids": np.array([0, 0, 1])}, "genres"),
        ({"target_ids": np.array([0, 0])}, "target_weights_as_tensor"),
        ({"target_nodeids": "x"}, "no target_nodeids"),
    ],
)
def test_lists_that_do_not_fit_are_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_trees(trees(GOOD) | change, WIDTH)
