"""Nodes and constants of an ONNX graph, for classifiers that write their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from onnx import NodeProto, TensorProto


@dataclass
class OnnxNodes:
    """A part of a graph; its names begin with ``prefix``, so that they meet no other part's.

    Attributes:
        prefix: Of all names.
        nodes: In order.
        constants: What they read besides their inputs.
    """

    prefix: str
    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401
        """Add a node; gives the name of its output."""
        output = f"{self.prefix}{operator.lower()}{len(self.nodes)}"
        self.nodes.append(node(operator, inputs, output, **attributes))
        return output

    def largest(self, source: str, count: int) -> str:
        """Add the numbers of the ``count`` largest columns of each row, falling; of equal ones the first."""
        from onnx import helper

        prefix = f"{self.prefix}topk{len(self.nodes)}"
        outputs = [f"{prefix}/values", f"{prefix}/places"]
        self.nodes.append(helper.make_node("TopK", [source, self.constant([count])], outputs))
        return outputs[1]

    def constant(self, values: NDArray[Any] | Sequence[float] | float) -> str:
        """Add a constant; gives its name. Plain numbers become int64 or float64 as numpy has it."""
        name = f"{self.prefix}constant{len(self.constants)}"
        self.constants.append(constant(name, values))
        return name


@runtime_checkable
class OnnxExportable(Protocol):
    """A fitted classifier that writes its own part of the graph."""

    def to_onnx(self, source: str, drawing: OnnxNodes) -> str:
        """Add nodes that read (n, width) float64 from ``source``.

        Returns:
            The name of their output, (n, n_genres) float64 probabilities.
        """
        ...


def node(operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> NodeProto:  # noqa: ANN401
    """One node with one output."""
    from onnx import helper

    return helper.make_node(operator, list(inputs), [output], **attributes)


def constant(name: str, values: NDArray[Any] | Sequence[float] | float) -> TensorProto:
    """One constant."""
    from onnx import numpy_helper

    return numpy_helper.from_array(np.array(values), name)
