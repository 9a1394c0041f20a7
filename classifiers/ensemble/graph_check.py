"""Check of a model's graph before onnxruntime sees it.

Only operators that the exporter writes are allowed. The shape of every value is worked out, so that a vote
cannot take more memory or time than the file's size explains, and the outputs are those of the model card.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from classifiers.ensemble.confidence import OUTSIDERS
from classifiers.ensemble.onnx_file import DOUBLE, FLOAT, Tensor, read_graph
from classifiers.ensemble.tree_check import ATTRIBUTES, check_trees

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from classifiers.ensemble.onnx_file import Node, OnnxGraph

    Size = int | str  # a str stands for the number of rows of the input of that name
    Shape = tuple[Size, ...]


ROW_SLACK: Final = 2**14
"""Numbers that a run may hold for each row, beside one for every 8 bytes of the file."""
WORK_SLACK: Final = 2**18
"""Numbers that a run may read and write for each row, beside 8 for each byte of the file."""


class _Step(NamedTuple):
    """A node with the shapes of its inputs; ``constants`` has those inputs that the file holds."""

    node: Node
    shapes: list[Shape]
    constants: list[Tensor | None]

    def ints(self, number: int) -> list[int]:
        """Return an input that must be a small constant of whole numbers."""
        constant = self.constants[number]
        if constant is None:
            raise ValueError("its axes or sizes are no constant")
        return constant.ints()

    def attribute(self, name: str, default: int) -> int:
        value = self.node.attributes.get(name, default)
        if not isinstance(value, int):
            raise ValueError(f"its attribute {name} is no whole number")  # noqa: TRY004 - of a file
        return value

    def require(self, condition: bool) -> None:  # noqa: FBT001
        if not condition:
            raise ValueError(f"it cannot take {', '.join(map(str, self.shapes))}")


def check_graph(data: bytes, inputs: Mapping[str, int], outputs: Mapping[str, tuple[int, ...]]) -> None:
    """Check a graph.

    Args:
        data: The ONNX file.
        inputs: Name of each input to its number of columns.
        outputs: Name of each output to its sizes after the rows. The graph may also have `OUTSIDERS`.

    Raises:
        ValueError: It is no graph of a model with these inputs and outputs; the message says why.
    """
    graph = read_graph(data)
    declared = {name: (None, width) for name, width in inputs.items()}
    if graph.inputs != declared:
        raise ValueError("its inputs are not those of the model card")
    if not outputs.keys() <= graph.outputs.keys() <= outputs.keys() | {OUTSIDERS}:
        raise ValueError("its outputs are not those of the model card")
    shapes = _shapes(graph, len(data))
    for name, sizes in graph.outputs.items():
        shape = shapes.get(name, ())
        as_declared = len(shape) == len(sizes) and all(
            size in {None, real} for size, real in zip(sizes[1:], shape[1:], strict=True)
        )
        source = isinstance(shape[0], str) if shape else False
        if not (as_declared and source and sizes[0] is None and shape[1:] == outputs.get(name, shape[1:])):
            raise ValueError(f"its output {name} has not the voters and genres of the model card")


def _shapes(graph: OnnxGraph, size: int) -> dict[str, Shape]:
    """Work out the shape of every value of a graph whose file has ``size`` bytes."""
    shapes: dict[str, Shape] = {name: (name, width or 1) for name, (_, width) in graph.inputs.items()}
    if shapes.keys() & graph.constants.keys():
        raise ValueError("one of its inputs is a constant, too")
    shapes |= {name: constant.shape for name, constant in graph.constants.items()}
    held, work = sum(width or 0 for _, width in graph.inputs.values()), 0
    for node in graph.nodes:
        if unknown := [name for name in node.inputs if name not in shapes]:
            raise ValueError(f"it uses the value {unknown[0]!r} before that exists")
        step = _Step(node, [shapes[n] for n in node.inputs], [graph.constants.get(n) for n in node.inputs])
        results, effort = _results(step)
        if len(results) != len(node.outputs) or shapes.keys() & set(node.outputs):
            raise ValueError(f"the operator {node.operator} has other outputs than in a model of SpotiTags")
        shapes.update(zip(node.outputs, results, strict=True))
        work += effort + sum(map(_count, [*step.shapes, *results]))
        held += sum(_count(result) for result in results if result and isinstance(result[0], str))
        if held > size / 8 + ROW_SLACK or work > 8 * size + WORK_SLACK:
            raise ValueError("a vote would take far more memory or time than a file of its size explains")
    return shapes


def _count(shape: Shape) -> int:
    """Number of values of one row."""
    return prod(size for size in shape if isinstance(size, int))


def _results(step: _Step) -> tuple[list[Shape], int]:
    """Shapes of a node's outputs, and how many values it reads beside its inputs."""
    operator = step.node.operator
    if operator not in _OPERATORS:
        raise ValueError(f"it uses the operator {operator!r}, which no model of SpotiTags has")
    known = _OPERATORS[operator]
    if not step.node.attributes.keys() <= known.attributes or not (
        known.inputs is None or len(step.shapes) == known.inputs
    ):
        raise ValueError(f"the operator {operator} has inputs or attributes as in no model of SpotiTags")
    try:
        return known.infer(step)
    except ValueError as error:
        raise ValueError(f"the operator {operator}: {error}") from error


def _same(step: _Step) -> tuple[list[Shape], int]:
    return [step.shapes[0]], 0


