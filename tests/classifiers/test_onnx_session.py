from __future__ import annotations

import threading

import numpy as np
import pytest
from onnx import TensorProto, helper

from classifiers.onnx_session import open_session, run_session


def loop(times: int) -> bytes:
    """A graph that adds 1 to its input again and again."""
    scalar, whole, boolean = TensorProto.DOUBLE, TensorProto.INT64, TensorProto.BOOL
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["still"]), helper.make_node("Add", ["x", "step"], ["more"])],
        "body",
        [
            helper.make_tensor_value_info("i", whole, []),
            helper.make_tensor_value_info("go", boolean, []),
            helper.make_tensor_value_info("x", scalar, [1, 1]),
        ],
        [
            helper.make_tensor_value_info("still", boolean, []),
            helper.make_tensor_value_info("more", scalar, [1, 1]),
        ],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["times", "yes", "start"], ["end"], body=body)],
        "loop",
        [helper.make_tensor_value_info("start", scalar, [1, 1])],
        [helper.make_tensor_value_info("end", scalar, [1, 1])],
        [
            helper.make_tensor("times", whole, [], [times]),
            helper.make_tensor("yes", boolean, [], [True]),
            helper.make_tensor("step", scalar, [1, 1], [1.0]),
        ],
    )
    opsets = [helper.make_opsetid("", 18)]
    data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    return data


START = {"start": np.zeros((1, 1))}


def test_a_run_returns_the_outputs_and_leaves_no_thread() -> None:
    before = threading.active_count()
    (end,) = run_session(open_session(loop(3)), ["end"], START, seconds=60)
    assert end.tolist() == [[3.0]]
    assert threading.active_count() <= before + 1, "at most one that is about to end"


def test_a_run_without_end_is_stopped() -> None:
    with pytest.raises(TimeoutError, match=r"more than 0\.2 seconds"):
        run_session(open_session(loop(2**62)), ["end"], START, seconds=0.2)


def test_errors_are_raised_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exception, match="start"):
        run_session(open_session(loop(3)), ["end"], {"start": np.zeros((2, 1))}, seconds=60)
    assert capfd.readouterr().err == ""


def test_onnxruntimes_own_format_is_not_read() -> None:
    with pytest.raises(Exception, match="protobuf"):
        open_session(b"\x18\0\0\0ORTM" + bytes(200))
