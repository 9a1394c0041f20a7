"""Open ONNX graphs with onnxruntime; all of the project's graphs are opened here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from onnxruntime import InferenceSession


def open_session(graph: bytes | Path, *, optimised: bool = True) -> InferenceSession:
    """Open a graph on the CPU, with one thread per run.

    Args:
        graph: A serialised model, or its file.
        optimised: True runs faster, False opens faster.

    Raises:
        Exception: The graph is broken; onnxruntime's errors share no base class.
    """
    import onnxruntime

    # On Windows the variable that `classifiers` sets has no effect; events would go to the system's log.
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
