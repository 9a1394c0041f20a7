"""MTCNN's three networks as ONNX graphs, built without TensorFlow from the weights that its package carries.

Zhang et al. 2016, "Joint face detection and alignment using multitask cascaded convolutional networks". The
weights are the authors' own as the package ``mtcnn`` (MIT) repacks them; the package is never imported.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spotitags.errors import WeightsError
from spotitags.taggers._onnx_graph import Graph, check_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto

PACKAGE = "mtcnn"
GRAPH_VERSION = 1
"""Raise it with every change below: it stands in the exported files' names and in the tagger's version."""

_DENSE = 2
_DENSE_SIDE = 3  # what is left of a window when the first dense layer looks, in both networks that have any


class Net(NamedTuple):
    """One network of the cascade.

    Attributes:
        name: Its file's name in the package, without ``.lz4``.
        sha256: Of that file.
        side: Of its input in pixels; None where it slides over an image of any size.
        pools: Kernel and padding of the pooling after each convolution that has one.
        landmarks: Whether a third head stands between the two that are used here.
    """

    name: str
    sha256: str
    side: int | None
    pools: tuple[tuple[int, str], ...]
    landmarks: bool = False


PROPOSE = Net(
    "pnet", "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5", None, ((2, "SAME_UPPER"),)
)
REFINE = Net(
    "rnet",
    "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    24,
    ((3, "SAME_UPPER"), (3, "VALID")),
)
DECIDE = Net(
    "onet",
    "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
    48,
    ((3, "SAME_UPPER"), (3, "VALID"), (2, "SAME_UPPER")),
    landmarks=True,
)


def build_net(net: Net) -> ModelProto:
    """Build one network.

    Input ``pixels`` is (n, height, width, 3) RGB uint8. Outputs: ``scores`` (n, 2, rows, columns), the
    probabilities of no face and of a face, and ``offsets`` (n, 4, rows, columns), by how much of its side to
    move a window's left, top, right and bottom. One row and column but for `PROPOSE`, which has one for every
    second pixel.

    Raises:
        WeightsError: The package is missing or carries other weights.
    """
    return _Graph(_read(net)).model(net)


def _read(net: Net) -> list[NDArray[np.float32]]:
    """Weights layer by layer, as Keras lists them."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError("lite's face detector is missing: pip install mtcnn==1.0.0")
    path = Path(spec.submodule_search_locations[0]) / "assets" / "weights" / f"{net.name}.lz4"
    check_weights(path, net.sha256, "mtcnn==1.0.0")
    import joblib  # type: ignore[import-untyped]

    arrays: list[NDArray[np.float32]] = joblib.load(path)  # a pickle, but the very one that is known
    return arrays


class _Graph(Graph):
    """One network, its arrays taken one by one."""

    def __init__(self, arrays: list[NDArray[np.float32]]) -> None:
        super().__init__()
        self.arrays = arrays

    def model(self, net: Net) -> ModelProto:
        from onnx import TensorProto, helper

        value = self.start()
        heads = 3 if net.landmarks else 2
        pools = iter(net.pools)
        while len(self.arrays) > 2 * heads:
            value = self.layer(value)
            if pool := next(pools, None):
                value = self.pool(value, *pool)
        self.convolution(value, out="offsets")
        if net.landmarks:
            del self.arrays[:2]
        self.node("Softmax", self.convolution(value), out="scores", axis=1)
        shape = ["n", net.side or "height", net.side or "width", 3]
        return self.finished(
            net.name,
            [helper.make_tensor_value_info("pixels", TensorProto.UINT8, shape)],
            [
                helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 2, "rows", "columns"]),
                helper.make_tensor_value_info("offsets", TensorProto.FLOAT, ["n", 4, "rows", "columns"]),
            ],
        )

    def start(self) -> str:
        """Pixels to numbers in [-1, 1], channels first."""
        from onnx import TensorProto

        value = self.node("Cast", "pixels", to=TensorProto.FLOAT)
        value = self.node("Sub", value, self.constant(np.float32(127.5)))
        value = self.node("Mul", value, self.constant(np.float32(1 / 128)))
        return self.node("Transpose", value, perm=[0, 3, 1, 2])

    def layer(self, value: str) -> str:
        """A convolution and its PReLU, whose slope is one number a channel."""
        value = self.convolution(value)
        return self.node("PRelu", value, self.constant(self.arrays.pop(0).reshape(-1, 1, 1)))

    def convolution(self, value: str, out: str = "") -> str:
        """The next weights and biases; a dense layer is a convolution over all places that there are."""
        weight, bias = self.arrays.pop(0), self.arrays.pop(0)
        if weight.ndim == _DENSE:
            side = _DENSE_SIDE if weight.shape[0] % _DENSE_SIDE**2 == 0 else 1
            columns_first = weight.reshape(side, side, -1, weight.shape[1])  # as the authors' MATLAB flattens
            weight = columns_first.swapaxes(0, 1)
        kernel = self.constant(np.ascontiguousarray(weight.transpose(3, 2, 0, 1)))
        return self.node(
            "Conv", value, kernel, self.constant(bias), out=out, kernel_shape=list(weight.shape[:2])
        )

    def pool(self, value: str, kernel: int, padding: str) -> str:
        return self.node("MaxPool", value, kernel_shape=[kernel, kernel], strides=[2, 2], auto_pad=padding)
