"""Features of lite's network as sums over places on the cover."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from classifiers.onnx_session import open_session
from spotitags.taggers.lite import efficientnet
from spotitags.taggers.lite.efficientnet import EARLIER, FEATURES, SPREAD, WINDOWS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import ModelProto
    from onnxruntime import InferenceSession

    Floats = NDArray[np.float64]


GRID: Final = 9
"""Places along a side of the cover; the network's last stages have as many."""
_WINDOW: Final = 5  # places along the side of a window of the stage with spread
_WINDOWS_A_SIDE: Final = 3


class PlaceFeatures(NamedTuple):
    """Features of one cover, split by places.

    Attributes:
        features: (`FEATURES`,) of the network.
        places: (`GRID` * `GRID`, `FEATURES`), row by row; their sum is ``features`` up to rounding.
    """

    features: Floats
    places: Floats


class PlaceNetwork:
    """The network of `lite` with the outputs of its last stages at every place.

    All of its features are sums over places: means, means of windows, and standard deviations
    (``sum((a - mean)**2) / (n * deviation)``). A stage with another grid is resampled to `GRID` by area.

    Args:
        cache_dir: Folder with the graph that the tagger exported; None builds the graph anew.
    """

    def __init__(self, cache_dir: Path | None = None) -> None:
        self.cache_dir = cache_dir

    @cached_property
    def _session(self) -> InferenceSession:
        model = _load_model(self.cache_dir)
        self._outputs = efficientnet.pooled_values(model)
        from onnx import TensorProto, helper

        model.graph.output.extend(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in self._outputs
        )
        return open_session(model.SerializeToString())

    def split(self, pixels: NDArray[np.uint8]) -> PlaceFeatures:
        """Compute the features of a cover and their parts.

        Args:
            pixels: (260, 260, 3) RGB uint8.

        Raises:
            WeightsError: The network's weights are missing or cannot be read.
        """
        session = self._session
        found = session.run(["features", *self._outputs], {"pixels": pixels[np.newaxis]})
        features, *stages = (each[0].astype(np.float64) for each in found)
        return PlaceFeatures(features, _places(stages))


def _load_model(cache_dir: Path | None) -> ModelProto:
    """Load the graph that the tagger exported to a folder; build it if it is missing or broken."""
    if cache_dir is not None:
        import onnx
        from google.protobuf.message import DecodeError

        with suppress(OSError, DecodeError):
            model = onnx.load(cache_dir / efficientnet.FILE)
            if model.graph.node:
                return model
    return efficientnet.build_model(efficientnet.installed_weights())


def _places(stages: list[Floats]) -> Floats:
    """Return the parts of all features, in their order, from (channels, side, side) of each pooled value.

    The order of the values: the last stages, the squared deviations of the one with spread, the last layer.
    """
    *early, last = stages
    spread = next(i for i, stage in enumerate(early) if len(stage) == SPREAD)
    squares = early.pop(spread + 1)
    deviation = np.sqrt(squares.mean(axis=(1, 2), keepdims=True))
    deviations = np.divide(squares, deviation, out=np.zeros_like(squares), where=deviation > 0)
    parts = [_mean_parts(last), *(EARLIER * _mean_parts(stage) for stage in early)]
    parts += [EARLIER * _mean_parts(deviations), *(EARLIER * part for part in _window_parts(early[spread]))]
    places: Floats = np.concatenate(parts, axis=1)
    assert places.shape == (GRID * GRID, FEATURES)  # noqa: S101
    return places


def _mean_parts(stage: Floats) -> Floats:
    """Return (GRID * GRID, channels) parts of the mean over the places of (channels, side, side)."""
    if stage.shape[1] == GRID:
        return stage.transpose(1, 2, 0).reshape(GRID * GRID, -1) / GRID**2
    rows = _resampling(stage.shape[1])
    sums = np.einsum("gs,cst,ht->ghc", rows, stage, rows, optimize=True)
    parts: Floats = sums.reshape(GRID * GRID, -1) / stage[0].size
    return parts


def _window_parts(stage: Floats) -> list[Floats]:
    """Return the parts of the means of windows, each (GRID * GRID, channels)."""
    parts = []
    for number in WINDOWS:
        row, column = (2 * position for position in divmod(number, _WINDOWS_A_SIDE))
        inside = np.zeros((GRID, GRID, 1))
        inside[row : row + _WINDOW, column : column + _WINDOW] = 1 / _WINDOW**2
        parts.append((stage.transpose(1, 2, 0) * inside).reshape(GRID * GRID, -1))
    return parts


def _resampling(side: int) -> Floats:
    """Return (GRID, side) shares of each place along a side in each of `GRID` equal cells."""
    edges = np.linspace(0, side, GRID + 1)
    left, right = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    starts = np.arange(side)
    overlap: Floats = np.clip(np.minimum(right, starts + 1) - np.maximum(left, starts), 0, 1)
    return overlap
