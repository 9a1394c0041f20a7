"""Export of all voters' classifiers to one ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.ensemble.onnx_voters import output_name
from classifiers.onnx_nodes import OnnxExportable, OnnxNodes, constant, node
from classifiers.softmax_svm import SoftmaxLinearSVC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import GraphProto, NodeProto, TensorProto
    from sklearn.base import ClassifierMixin

    from classifiers.text import Classifier


_OPSET = {"": 18, "ai.onnx.ml": 3}
_ROWS, _PROBABILITIES = "rows", "probabilities"


class ExportedVoter(NamedTuple):
    """A fitted classifier, the name of its input, and the number of that input's columns."""

    source: str
    width: int
    model: Classifier


def export(voters: Sequence[ExportedVoter]) -> bytes:
    """Build one ONNX model of all voters.

    Inputs are (n, width) float64, one for each ``source``, each with its own n. Each has an output
    (`classifiers.ensemble.onnx_voters.output_name`) of (n, n_voters_of_source, n_genres) float64
    probabilities in the order of ``voters``. Equal voters give equal bytes. Precision is double, since
    calibration magnifies rounding errors of naive Bayes' nearly flat scores beyond 1e-5.
    """
    from onnx import TensorProto, checker, helper

    nodes: list[NodeProto] = []
    constants = [constant("one", [1])]
    votes: dict[str, list[str]] = {}
    for number, voter in enumerate(voters):
        prefix = f"voter{number}/"
        vote = _append_voter(voter, prefix, nodes, constants)
        nodes.append(node("Unsqueeze", [vote, "one"], f"{prefix}row"))
        votes.setdefault(voter.source, []).append(f"{prefix}row")
    nodes += [node("Concat", rows, output_name(source), axis=1) for source, rows in votes.items()]
    graph = helper.make_graph(
        nodes,
        "voters",
        [
            helper.make_tensor_value_info(source, TensorProto.DOUBLE, [None, width])
            for source, width in {voter.source: voter.width for voter in voters}.items()
        ],
        [
            helper.make_tensor_value_info(output_name(source), TensorProto.DOUBLE, [None, len(rows), None])
            for source, rows in votes.items()
        ],
        constants,
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSET.items()]
    model = helper.make_model(graph, producer_name="spotitags", opset_imports=opsets, ir_version=8)
    checker.check_model(model)
    graph_bytes: bytes = model.SerializeToString(deterministic=True)
    return graph_bytes


def _append_voter(
    voter: ExportedVoter, prefix: str, nodes: list[NodeProto], constants: list[TensorProto]
) -> str:
    """Append one voter's nodes and constants; returns the name of its (n, n_genres) probabilities."""
    from sklearn.calibration import CalibratedClassifierCV

    model = voter.model
    if isinstance(model, OnnxExportable):
        graph = OnnxNodes(prefix)
        vote = model.to_onnx(voter.source, graph)
        nodes += graph.nodes
        constants += graph.constants
        return vote
    if isinstance(model, SoftmaxLinearSVC):
        margins = _append_scores(model.svm, voter, prefix, nodes, constants)
        if len(model.svm.classes_) == 2:  # noqa: PLR2004 - one margin, above 0 for the second genre
            constants.append(constant(f"{prefix}sides", np.array([-1.0, 1.0])))
            nodes.append(node("Mul", [margins, f"{prefix}sides"], f"{prefix}both"))
            margins = f"{prefix}both"
        return _append_chain([("Softmax", [margins], f"{prefix}vote")], nodes)
    if not (isinstance(model, CalibratedClassifierCV) and model.method == "sigmoid" and not model.ensemble):
        return _append(_converted(model, voter.width), prefix, voter.source, nodes, constants)
    calibrated = model.calibrated_classifiers_[0]
    scores = _append_scores(calibrated.estimator, voter, prefix, nodes, constants)
    slopes = np.array([-sigmoid.a_ for sigmoid in calibrated.calibrators])
    shifts = np.array([-sigmoid.b_ for sigmoid in calibrated.calibrators])
    if slopes.size == 1:  # two genres: one score, for the second
        slopes, shifts = np.append(-slopes, slopes), np.append(-shifts, shifts)
    constants += [constant(f"{prefix}slopes", slopes), constant(f"{prefix}shifts", shifts)]
    # Five nodes; skl2onnx writes fifty. A vote's time is mostly the session's start, which grows with nodes.
    return _append_chain(
        [
            ("Mul", [scores, f"{prefix}slopes"], f"{prefix}sloped"),
            ("Add", [f"{prefix}sloped", f"{prefix}shifts"], f"{prefix}shifted"),
            ("Sigmoid", [f"{prefix}shifted"], f"{prefix}sigmoids"),
            ("ReduceSum", [f"{prefix}sigmoids", "one"], f"{prefix}sum"),
            ("Div", [f"{prefix}sigmoids", f"{prefix}sum"], f"{prefix}vote"),
        ],
        nodes,
    )


def _append_scores(
    estimator: ClassifierMixin,
    voter: ExportedVoter,
    prefix: str,
    nodes: list[NodeProto],
    constants: list[TensorProto],
) -> str:
    """Append the scores before calibration: (n, n_genres), or (n, 1) for the second of two genres."""
    from sklearn.svm import LinearSVC

    if not isinstance(estimator, LinearSVC):
        scores = _append(_converted(estimator, voter.width), prefix, voter.source, nodes, constants)
        if len(estimator.classes_) > 2:  # noqa: PLR2004
            return scores
        nodes.append(node("Gather", [scores, "one"], f"{prefix}second", axis=1))
        return f"{prefix}second"
    # skl2onnx cannot write it in double precision, since it has no probabilities.
    constants += [
        constant(f"{prefix}coefficients", estimator.coef_.T),
        constant(f"{prefix}intercepts", estimator.intercept_),
    ]
    return _append_chain(
        [
            ("MatMul", [voter.source, f"{prefix}coefficients"], f"{prefix}product"),
            ("Add", [f"{prefix}product", f"{prefix}intercepts"], f"{prefix}scores"),
        ],
        nodes,
    )


def _append_chain(chain: Sequence[tuple[str, list[str], str]], nodes: list[NodeProto]) -> str:
    """Append nodes given as (operator, inputs, output); returns the last output."""
    nodes.extend(node(*link) for link in chain)
    return chain[-1][2]


def _converted(model: object, width: int) -> GraphProto:
    """Convert one classifier with skl2onnx, without the nodes that its probabilities do not need."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType

    graph: GraphProto = convert_sklearn(
        model,
        initial_types=[(_ROWS, DoubleTensorType([None, width]))],
        options={id(model): {"zipmap": False}},
        target_opset=_OPSET,
    ).graph
    needed, nodes = {_PROBABILITIES}, []
    for each in reversed(graph.node):
        if needed.intersection(each.output):
            needed.update(each.input)
            nodes.append(each)
    used = [each for each in graph.initializer if each.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(nodes))
    graph.initializer.extend(used)
    return graph


def _append(
    graph: GraphProto, prefix: str, source: str, nodes: list[NodeProto], constants: list[TensorProto]
) -> str:
    """Append a graph's nodes and constants, renamed, with input ``source``; returns its output's name."""

    def renamed(names: Sequence[str]) -> list[str]:
        return [source if name == _ROWS else name and prefix + name for name in names]

    for each in graph.node:
        each.name = prefix + each.name
        each.input[:] = renamed(each.input)
        each.output[:] = renamed(each.output)
        nodes.append(each)
    for values in graph.initializer:
        values.name = prefix + values.name
        constants.append(values)
    return prefix + _PROBABILITIES
