"""MTCNN's three networks as ONNX graphs, built without TensorFlow from the weights in its package.

Zhang et al. 2016, "Joint face detection and alignment using multitask cascaded convolutional networks". The
weights are the authors', as the package ``mtcnn`` (MIT) repacks them; the package is never imported.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spotitags.errors import WeightsError, pip_install
from spotitags.taggers.lite.networks import Graph, check_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto


PACKAGE = "mtcnn"
GRAPH_VERSION = 1
"""Version of the networks' results, part of the tagger's version; raise it with every change of results."""
EXPORT_VERSION = 3
"""Version of the exported files, in their names; raise it with every change of the graphs."""

_DENSE = 2  # number of dimensions of a dense layer's weight
_DENSE_SIDE = 3  # side of the first dense layer's input, in both networks that have dense layers
_HEAD = 2  # number of arrays of a head: weight and bias
_BLOCK = 16  # channels per block in onnxruntime's layout for the widest vector instructions


class Net(NamedTuple):
    """One network of the cascade.

    Attributes:
        name: The name of its file in the package, without ``.lz4``.
        sha256: The digest of that file.
        side: The side of its input in pixels; None for an image of any size.
        pools: Kernel and padding of the pooling after each of the first convolutions.
        landmarks: True if the file has a third head, between the two that are used.
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
    """Build one network, optimised for speed: onnxruntime's PReLU would take most of the time.

    Input ``pixels`` is (n, height, width, 3) RGB uint8. Output ``windows`` is (n, 5), for `PROPOSE`
    (n, 5, rows, columns) with one window for every second pixel: the log-odds of a face, then the offsets of
    the window's left, top, right and bottom, as shares of its side.

    Raises:
        WeightsError: The package is missing, or its weights are not the known ones.
    """
    arrays = _read_weights(net)
    heads = 6 if net.landmarks else 4
    return _Graph(_fold_scaling(arrays[:-heads]) + _merge_heads(arrays[-heads:])).model(net)


def _read_weights(net: Net) -> list[NDArray[np.float32]]:
    """Read the weights, layer by layer in the order of Keras."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(f"lite's face detector is missing: {pip_install()} mtcnn==1.0.0")
    path = Path(spec.submodule_search_locations[0]) / "assets" / "weights" / f"{net.name}.lz4"
    check_weights(path, net.sha256, "mtcnn==1.0.0")
    import joblib  # type: ignore[import-untyped]

    arrays: list[NDArray[np.float32]] = joblib.load(path)  # a pickle, but with a known digest
    return arrays


def _fold_scaling(arrays: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Fold the scaling of pixels from [0, 255] to [-1, 1] into the first layer."""
    weight, bias, *rest = arrays
    return [weight / 128, bias - weight.sum((0, 1, 2)) * (127.5 / 128), *rest]


