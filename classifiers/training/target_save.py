"""Saving of a model of a number: an ONNX graph and the JSON card that describes it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from classifiers.ensemble.model_card import DIGEST, card_digest
from classifiers.ensemble.model_files import model_files
from classifiers.ensemble.target_model import FEATURES, FORMAT, VALUE
from classifiers.files import replaced_file
from classifiers.training.onnx_export import OPSET
from classifiers.training.target import LEVEL

if TYPE_CHECKING:
    from pathlib import Path

    from classifiers.training.target import Ridge, TrainedTarget


def save_target(trained: TrainedTarget, stem: Path, *, created: str) -> tuple[Path, ...]:
    """Write ``<stem>.onnx`` and ``<stem>.json``; equal trainings give equal bytes.

    Raises:
        OSError: A file cannot be written.
    """
    model, graph = trained.model, _graph(trained.model)
    means = np.split(model.mean, np.cumsum(model.widths)[:-1])
    inputs = [
        {
            "source": source,
            "view": view.name,
            "labels": list(view.labels),
            "idf": list(view.idf),
            "mean": [float(f"{each:.6g}") for each in mean.tolist()],
        }
        for (source, view), mean in zip(model.views, means, strict=True)
    ]
    card: dict[str, Any] = {
        "format": FORMAT,
        "created": created,
        "target": trained.target,
        "taggers": [{"name": name, "version": version} for name, version in trained.taggers.items()],
        "artists": trained.rows,
        "range": [trained.low, trained.high],
        "half_width": trained.half_width,
        "level": LEVEL,
        "evaluation": {
            "folds": trained.folds,
            "repeats": trained.repeats,
            "r2": trained.r2._asdict(),
            "rank_correlation": trained.rank._asdict(),
            "mean_absolute_error": trained.error[0],
            "baseline_error": trained.error[1],
            "says_nothing": trained.says_nothing,
        },
        "inputs": inputs,
        "sha256": hashlib.sha256(graph).hexdigest(),
    }
    card[DIGEST] = card_digest(card)
    files = model_files(stem)[:2]
    text = json.dumps(card, ensure_ascii=False, indent=1)
    for file, data in zip(files, (graph, text.encode() + b"\n"), strict=True):
        with replaced_file(file, lasting=True) as stream:
            stream.write(data)
    return files


def _graph(model: Ridge) -> bytes:
    """Return the ONNX graph of the features' product with the coefficients."""
    from onnx import TensorProto, checker, helper

    from classifiers.onnx_nodes import constant, node

    slopes = model.scale * model.coefficients
    graph = helper.make_graph(
        [node("MatMul", [FEATURES, "slopes"], "product"), node("Add", ["product", "intercept"], VALUE)],
        "target",
        [helper.make_tensor_value_info(FEATURES, TensorProto.DOUBLE, [None, slopes.size])],
        [helper.make_tensor_value_info(VALUE, TensorProto.DOUBLE, [None, 1])],
        [
            constant("slopes", slopes[:, np.newaxis]),
            constant("intercept", np.array([model.intercept - float(slopes @ model.mean)])),
        ],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSET.items()]
    built = helper.make_model(graph, producer_name="spotitags", opset_imports=opsets, ir_version=8)
    checker.check_model(built)
    data: bytes = built.SerializeToString(deterministic=True)
    return data
