"""Models that somebody made to harm: each is a change of a good model, with digests that fit."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from helpers.model_files import edit_card, edit_graph, replace_graph

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[Path], object]

ALL, COVERS, EMBEDDED = "lite/all", "lite/covers", "lite/embedding"
TREES = "TreeEnsembleRegressor"


def _card(**values: Any) -> Change:
    """Set entries of the card."""
    return partial(edit_card, change=lambda card: card.update(values))


def _in_card(*path: str | int, value: Any = None, remove: bool = False) -> Change:
    """Set or remove one value deep in the card."""

    def change(card: Any) -> None:
        *parents, last = path
        for parent in parents:
            card = card[parent]
        if remove:
            del card[last]
        else:
            card[last] = value

    return partial(edit_card, change=change)


def _card_text(text: str | bytes) -> Change:
    data = text.encode("utf-8") if isinstance(text, str) else text
    return lambda stem: Path(f"{stem}.json").write_bytes(data)


def _card_replaced(old: str, new: str) -> Change:
    def change(stem: Path) -> None:
        edit_card(stem, lambda card: card.pop("card_sha256", None))
        file = Path(f"{stem}.json")
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _graph(change: Callable[[ModelProto], object]) -> Change:
    return partial(edit_graph, change=change)


def _bytes(change: Callable[[bytes], bytes]) -> Change:
    return lambda stem: replace_graph(stem, change(Path(f"{stem}.onnx").read_bytes()))


def _output(nodes: list[NodeProto], constants: dict[str, Any] | None = None) -> Change:
    """Let other nodes compute the votes on the bag, from the input ``lite/all`` to ``lite/all/votes``."""

    def change(model: ModelProto) -> None:
        graph = model.graph
        kept = [node for node in graph.node if node.output[0] != f"{ALL}/votes"]
        del graph.node[:]
        graph.node.extend([*kept, *nodes])
        for name, values in (constants or {}).items():
            graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))

    return _graph(change)


def _node(model: ModelProto, operator: str) -> NodeProto:
    return next(node for node in model.graph.node if node.op_type == operator)


def _trees(name: str, change: Callable[[AttributeProto], object]) -> Change:
    def of_model(model: ModelProto) -> None:
        change(next(each for each in _node(model, TREES).attribute if each.name == name))

    return partial(edit_graph, change=of_model, optional=True)


def _tensor(name: str, change: Callable[[TensorProto], object]) -> Change:
    """Change the first constant whose name ends in ``name``."""

    def of_model(model: ModelProto) -> None:
        change(next(each for each in model.graph.initializer if each.name.endswith(name)))

    return _graph(of_model)


def _body(name: str) -> Any:
    """A body for Loop: it counts, and never wants to end."""
    kept = helper.make_node("Identity", ["go_on"], ["still"])
    same = helper.make_node("Identity", ["state"], ["after"])
    boolean = TensorProto.BOOL
    return helper.make_graph(
        [kept, same],
        name,
        [
            helper.make_tensor_value_info("count", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", boolean, []),
            helper.make_tensor_value_info("state", TensorProto.DOUBLE, None),
        ],
        [
            helper.make_tensor_value_info("still", boolean, []),
            helper.make_tensor_value_info("after", TensorProto.DOUBLE, None),
        ],
    )


def _votes(*inputs: str) -> list[NodeProto]:
    """Add nodes that end in votes of three genres by one voter."""
    return [
        helper.make_node("MatMul", [*inputs, "to_genres"], ["evil/scores"]),
        helper.make_node("Softmax", ["evil/scores"], ["evil/vote"]),
        helper.make_node("Unsqueeze", ["evil/vote", "one"], [f"{ALL}/votes"]),
    ]


def _loop() -> Change:
    nodes = [
        helper.make_node("Loop", ["many", "yes", ALL], ["evil/rows"], body=_body("endless")),
        *_votes("evil/rows"),
    ]

    def change(stem: Path) -> None:
        width = _width(stem)
        constants = {"many": 2**62, "yes": np.ones((), bool), "to_genres": np.ones((width, 3))}
        _output(nodes, constants)(stem)

    return change


def _if() -> Change:
    branch = helper.make_graph(
        [helper.make_node("Identity", [ALL], ["inner"])],
        "branch",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.DOUBLE, None)],
    )
    nodes = [
        helper.make_node("If", ["yes"], ["evil/rows"], then_branch=branch, else_branch=branch),
        *_votes("evil/rows"),
    ]
    return lambda stem: _output(nodes, {"yes": np.ones((), bool), "to_genres": np.ones((_width(stem), 3))})(
        stem
    )


def _width(stem: Path) -> int:
    card = json.loads(Path(f"{stem}.json").read_text(encoding="utf-8"))
    return int(next(each["width"] for each in card["inputs"] if each["name"] == ALL))


def _expanded(operator: str, sizes: list[int], *, value: bool = False) -> Change:
    """Make a huge value with one operator, and reduce it to a vote again."""

    def change(stem: Path) -> None:
        if value:
            made = helper.make_node(operator, ["sizes"], ["evil/huge"])
        else:
            made = helper.make_node(operator, [ALL, "sizes"], ["evil/huge"])
        nodes = [
            made,
            helper.make_node("ReduceSum", ["evil/huge"], ["evil/total"], keepdims=0),
            helper.make_node("Add", [ALL, "evil/total"], ["evil/rows"]),
            *_votes("evil/rows"),
        ]
        _output(nodes, {"sizes": sizes, "to_genres": np.ones((_width(stem), 3))})(stem)

    return change


def _outer_product(size: int) -> Change:
    """Blow a column and a row of ``size`` up to a table by broadcasting; all operators are allowed ones."""

    def change(stem: Path) -> None:
        nodes = [
            helper.make_node("ReduceSum", [ALL, "one"], ["evil/sum"]),
            helper.make_node("Mul", ["evil/sum", "wide"], ["evil/wide"]),
            helper.make_node("Unsqueeze", ["evil/wide", "one"], ["evil/cube"]),
            helper.make_node("Mul", ["evil/cube", "high"], ["evil/huge"]),
            helper.make_node("ReduceSum", ["evil/huge", "one"], ["evil/less"], keepdims=0),
            helper.make_node("ReduceSum", ["evil/less", "one"], ["evil/total"]),
            helper.make_node("Add", [ALL, "evil/total"], ["evil/rows"]),
            *_votes("evil/rows"),
        ]
        constants = {
            "wide": np.ones((1, size)),
            "high": np.ones((size, 1)),
            "to_genres": np.ones((_width(stem), 3)),
        }
        _output(nodes, constants)(stem)

    return change


def _long_work(times: int) -> Change:
    """Multiply by the same large matrix again and again."""

    def change(stem: Path) -> None:
        width = 1500
        nodes = [helper.make_node("MatMul", [ALL, "widen"], ["evil/0"])]
        nodes += [
            helper.make_node("MatMul", [f"evil/{i}", "square"], [f"evil/{i + 1}"]) for i in range(times)
        ]
        constants = {
            "widen": np.full((_width(stem), width), 1e-3),
            "square": np.full((width, width), 1 / width),
            "to_genres": np.ones((width, 3)),
        }
        _output([*nodes, *_votes(f"evil/{times}")], constants)(stem)

    return change


def _custom_domain(model: ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    _node(model, "Exp").domain = "com.microsoft"


def _function(model: ModelProto) -> None:
    body = [helper.make_node("Identity", ["a"], ["b"])]
    model.functions.append(
        helper.make_function("local", "evil", ["a"], ["b"], body, [helper.make_opsetid("", 18)])
    )


def _external(tensor: TensorProto) -> None:
    tensor.ClearField("raw_data")
    tensor.ClearField("double_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../../../../etc/passwd"), ("offset", "0"), ("length", "8")):
        tensor.external_data.add(key=key, value=value)


def _sparse(model: ModelProto) -> None:
    values = numpy_helper.from_array(np.ones(1), "sparse")
    indices = numpy_helper.from_array(np.array([2**40]), "indices")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [2**41]))


def _huge_dims(tensor: TensorProto) -> None:
    del tensor.dims[:]
    tensor.dims.extend([2**40, 2**20])


def _nan(tensor: TensorProto) -> None:
    values = numpy_helper.to_array(tensor)
    tensor.CopyFrom(numpy_helper.from_array(np.full_like(values, np.nan), tensor.name))


def _other_type(model: ModelProto) -> None:
    for each in (*model.graph.input, *model.graph.output):
        each.type.tensor_type.elem_type = TensorProto.FLOAT


def _renamed_output(model: ModelProto) -> None:
    model.graph.output[0].name = "elsewhere"


def _more_columns(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 2**40


def _cycle(model: ModelProto) -> None:
    node = _node(model, "Exp")
    node.input[0] = node.output[0]


def _twice(model: ModelProto) -> None:
    model.graph.node.append(model.graph.node[0])


def _many_nodes(model: ModelProto) -> None:
    last = ALL
    for i in range(100_000):
        model.graph.node.append(helper.make_node("Abs", [last], [f"n{i}"]))
        last = f"n{i}"


def _with_training(model: ModelProto) -> None:
    model.training_info.add()


def _metadata(model: ModelProto) -> None:
    model.metadata_props.add(key="ort_config", value='{"session_options": {"inter_op_num_threads": 999}}')


def _ort_format(data: bytes) -> bytes:
    """A valid ONNX file that onnxruntime also takes for its own format, by the four bytes ORTM."""
    return b"\x12\x08..ORTM.." + data


def _backwards(attribute: AttributeProto) -> None:
    attribute.ints[0] = 0


def _outside(attribute: AttributeProto) -> None:
    attribute.ints[0] = 2**31 - 1


def _far_column(attribute: AttributeProto) -> None:
    attribute.ints[:] = [2**40] * len(attribute.ints)


def _fifo(stem: Path) -> None:
    Path(f"{stem}.json").unlink()
    os.mkfifo(f"{stem}.json")


def _endless_file(stem: Path) -> None:
    Path(f"{stem}.onnx").unlink()
    Path(f"{stem}.onnx").symlink_to("/dev/zero")


def _folder(stem: Path) -> None:
    Path(f"{stem}.onnx").unlink()
    Path(f"{stem}.onnx").mkdir()


def _sparse_file(stem: Path) -> None:
    with Path(f"{stem}.json").open("r+b") as file:
        file.truncate(2**33)


_MANY = 2_000_000
VOTER, INPUT, STEP = ("voters", 0), ("inputs", 0), ("confidence", "steps", 0)
CARDS: dict[str, Change] = {
    "card is empty": _card_text(""),
    "card is a list": _card_text("[]"),
    "card is no UTF-8": _card_text(b"\xff\xfe\xfd" * 100),
    "card is nested deeply": _card_text("[" * 90_000 + "]" * 90_000),
    "card has millions of objects": _card_text("[" + "{}," * _MANY + "{}]"),
    "card is a number of a million digits": _card_text("1" * 1_000_000),
    "card is 8 GB of zeros": _sparse_file,
    "card is a pipe that nobody writes": _fifo,
    "card says one name twice": _card_replaced('"format": 3', '"format": 3, "genres": ["a", "b", "c"]'),
    "card of another format": _card(format=99),
    "format is a list": _card(format=[2]),
    "digest of the card is another's": lambda stem: Path(f"{stem}.json").write_text(
        json.dumps(json.loads(Path(f"{stem}.json").read_text()) | {"card_sha256": "0" * 64})
    ),
    "digest of the graph is no text": _card(sha256=7),
    "no genres": _in_card("genres", remove=True),
    "genres are a text": _card(genres="jazz"),
    "one genre": _card(genres=["jazz"]),
    "a genre too few": _card(genres=["jazz", "metal"]),
    "a genre too many": _card(genres=["a", "b", "c", "d"]),
    "two genres of one name": _card(genres=["jazz", "metal", "metal"]),
    "genre steers the terminal": _card(genres=["jazz", "metal", "\x1b]0;evil\x07\x1b[31mpop"]),
    "genre is written backwards": _card(genres=["jazz", "metal", "\u202epop"]),
    "genre is half a character": _card(genres=["jazz", "metal", "\ud800"]),
    "genre is no text": _card(genres=["jazz", "metal", None]),
    "genre is empty": _card(genres=["jazz", "metal", ""]),
    "genre has a million characters": _card(genres=["jazz", "metal", "x" * 1_000_000]),
    "a million genres": _card(genres=[f"g{i}" for i in range(1_000_000)]),
    "no taggers": _in_card("taggers", remove=True),
    "tagger without a version": _in_card("taggers", 0, "version", remove=True),
    "tagger is no object": _card(taggers=["lite"]),
    "measures are no list": _card(measures=7),
    "weight is NaN": _in_card(*VOTER, "weight", value=float("nan")),
    "weight is infinite": _in_card(*VOTER, "weight", value=float("inf")),
    "weight is negative": _in_card(*VOTER, "weight", value=-1.0),
    "weight is a text": _in_card(*VOTER, "weight", value="1"),
    "weight is true": _in_card(*VOTER, "weight", value=True),
    "weight is enormous": _in_card(*VOTER, "weight", value=1e308),
    "voter without an input": _in_card(*VOTER, "input", remove=True),
    "voter with an unknown input": _in_card(*VOTER, "input", value="lite/none"),
    "voter with a list as its input": _in_card(*VOTER, "input", value=[]),
    "voter of another view": _in_card(*VOTER, "view", value="covers"),
    "a voter too many": partial(
        edit_card, change=lambda c: c["voters"].append({**c["voters"][0], "classifier": "x"})
    ),
    "a voter twice": partial(edit_card, change=lambda c: c["voters"].append(c["voters"][0])),
    "no voters": _card(voters=[]),
    "voters are an object": _card(voters={"a": 1}),
    "sharpness is missing": _in_card("voters", -1, "sharpness", remove=True),
    "sharpness is enormous": _in_card("voters", -1, "sharpness", value={"scale": 1e300, "growth": 1e300}),
    "sharpness has more": _in_card("voters", -1, "sharpness", "more", value=1),
    "no inputs": _card(inputs=[]),
    "labels too few": _in_card(*INPUT, "labels", value=["a"]),
    "labels are numbers": partial(
        edit_card, change=lambda c: c["inputs"][0].update(labels=list(range(c["inputs"][0]["width"])))
    ),
    "labels are lists": partial(
        edit_card, change=lambda c: c["inputs"][0].update(labels=[[]] * c["inputs"][0]["width"])
    ),
    "all labels are one": partial(
        edit_card, change=lambda c: c["inputs"][0].update(labels=["a"] * c["inputs"][0]["width"])
    ),
    "width is negative": _in_card(*INPUT, "width", value=-1),
    "width is enormous": _in_card("inputs", -1, "width", value=10**12),
    "width is a text": _in_card(*INPUT, "width", value="7"),
    "top is negative": _in_card(*INPUT, "top", value=-5),
    "view is unknown": _in_card(*INPUT, "view", value="none"),
    "calibration without steps": _in_card("confidence", "steps", value=[]),
    "calibration starts late": _in_card(*STEP, "share", value=0.9),
    "calibration is NaN": _in_card(*STEP, "right", value=float("nan")),
    "calibration is above 1": _in_card(*STEP, "right", value=7),
    "calibration counts infinitely many": _in_card(*STEP, "artists", value=float("inf")),
    "sure from a text": _in_card("confidence", "sure_from", value="0"),
    "no blends": _in_card("blends", remove=True),
    "blends are an object": _card(blends={"a": 1}),
    "a blend too few": partial(edit_card, change=lambda c: c["blends"].pop()),
    "a blend twice": partial(edit_card, change=lambda c: c["blends"].__setitem__(0, c["blends"][1])),
    "a blend of no kind": _in_card("blends", 0, "weights", value={}),
    "a blend of an unknown kind": _in_card("blends", 0, "weights", value={"smells": 1.0}),
    "a blend with a text": _in_card("blends", 0, "weights", value=[1]),
    "weight of a kind is negative": _in_card("blends", 0, "weights", "tags", value=-1.0),
    "weight of a kind is NaN": _in_card("blends", 0, "weights", "tags", value=float("nan")),
    "calibration of a blend is above 1": _in_card("blends", 0, "confidence", "steps", 0, "right", value=7),
    "calibration of a blend is a list": _in_card("blends", 0, "confidence", value=[]),
    "idf of a view without": _in_card(*INPUT, "idf", value=[1.0]),
    "outsiders of an unknown input": _card(
        outsiders={"input": "x", "intercept": 0, "evidence": 0, "covers": 0}
    ),
    "outsiders without their output": _card(
        outsiders={"input": EMBEDDED, "intercept": 0, "evidence": 0, "covers": 0}
    ),
    "optional is no object": _card(optional=[1]),
}
GRAPHS: dict[str, Change] = {
    "graph is empty": _bytes(lambda _: b""),
    "graph is a picture": _bytes(lambda _: b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    "graph is half": _bytes(lambda data: data[: len(data) // 2]),
    "graph twice in one file": _bytes(lambda data: data * 2),
    "graph in onnxruntime's own format": _bytes(lambda _: b"\x18\0\0\0ORTM" + bytes(range(256)) * 20),
    "graph in two formats": _bytes(_ort_format),
    "graph is a device without end": _endless_file,
    "graph is a folder": _folder,
    "fields without end": _bytes(lambda _: b"\x08\x08" + b"\x42\x00" * 5_000_000),
    "length of 2**63": _bytes(lambda _: b"\x08\x08\x3a" + b"\xff" * 9 + b"\x01"),
    "endless loop": _loop(),
    "branches": _if(),
    "huge by Expand": _expanded("Expand", [2**31, 1]),
    "huge by Tile": _expanded("Tile", [2**20, 2**12]),
    "huge by ConstantOfShape": _expanded("ConstantOfShape", [2**32], value=True),
    "huge by Range": _output(
        [
            helper.make_node("Range", ["a", "b", "c"], ["evil/r"]),
            helper.make_node("ReduceSum", ["evil/r"], ["evil/t"], keepdims=0),
            helper.make_node("Add", [ALL, "evil/t"], [f"{ALL}/votes"]),
        ],
        {"a": 0.0, "b": 1e10, "c": 1.0},
    ),
    "huge by broadcasting": _outer_product(50_000),
    "large by broadcasting": _outer_product(6000),
    "work without end": _long_work(20_000),
    "much work": _long_work(3000),
    "a hundred thousand nodes": _graph(_many_nodes),
    "operator of Microsoft": _graph(_custom_domain),
    "unknown operator": _graph(lambda m: setattr(_node(m, "Exp"), "op_type", "Evil")),
    "operator with a text": _graph(
        lambda m: _node(m, "Softmax").attribute.append(helper.make_attribute("x", "y"))
    ),
    "older operators": _graph(lambda m: setattr(m.opset_import[0], "version", 7)),
    "newer file": _graph(lambda m: setattr(m, "ir_version", 99)),
    "function": _graph(_function),
    "training": _graph(_with_training),
    "metadata with settings": _graph(_metadata),
    "sparse constant": _graph(_sparse),
    "constant from another file": _tensor("coefficients", _external),
    "constant of an exabyte": _tensor("coefficients", _huge_dims),
    "constant without values": _tensor("coefficients", lambda t: t.ClearField("raw_data")),
    "constant of texts": _tensor("coefficients", lambda t: setattr(t, "data_type", TensorProto.STRING)),
    "constant of another shape": _tensor("coefficients", lambda t: t.dims.__setitem__(0, 1)),
    "constant is NaN": _tensor("coefficients", _nan),
    "inputs and outputs of floats": _graph(_other_type),
    "output is missing": _graph(lambda m: m.graph.output.pop()),
    "output of another name": _graph(_renamed_output),
    "input of 2**40 columns": _graph(_more_columns),
    "input is missing": _graph(lambda m: m.graph.input.pop()),
    "value from itself": _graph(_cycle),
    "node twice": _graph(_twice),
    "nodes in no order": _graph(lambda m: m.graph.node.reverse()),
    "no nodes": _graph(lambda m: m.graph.ClearField("node")),
    "votes are negative": _output(
        [
            helper.make_node("MatMul", [ALL, "to_genres"], ["evil/s"]),
            helper.make_node("Sub", ["evil/s", "many"], ["evil/t"]),
            helper.make_node("Unsqueeze", ["evil/t", "one"], [f"{ALL}/votes"]),
        ],
        {"to_genres": np.ones((32, 3)), "many": np.full(3, 1e9)},
    ),
}
OPTIONAL_GRAPHS: dict[str, Change] = {
    "tree that leads back": _trees("nodes_truenodeids", _backwards),
    "tree that leads out": _trees("nodes_falsenodeids", _outside),
    "tree of columns that are not there": _trees("nodes_featureids", _far_column),
    "leaf of a genre that is not there": _trees("target_ids", _far_column),
    "leaf of a tree that is not there": _trees("target_treeids", _far_column),
    "trees without values": _trees("nodes_values_as_tensor", lambda a: a.t.ClearField("raw_data")),
    "trees with few features": _trees("nodes_featureids", lambda a: a.ints.pop()),
    "trees with other modes": _trees("nodes_modes", lambda a: a.strings.__setitem__(0, b"BRANCH_MEMBER")),
    "trees of negative numbers": _trees("nodes_treeids", lambda a: a.ints.__setitem__(0, -1)),
    "optional graph is half": lambda stem: replace_graph(
        stem, Path(f"{stem}.optional.onnx").read_bytes()[:5000], optional=True
    ),
}