def _cast(step: _Step) -> tuple[list[Shape], int]:
    step.require(step.attribute("to", 0) in {FLOAT, DOUBLE})
    return [step.shapes[0]], 0


def _softmax(step: _Step) -> tuple[list[Shape], int]:
    (shape,) = step.shapes
    step.require(len(shape) > 1 and step.attribute("axis", -1) in {-1, len(shape) - 1})
    return [shape], 0


def _clip(step: _Step) -> tuple[list[Shape], int]:
    step.require(step.shapes[1:] == [(), ()])
    return [step.shapes[0]], 0


def _broadcast(step: _Step) -> tuple[list[Shape], int]:
    """Shapes are aligned at their last axis, and a size of 1 fits any; the rows stay the first axis."""
    rank = max(map(len, step.shapes), default=0)
    aligned: list[Shape] = [(*[1] * (rank - len(shape)), *shape) for shape in step.shapes]
    columns = zip(*aligned, strict=True)
    joined: list[Size] = []
    for column in columns:
        sizes = {size for size in column if size != 1}
        step.require(len(sizes) <= 1 and not (joined and any(isinstance(size, str) for size in sizes)))
        joined.append(sizes.pop() if sizes else 1)
    return [tuple(joined)], 0


def _matmul(step: _Step) -> tuple[list[Shape], int]:
    left, right = step.shapes
    step.require(len(left) == len(right) == 2 and left[1] == right[0])  # noqa: PLR2004
    step.require(isinstance(left[0], str) and isinstance(right[1], int))
    return [(left[0], right[1])], 0


def _reduce(step: _Step) -> tuple[list[Shape], int]:
    shape = step.shapes[0]
    step.require(len(shape) > 1 and step.ints(1) == [1])
    kept: Shape = (1,) if step.attribute("keepdims", 1) else ()
    return [shape[:1] + kept + shape[2:]], 0


def _reshape(step: _Step) -> tuple[list[Shape], int]:
    (shape, _) = step.shapes
    step.require(len(shape) == 1 and step.ints(1) == [-1, 1])
    return [(*shape, 1)], 0


def _unsqueeze(step: _Step) -> tuple[list[Shape], int]:
    shape = step.shapes[0]
    step.require(1 <= len(shape) <= 2 and step.ints(1) == [1])  # noqa: PLR2004
    return [(shape[0], 1, *shape[1:])], 0


def _concat(step: _Step) -> tuple[list[Shape], int]:
    first = step.shapes[0] if step.shapes else ()
    step.require(step.attribute("axis", 0) == 1 and len(first) > 1)
    step.require(len({(len(shape), shape[:1], shape[2:]) for shape in step.shapes}) == 1)
    return [(first[0], sum(_count(shape[1:2]) for shape in step.shapes), *first[2:])], 0


def _gather(step: _Step) -> tuple[list[Shape], int]:
    source, places = step.shapes
    if step.attribute("axis", 0) == 0:  # rows of a constant; onnxruntime checks their numbers
        step.require(step.constants[0] is not None and len(source) == len(places) == 2)  # noqa: PLR2004
        step.require(isinstance(places[0], str))
        return [(*places, source[1])], 0
    step.require(step.attribute("axis", 0) == 1 and len(source) == 2 and len(places) == 1)  # noqa: PLR2004
    width = _count(source[1:])
    step.require(all(0 <= place < width for place in step.ints(1)))
    return [(source[0], places[0])], 0


def _top_k(step: _Step) -> tuple[list[Shape], int]:
    shape = step.shapes[0]
    step.require(len(shape) == 2 and len(step.ints(1)) == 1)  # noqa: PLR2004
    (count,) = step.ints(1)
    step.require(1 <= count <= _count(shape[1:]))
    return [(shape[0], count), (shape[0], count)], 0


def _trees(step: _Step) -> tuple[list[Shape], int]:
    (shape,) = step.shapes
    step.require(len(shape) == 2)  # noqa: PLR2004
    genres, nodes = check_trees(step.node.attributes, _count(shape[1:]))
    return [(shape[0], genres)], nodes


class _Operator(NamedTuple):
    """An operator: its number of inputs, None for any, the attributes that it may have, and its shapes."""

    inputs: int | None
    infer: Callable[[_Step], tuple[list[Shape], int]]
    attributes: frozenset[str] = frozenset()


_OPERATORS: Final = {
    **dict.fromkeys(("Abs", "Exp", "Relu", "Round", "Sigmoid", "Sqrt"), _Operator(1, _same)),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), _Operator(2, _broadcast)),
    **dict.fromkeys(("ReduceSum", "ReduceLogSumExp"), _Operator(2, _reduce, frozenset({"keepdims"}))),
    "Sum": _Operator(None, _broadcast),
    "Cast": _Operator(1, _cast, frozenset({"to"})),
    "Softmax": _Operator(1, _softmax, frozenset({"axis"})),
    "Clip": _Operator(3, _clip),
    "MatMul": _Operator(2, _matmul),
    "Reshape": _Operator(2, _reshape),
    "Unsqueeze": _Operator(2, _unsqueeze),
    "Concat": _Operator(None, _concat, frozenset({"axis"})),
    "Gather": _Operator(2, _gather, frozenset({"axis"})),
    "TopK": _Operator(2, _top_k),
    "ai.onnx.ml.TreeEnsembleRegressor": _Operator(1, _trees, ATTRIBUTES),
}
