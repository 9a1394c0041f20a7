"""Nodes and constants of an ONNX graph, for classifiers that export themselves."""

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
    """A part of a graph; all names begin with ``prefix``, so that they clash with no other part's.

    Attributes:
        prefix: Prefix of all names.
        nodes: Nodes in topological order.
        constants: Constants that the nodes use.
    """

    prefix: str
    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Add a node with one output, called ``name`` after the prefix; returns the output's full name."""
        output = self.prefix + (name or f"{operator.lower()}{len(self.nodes)}")
        self.nodes.append(node(operator, inputs, output, **attributes))
        return output

    def top_k(self, source: str, count: int) -> str:
        """Add a node for the ``count`` largest values of each row; returns the name of its column numbers.

        Largest first; of equal values the one in the first column.
        """
        from onnx import helper

        prefix = f"{self.prefix}topk{len(self.nodes)}"
        outputs = [f"{prefix}/values", f"{prefix}/places"]
        self.nodes.append(helper.make_node("TopK", [source, self.constant([count])], outputs))
        return outputs[1]

    def constant(self, values: NDArray[Any] | Sequence[float] | float, name: str = "") -> str:
        """Add a constant; returns its full name. Python numbers become int64 or float64, as in numpy."""
        full_name = self.prefix + (name or f"constant{len(self.constants)}")
        self.constants.append(constant(full_name, values))
        return full_name


@runtime_checkable
class OnnxExportable(Protocol):
    """A fitted classifier that exports itself to ONNX."""

    def to_onnx(self, source: str, graph: OnnxNodes) -> str:
        """Add nodes that take (n, width) float64 rows from ``source``.

        Returns:
            Name of their output, (n, n_genres) float64 probabilities.
        """
        ...


def node(operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> NodeProto:  # noqa: ANN401
    """Build a node with one output."""
    from onnx import helper

    return helper.make_node(operator, list(inputs), [output], **attributes)


def constant(name: str, values: NDArray[Any] | Sequence[float] | float) -> TensorProto:
    """Build a constant."""
    from onnx import numpy_helper

    return numpy_helper.from_array(np.array(values), name)
