"""Reader of ONNX files with only what the exporter writes; `onnx` is not needed.

Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. What is left out here is refused:
subgraphs, functions, training, metadata, tensors in other files, sparse and quantised tensors.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from classifiers.ensemble.wire_format import (
    DATA,
    INT,
    RUN,
    TEXT,
    WireReader,
    count_packed_ints,
    fields,
    packed_ints,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


OPSETS: Final = {"": 18, "ai.onnx.ml": 3}
IR_VERSION: Final = 8
FLOAT, UINT8, INT64, FLOAT16, DOUBLE = 1, 2, 7, 10, 11
"""ONNX's codes of types."""

_SIZES = {FLOAT: 4, UINT8: 1, INT64: 8, FLOAT16: 2, DOUBLE: 8}
_MODES = rb"(?:J\x04LEAF|J\nBRANCH_LEQ)+"  # J is the key of the field strings
_TENSOR = fields(
    dims=(1, INT, True),
    type=(2, INT),
    int64_data=(7, DATA),
    name=(8, TEXT),
    raw_data=(9, DATA),
    double_data=(10, DATA),
)
_ATTRIBUTE = fields(
    name=(1, TEXT),
    number=(3, INT),
    text=(4, TEXT),
    tensor=(5, _TENSOR),
    numbers=(8, RUN),
    modes=(9, _MODES),
    type=(20, INT),
)
_ATTRIBUTE_TYPES = {2: "number", 3: "text", 4: "tensor", 7: "numbers", 8: "modes"}
_NODE = fields(
    inputs=(1, TEXT, True),
    outputs=(2, TEXT, True),
    name=(3, TEXT),
    operator=(4, TEXT),
    attributes=(5, _ATTRIBUTE, True),
    domain=(7, TEXT),
)
_SHAPE = fields(dims=(1, fields(size=(1, INT)), True))
_TYPE = fields(tensor=(1, fields(type=(1, INT), shape=(2, _SHAPE))))
_VALUE_INFO = fields(name=(1, TEXT), type=(2, _TYPE))
_GRAPH = fields(
    nodes=(1, _NODE, True),
    name=(2, TEXT),
    constants=(5, _TENSOR, True),
    inputs=(11, _VALUE_INFO, True),
    outputs=(12, _VALUE_INFO, True),
)
_MODEL = fields(
    ir_version=(1, INT),
    producer_name=(2, TEXT),
    graph=(7, _GRAPH),
    opsets=(8, fields(domain=(1, TEXT), version=(2, INT)), True),
)


class Tensor(NamedTuple):
    """A constant; its bytes stay in the file.

    Attributes:
        shape: Its sizes, each at least 1.
        type: Code of its type.
        data: Its values in order, little-endian; varints if ``packed``.
        packed: True for int64 written as varints.
    """

    shape: tuple[int, ...]
    type: int
    data: memoryview
    packed: bool

    def ints(self) -> list[int]:
        """Return the values of a small int64 constant.

        Raises:
            ValueError: It has another type, or more than 8 values.
        """
        if self.type != INT64 or prod(self.shape) > 8:  # noqa: PLR2004
            raise ValueError("a constant with axes or sizes has another type")
        if self.packed:
            return packed_ints(self.data)
        values: list[int] = np.frombuffer(self.data, "<i8").tolist()
        return values

    def doubles(self) -> NDArray[np.float64]:
        """Return all values of a constant of doubles.

        Raises:
            ValueError: It has another type.
        """
        if self.type != DOUBLE:
            raise ValueError("a constant has another type than double")
        return np.frombuffer(self.data, "<f8")


class Node(NamedTuple):
    """A node; ``operator`` is its name after its domain, such as ``ai.onnx.ml.TreeEnsembleRegressor``."""

    operator: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]


class OnnxGraph(NamedTuple):
    """A graph: shapes of inputs and outputs by name, None for a size that is not fixed, and its parts."""

    inputs: dict[str, tuple[int | None, ...]]
    outputs: dict[str, tuple[int | None, ...]]
    constants: dict[str, Tensor]
    nodes: list[Node]


def read_graph(data: bytes) -> OnnxGraph:
    """Read an ONNX file.

    Raises:
        ValueError: It is none, or it has something that the exporter never writes.
    """
    model = WireReader(data).read(_MODEL)
    opsets = model.get("opsets", ())
    found = {each.get("domain", ""): each.get("version") for each in opsets}
    if found != OPSETS or len(opsets) != len(OPSETS) or model.get("ir_version") != IR_VERSION:
        raise ValueError("it is no graph, or its operators are of other versions than those of SpotiTags")
    if "graph" not in model:
        raise ValueError("it has no graph")
    graph = model["graph"]
    return OnnxGraph(
        _by_name([_value_info(each) for each in graph.get("inputs", ())]),
        _by_name([_value_info(each) for each in graph.get("outputs", ())]),
        _by_name([_tensor(each) for each in graph.get("constants", ())]),
        [_node(each) for each in graph.get("nodes", ())],
    )


def _by_name(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ValueError("two of its values have one name")
    return named


def _value_info(info: Mapping[str, Any]) -> tuple[str, tuple[int | None, ...]]:
    """Return the name and the shape of an input or output, which are doubles."""
    name, tensor = info.get("name", ""), info.get("type", {}).get("tensor", {})
    if tensor.get("type") != DOUBLE or "shape" not in tensor:
        raise ValueError(f"{name} is not a table of doubles")
    return name, tuple(each.get("size") for each in tensor["shape"].get("dims", ()))


def _node(node: Mapping[str, Any]) -> Node:
    domain, operator = node.get("domain", ""), node.get("operator", "")
    return Node(
        f"{domain}.{operator}" if domain else operator,
        node.get("inputs", []),
        node.get("outputs", []),
        _by_name([_attribute(each) for each in node.get("attributes", ())]),
    )


def _attribute(attribute: dict[str, Any]) -> tuple[str, Any]:
    name, kind = attribute.pop("name", ""), _ATTRIBUTE_TYPES.get(attribute.pop("type", 0), "")
    if list(attribute) != [kind]:
        raise ValueError(f"the attribute {name} has not the one value that its type says")
    value = attribute[kind]
    return name, _tensor(value)[1] if kind == "tensor" else value


def _tensor(tensor: Mapping[str, Any]) -> tuple[str, Tensor]:
    """Return the name and the values of a constant, which are as many as its shape says."""
    name, kind, shape = tensor.get("name", ""), tensor.get("type", 0), tuple(tensor.get("dims", ()))
    typed = {INT64: "int64_data", DOUBLE: "double_data"}.get(kind, "raw_data")
    present = [field for field in ("raw_data", "double_data", "int64_data") if field in tensor]
    if kind not in _SIZES or present not in (["raw_data"], [typed]) or any(size < 1 for size in shape):
        raise ValueError(f"the constant {name} has a type, a shape or values that no model of SpotiTags has")
    values: memoryview = tensor[present[0]]
    packed = present == ["int64_data"]
    count = count_packed_ints(values) if packed else len(values) / _SIZES[kind]
    if count != prod(shape):
        raise ValueError(f"the constant {name} has not as many values as its shape {shape} says")
    return name, Tensor(shape, kind, values, packed)
