"""Shapes and limits of graphs; `tests/faults/test_models.py` has whole hostile models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from classifiers.ensemble.graph_check import check_graph

WIDTH, GENRES = 4, 3
OPSETS = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
CONSTANTS = {"one": np.array([1]), "weights": np.ones((WIDTH, GENRES)), "three": np.array([3])}


def graph(nodes: list[NodeProto], constants: dict[str, Any] | None = None) -> bytes:
    """A graph from the input x (rows, 4) to the output y (rows, 1 voter, 3 genres)."""
    double = TensorProto.DOUBLE
    made = helper.make_graph(
        nodes,
        "voters",
        [helper.make_tensor_value_info("x", double, [None, WIDTH])],
        [helper.make_tensor_value_info("y", double, [None, 1, None])],
        [
            numpy_helper.from_array(np.asarray(values), name)
            for name, values in (CONSTANTS | (constants or {})).items()
        ],
    )
    data: bytes = helper.make_model(made, opset_imports=OPSETS, ir_version=8).SerializeToString()
    return data


def check(nodes: list[NodeProto], constants: dict[str, Any] | None = None) -> None:
    check_graph(graph(nodes, constants), {"x": WIDTH}, {"y": (1, GENRES)})


def node(operator: str, inputs: str, output: str, **attributes: Any) -> NodeProto:
    return helper.make_node(operator, inputs.split(), output.split(), **attributes)


PRODUCT = node("MatMul", "x weights", "scores")
ROW = node("Unsqueeze", "vote one", "y")
VOTE = node("Softmax", "scores", "vote")


def test_a_vote_is_accepted() -> None:
    check([PRODUCT, VOTE, ROW])
    check([PRODUCT, node("Softmax", "scores", "vote", axis=-1), ROW])


@pytest.mark.parametrize(
    ("nodes", "says"),
    [
        ([PRODUCT, ROW], "'vote' before that exists"),
        ([PRODUCT, PRODUCT, VOTE, ROW], "MatMul has other outputs"),
        ([node("MatMul", "x x", "scores"), VOTE, ROW], "MatMul"),
        ([node("MatMul", "weights x", "scores"), VOTE, ROW], "MatMul"),
        ([PRODUCT, node("Softmax", "scores", "vote", axis=0), ROW], "Softmax"),
        ([PRODUCT, node("Softmax", "scores", "vote", beta=1), ROW], "Softmax has inputs or attributes"),
        ([PRODUCT, node("Add", "scores x", "vote"), ROW], "Add"),
        ([PRODUCT, VOTE, node("Unsqueeze", "vote three", "y")], "Unsqueeze"),
        ([PRODUCT, VOTE, node("Unsqueeze", "vote vote", "y")], "Unsqueeze"),
        ([node("ReduceSum", "x one", "vote"), ROW], "output y"),
        ([node("ReduceSum", "x one", "vote", keepdims=0), ROW], "output y"),
        ([node("ReduceSum", "x three", "vote"), ROW], "ReduceSum"),
        ([node("Cast", "x", "vote", to=TensorProto.STRING), ROW], "Cast"),
        ([node("Clip", "x weights weights", "vote"), ROW], "Clip"),
        ([node("TopK", "x weights", "values places"), ROW], "TopK"),
        ([node("TopK", "x three", "values"), ROW], "TopK has other outputs"),
        ([node("Gather", "x three", "vote", axis=1), ROW], "output y"),
        ([node("Gather", "x x", "vote"), ROW], "Gather"),
        ([node("Concat", "x weights", "vote", axis=1), ROW], "Concat"),
        ([node("Reshape", "x one", "vote"), ROW], "Reshape"),
        ([node("Loop", "x", "vote"), ROW], "'Loop', which no model"),
    ],
)
def test_other_nodes_are_refused(nodes: list[NodeProto], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check(nodes)


def test_two_inputs_are_never_joined() -> None:
    """Each has its own number of rows, so that a row of one could meet all rows of the other."""
    double = TensorProto.DOUBLE
    made = helper.make_graph(
        [node("Add", "x z", "sum"), node("MatMul", "sum weights", "vote"), ROW],
        "voters",
        [helper.make_tensor_value_info(name, double, [None, WIDTH]) for name in ("x", "z")],
        [helper.make_tensor_value_info("y", double, [None, 1, None])],
        [numpy_helper.from_array(values, name) for name, values in CONSTANTS.items()],
    )
    data = helper.make_model(made, opset_imports=OPSETS, ir_version=8).SerializeToString()
    with pytest.raises(ValueError, match="Add"):
        check_graph(data, {"x": WIDTH, "z": WIDTH}, {"y": (1, GENRES)})


def test_a_table_far_larger_than_the_file_is_refused() -> None:
    def nodes(size: int) -> tuple[list[NodeProto], dict[str, Any]]:
        made = [
            node("ReduceSum", "x one", "sum"),
            node("Mul", "sum wide", "wider"),
            node("Unsqueeze", "wider one", "cube"),
            node("Mul", "cube high", "table"),
            node("ReduceSum", "table one", "less", keepdims=0),
            node("ReduceSum", "less one", "total"),
            node("Add", "x total", "rows"),
            node("MatMul", "rows weights", "scores"),
        ]
        return [*made, VOTE, ROW], {"wide": np.ones((1, size)), "high": np.ones((size, 1))}

    check(*nodes(50))
    with pytest.raises(ValueError, match="memory or time"):
        check(*nodes(500))


def test_work_far_beyond_the_file_is_refused() -> None:
    width = 400
    wide = {
        "spread": np.ones((WIDTH, width)),
        "square": np.ones((width, width)),
        "weights": np.ones((width, GENRES)),
    }

    def nodes(times: int) -> list[NodeProto]:
        layers = [node("MatMul", f"x{i} square", f"x{i + 1}") for i in range(times)]
        return [
            node("MatMul", "x spread", "x0"),
            *layers,
            node("MatMul", f"x{times} weights", "scores"),
            VOTE,
            ROW,
        ]

    check(nodes(20), wide)
    with pytest.raises(ValueError, match="memory or time"):
        check(nodes(2000), wide)


@pytest.mark.parametrize(
    ("inputs", "outputs", "says"),
    [
        ({"x": WIDTH + 1}, {"y": (1, GENRES)}, "inputs"),
        ({"z": WIDTH}, {"y": (1, GENRES)}, "inputs"),
        ({"x": WIDTH}, {"y": (2, GENRES)}, "output y"),
        ({"x": WIDTH}, {"y": (1, GENRES + 1)}, "output y"),
        ({"x": WIDTH}, {"z": (1, GENRES)}, "outputs"),
        ({"x": WIDTH}, {}, "outputs"),
    ],
)
def test_the_card_says_inputs_and_outputs(
    inputs: dict[str, int], outputs: dict[str, tuple[int, ...]], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        check_graph(graph([PRODUCT, VOTE, ROW]), inputs, outputs)
