"""Build, check, export and open ONNX networks."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.errors import WeightsError
from spotitags.io.output import replaced_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto
    from onnxruntime import InferenceSession


_OPSET = 17
_IR_VERSION = 8

_log = logging.getLogger(__name__)


class Graph:
    """An ONNX graph under construction; methods append to it and return the name of the new value."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []

    def node(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Append an operation; its value is named ``out``, or by its position."""
        from onnx import helper

        name = out or f"{kind.lower()}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, array: Any, name: str = "") -> str:  # noqa: ANN401
        """Append an array, named ``name``, or by its position."""
        from onnx import numpy_helper

        name = name or f"weights.{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def finished(
        self, name: str, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto]
    ) -> ModelProto:
        """Return the model of all nodes and weights."""
        from onnx import helper

        return helper.make_model(
            helper.make_graph(self.nodes, name, inputs, outputs, self.weights),
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="spotitags",
        )


def check_weights(file: Path, sha256: str, package: str) -> None:
    """Check that a package's file has the digest that the code was written for.

    Raises:
        WeightsError: The file cannot be read, or its digest differs.
    """
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"{file} cannot be read ({error.strerror}): reinstall {package}") from error
    if digest != sha256:
        raise WeightsError(f"{file} is not the file that this version knows: reinstall {package}")


def open_network(path: Path, build: Callable[[], ModelProto]) -> InferenceSession:
    """Open the network exported to ``path``; build and export it if the file is missing or broken.

    A run uses one thread: covers run in parallel instead, which is faster if other programs share the cores.

    Raises:
        WeightsError: ``build`` raises it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    if path.is_file():
        try:
            return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001  # onnxruntime's errors share no base class
            _log.warning("%s is broken and is replaced (%s)", path, error)
    model = build().SerializeToString()
    try:
        with replaced_file(path) as file:
            file.write(model)
    except OSError as error:
        _log.warning("%s cannot be written, so every start builds the network again (%s)", path, error)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
