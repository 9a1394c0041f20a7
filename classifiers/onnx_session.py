"""Open ONNX graphs with onnxruntime; all of the project's graphs are opened here."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession


_FATAL = 4  # level of onnxruntime's log: errors are raised, and need no second line on stderr


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
    options.log_severity_level = _FATAL
    # onnxruntime would also read its own format, in which it checks less.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def run_session(
    session: InferenceSession,
    outputs: Sequence[str],
    inputs: Mapping[str, NDArray[np.float64]],
    *,
    seconds: float,
) -> list[NDArray[np.float64]]:
    """Run a graph, and stop it between two of its nodes when the time is up.

    Args:
        session: From `open_session`.
        outputs: Names of outputs.
        inputs: Name of each input to its values.
        seconds: Time limit.

    Returns:
        Values of the outputs.

    Raises:
        TimeoutError: The time is up.
        Exception: The graph is broken; onnxruntime's errors share no base class.
    """
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = _FATAL
    timer = threading.Timer(seconds, setattr, (options, "terminate", True))
    timer.daemon = True
    timer.start()
    try:
        values: list[Any] = session.run(list(outputs), dict(inputs), options)
    except Exception as error:
        if options.terminate:
            raise TimeoutError(f"it took more than {seconds:g} seconds") from error
        raise
    finally:
        timer.cancel()
    return values