def _merge_heads(arrays: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Merge the heads of offsets, first, and classes, last, into one of log-odds and offsets."""
    return [
        np.concatenate([classes[..., 1:] - classes[..., :1], offsets], axis=-1)
        for offsets, classes in zip(arrays[:_HEAD], arrays[-_HEAD:], strict=True)
    ]


class _Graph(Graph):
    """One network as an ONNX graph.

    Args:
        arrays: Weight, bias and PReLU slopes of each layer; the methods remove them as they build layers.
    """

    def __init__(self, arrays: list[NDArray[np.float32]]) -> None:
        super().__init__()
        self.arrays = arrays

    def model(self, net: Net) -> ModelProto:
        from onnx import TensorProto, helper

        pools = iter(net.pools)
        value = self.node("Transpose", self.node("Cast", "pixels", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
        value = self.first_layer(value, *next(pools))
        while len(self.arrays) > _HEAD:
            value = self.layer(value)
            if pool := next(pools, None):
                value = self.pool(value, *pool)
        weight, bias = self.arrays
        self.product(value, weight, bias, out="windows")
        shape = ["n", net.side or "height", net.side or "width", 3]
        places = [] if net.side else ["rows", "columns"]
        return self.finished(
            net.name,
            [helper.make_tensor_value_info("pixels", TensorProto.UINT8, shape)],
            [helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["n", 5, *places])],
        )

    def first_layer(self, value: str, kernel: int, padding: str) -> str:
        """Append convolution, PReLU and pooling, with pooling before PReLU: a quarter of the work.

        A PReLU with a positive slope preserves order, so pooling can precede it. With a negative slope it is
        the maximum of a value and its multiple; the convolution computes the multiples as further channels.
        """
        weight, bias, slope = self.next_layer()
        falls, channels = slope < 0, np.eye(slope.size, dtype=np.float32)
        parts = [channels[:, ~falls], channels[:, falls], (channels * slope)[:, falls]]
        mixing = _filled(np.hstack(parts))
        value = self.pool(self.product(value, weight @ mixing, bias @ mixing), kernel, padding)
        # As sums of convolutions, which stay in onnxruntime's layout: a falling channel is
        # max(x, y) = y + relu(x - y), a rising one is s x + relu((1 - s) x), negative if s > 1.
        rising, falling, multiples = parts[0], parts[1], np.sign(-parts[2])
        sign = np.where(slope > 1, -1, 1).astype(np.float32)
        straight = np.where(slope > 1, -1, slope)
        linear = np.hstack([rising * straight[:, np.newaxis], 0 * falling, multiples])
        bent = np.hstack([rising * (1 - slope)[:, np.newaxis], falling, -multiples])
        value = self.node("Add", self.mix(value, linear), self.node("Relu", self.mix(value, bent)))
        self.arrays[0] = _filled(self.arrays[0] * sign[:, np.newaxis], axis=2)
        return value

    def mix(self, value: str, matrix: NDArray[np.float32]) -> str:
        """Append a 1 x 1 convolution by (outputs, inputs), both filled up with zeros."""
        filled = _filled(_filled(matrix.T, axis=0))[np.newaxis, np.newaxis]
        return self.product(value, filled, np.zeros(filled.shape[-1], np.float32))

    def layer(self, value: str) -> str:
        """Append a convolution or dense layer and its PReLU."""
        weight, bias, slope = self.next_layer()
        return self.prelu(self.product(value, weight, bias), slope.reshape(-1, *[1] * (weight.ndim - _DENSE)))

    def next_layer(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Remove and return the next layer's arrays.

        Returns:
            The weight, (kernel, kernel, inputs, channels) or dense (inputs, channels); the bias and the PReLU
            slopes, (channels,) each.
        """
        weight, bias, slope = (self.arrays.pop(0) for _ in range(3))
        return weight, bias, slope.ravel()

    def prelu(self, value: str, slope: NDArray[np.float32]) -> str:
        """Append a PReLU without onnxruntime's operator, which branches at each value.

        These operators become convolutions of single channels in onnxruntime's layout.
        """
        positive = self.node("Mul", self.node("Relu", value), self.constant(1 - slope))
        return self.node("Add", self.node("Mul", value, self.constant(slope)), positive)

    def product(
        self, value: str, weight: NDArray[np.float32], bias: NDArray[np.float32], out: str = ""
    ) -> str:
        """Append a convolution, or a dense layer over all positions."""
        offset = self.constant(bias)
        if weight.ndim == _DENSE:
            side = _DENSE_SIDE if weight.shape[0] % _DENSE_SIDE**2 == 0 else 1
            columns_first = weight.reshape(side, side, -1, weight.shape[1])  # as MATLAB flattens
            matrix = columns_first.transpose(2, 1, 0, 3).reshape(weight.shape)
            return self.node("Gemm", self.node("Flatten", value), self.constant(matrix), offset, out=out)
        kernel = self.constant(np.ascontiguousarray(weight.transpose(3, 2, 0, 1)))
        return self.node("Conv", value, kernel, offset, out=out, kernel_shape=list(weight.shape[:2]))

    def pool(self, value: str, kernel: int, padding: str) -> str:
        return self.node("MaxPool", value, kernel_shape=[kernel, kernel], strides=[2, 2], auto_pad=padding)


def _filled(array: NDArray[np.float32], axis: int = -1) -> NDArray[np.float32]:
    """Append zeros up to whole blocks of channels: else onnxruntime would change the layout."""
    fill = [(0, 0)] * array.ndim
    fill[axis] = (0, -array.shape[axis] % _BLOCK)
    return np.pad(array, fill)
