"""The outputs of the exported face networks equal those of the authors' layers."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import joblib  # type: ignore[import-untyped]
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from spotitags.taggers.lite.mtcnn import DECIDE, PACKAGE, PROPOSE, REFINE, Net, build_net
from spotitags.taggers.lite.networks import open_network

if TYPE_CHECKING:
    from numpy.typing import NDArray


def layers(net: Net) -> list[NDArray[np.float64]]:
    """The package's arrays, dense layers as convolutions: rows, columns, channels in and out."""
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0], "assets", "weights", f"{net.name}.lz4")
    arrays: list[NDArray[np.float64]] = [array.astype(np.float64) for array in joblib.load(path)]
    for index, array in enumerate(arrays):
        if array.ndim == 2:
            side = 3 if len(array) in {3 * 3 * 64, 3 * 3 * 128} else 1
            arrays[index] = array.reshape(side, side, -1, array.shape[1]).swapaxes(0, 1)
    return arrays


def convolution(
    value: NDArray[np.float64], weight: NDArray[np.float64], bias: NDArray[np.float64]
) -> NDArray[np.float64]:
    windows = sliding_window_view(value, weight.shape[:2], (1, 2))
    summed: NDArray[np.float64] = np.einsum("nyxcij,ijco->nyxo", windows, weight, optimize=True)
    return summed + bias


def pool(value: NDArray[np.float64], kernel: int, padding: str) -> NDArray[np.float64]:
    if padding == "SAME_UPPER":
        side = value.shape[1]
        fill = max((math.ceil(side / 2) - 1) * 2 + kernel - side, 0)
        edges = (fill // 2, fill - fill // 2)
        value = np.pad(value, ((0, 0), edges, edges, (0, 0)), constant_values=-np.inf)
    largest: NDArray[np.float64] = sliding_window_view(value, (kernel, kernel), (1, 2)).max((-1, -2))
    return largest[:, ::2, ::2]


def expected(net: Net, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probabilities of a face (n, rows, columns) and offsets (n, rows, columns, 4)."""
    arrays, pools = layers(net), list(net.pools)
    value = (pixels.astype(np.float64) - 127.5) / 128
    while len(arrays) > (6 if net.landmarks else 4):
        weight, bias, slope = (arrays.pop(0) for _ in range(3))
        value = convolution(value, weight, bias)
        value = np.where(value > 0, value, value * slope)
        if pools:
            value = pool(value, *pools.pop(0))
    odds = np.exp(convolution(value, arrays[-2], arrays[-1]))
    return odds[..., 1] / odds.sum(-1), convolution(value, arrays[0], arrays[1])


@pytest.mark.parametrize(
    ("net", "shape"),
    [(PROPOSE, (1, 12, 12)), (PROPOSE, (1, 31, 40)), (REFINE, (5, 24, 24)), (DECIDE, (3, 48, 48))],
    ids=lambda value: value.name if isinstance(value, Net) else "",
)
def test_windows_are_judged_as_the_authors_layers_judge_them(
    net: Net, shape: tuple[int, int, int], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    soft = rng.integers(0, 256, (shape[0], 6, 6, 3)).repeat(8, axis=1).repeat(8, axis=2)
    noisy = soft[:, : shape[1], : shape[2]] + rng.normal(scale=20, size=(*shape, 3))
    pixels = noisy.clip(0, 255).astype(np.uint8)
    session = open_network(tmp_path / "net.onnx", lambda: build_net(net))
    (windows,) = session.run(["windows"], {"pixels": pixels})
    scores, offsets = expected(net, pixels)
    places = np.moveaxis(windows.reshape(shape[0], 5, *scores.shape[1:]), 1, -1)
    np.testing.assert_allclose(1 / (1 + np.exp(-places[..., 0])), scores, atol=1e-5)
    np.testing.assert_allclose(places[..., 1:], offsets, atol=1e-5)
