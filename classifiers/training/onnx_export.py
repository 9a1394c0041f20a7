"""Export of all voters' classifiers to one ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.ensemble.confidence import OUTSIDERS
from classifiers.ensemble.graph_inputs import output_name
from classifiers.onnx_nodes import OnnxExportable, OnnxNodes, constant, node
from classifiers.softmax_svm import SoftmaxLinearSVC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import GraphProto, NodeProto
    from sklearn.base import ClassifierMixin

    from classifiers.text import Classifier
    from classifiers.training.detector import Detector


OPSET = {"": 18, "ai.onnx.ml": 3}
_ROWS, _PROBABILITIES = "rows", "probabilities"


class ExportedVoter(NamedTuple):
    """A fitted classifier, the name of its input, and the number of that input's columns."""

    source: str
    width: int
    model: Classifier


class ExportedDetector(NamedTuple):
    """A detector of outsiders and the name of its input, which is that of some voter."""

    source: str
    detector: Detector


def export(voters: Sequence[ExportedVoter], outsiders: ExportedDetector | None = None) -> bytes:
    """Build one ONNX model of all voters, and of the detector of outsiders if there is one.

    Inputs are (n, width) float64, one for each ``source``, each with its own n. Each has an output
    (`classifiers.ensemble.onnx_voters.output_name`) of (n, n_voters_of_source, n_genres) float64
    probabilities in the order of ``voters``; the detector's output is (n, 1 + n_genres). Equal voters give
    equal bytes. Precision is double, since calibration magnifies rounding errors of naive Bayes' nearly flat
    scores beyond 1e-5.
    """
    from onnx import TensorProto, checker, helper

    nodes: list[NodeProto] = []
    constants = [constant("one", [1])]
    votes: dict[str, list[str]] = {}
    for number, voter in enumerate(voters):
        graph_part = OnnxNodes(f"voter{number}/")
        row = graph_part.add("Unsqueeze", _add_voter(graph_part, voter), "one", name="row")
        votes.setdefault(voter.source, []).append(row)
        nodes += graph_part.nodes
        constants += graph_part.constants
    nodes += [node("Concat", rows, output_name(source), axis=1) for source, rows in votes.items()]
    if outsiders:
        layer = OnnxNodes(f"{OUTSIDERS}/")
        _add_detector(layer, outsiders)
        nodes += layer.nodes
        constants += layer.constants
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
        ]
        + [helper.make_tensor_value_info(OUTSIDERS, TensorProto.DOUBLE, [None, None])] * bool(outsiders),
        constants,
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSET.items()]
    model = helper.make_model(graph, producer_name="spotitags", opset_imports=opsets, ir_version=8)
    checker.check_model(model)
    graph_bytes: bytes = model.SerializeToString(deterministic=True)
    return graph_bytes


def _add_detector(graph: OnnxNodes, exported: ExportedDetector) -> None:
    """Add the detector's linear layer and softmax, whose output is `OUTSIDERS`."""
    detector = exported.detector
    product = graph.add("MatMul", exported.source, graph.constant(detector.coefficients, "coefficients"))
    scores = graph.add("Add", product, graph.constant(detector.intercepts, "intercepts"))
    graph.nodes.append(node("Softmax", [scores], OUTSIDERS))


def _add_voter(graph: OnnxNodes, voter: ExportedVoter) -> str:
    """Add one voter; returns the name of its (n, n_genres) probabilities."""
    from sklearn.calibration import CalibratedClassifierCV

    model = voter.model
    if isinstance(model, OnnxExportable):
        return model.to_onnx(voter.source, graph)
    if isinstance(model, SoftmaxLinearSVC):
        margins = _add_scores(graph, model.svm, voter)
        if len(model.svm.classes_) == 2:  # noqa: PLR2004 - one margin, above 0 for the second genre
            margins = graph.add("Mul", margins, graph.constant(np.array([-1.0, 1.0]), "sides"), name="both")
        return graph.add("Softmax", margins, name="vote")
    if not (isinstance(model, CalibratedClassifierCV) and model.method == "sigmoid" and not model.ensemble):
        return _add_converted(graph, model, voter)
    calibrated = model.calibrated_classifiers_[0]
    scores = _add_scores(graph, calibrated.estimator, voter)
    slopes = np.array([-sigmoid.a_ for sigmoid in calibrated.calibrators])
    shifts = np.array([-sigmoid.b_ for sigmoid in calibrated.calibrators])
    if slopes.size == 1:  # two genres: one score, for the second
        slopes, shifts = np.append(-slopes, slopes), np.append(-shifts, shifts)
    # Five nodes; skl2onnx writes fifty. A vote's time is mostly the session's start, which grows with nodes.
    sloped = graph.add("Mul", scores, graph.constant(slopes, "slopes"), name="sloped")
    shifted = graph.add("Add", sloped, graph.constant(shifts, "shifts"), name="shifted")
    sigmoids = graph.add("Sigmoid", shifted, name="sigmoids")
    return graph.add("Div", sigmoids, graph.add("ReduceSum", sigmoids, "one", name="sum"), name="vote")


def _add_scores(graph: OnnxNodes, estimator: ClassifierMixin, voter: ExportedVoter) -> str:
    """Add the scores before calibration: (n, n_genres), or (n, 1) for the second of two genres."""
    from sklearn.svm import LinearSVC

    if not isinstance(estimator, LinearSVC):
        scores = _add_converted(graph, estimator, voter)
        if len(estimator.classes_) > 2:  # noqa: PLR2004
            return scores
        return graph.add("Gather", scores, "one", name="second", axis=1)
    # skl2onnx cannot write it in double precision, since it has no probabilities.
    coefficients = graph.constant(estimator.coef_.T, "coefficients")
    product = graph.add("MatMul", voter.source, coefficients, name="product")
    return graph.add("Add", product, graph.constant(estimator.intercept_, "intercepts"), name="scores")


def _add_converted(graph: OnnxNodes, model: object, voter: ExportedVoter) -> str:
    """Add a classifier's nodes and constants from skl2onnx; returns the name of its probabilities."""

    def renamed(names: Sequence[str]) -> list[str]:
        return [voter.source if name == _ROWS else name and graph.prefix + name for name in names]

    converted = _converted(model, voter.width)
    for each in converted.node:
        each.name = graph.prefix + each.name
        each.input[:] = renamed(each.input)
        each.output[:] = renamed(each.output)
        graph.nodes.append(each)
    for values in converted.initializer:
        values.name = graph.prefix + values.name
        graph.constants.append(values)
    return graph.prefix + _PROBABILITIES


def _converted(model: object, width: int) -> GraphProto:
    """Convert one classifier with skl2onnx, without the nodes that its probabilities do not need."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType

    graph: GraphProto = convert_sklearn(
        model,
        initial_types=[(_ROWS, DoubleTensorType([None, width]))],
        options={id(model): {"zipmap": False}},
        target_opset=OPSET,
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
