"""Detect faces by MTCNN's cascade: a small network proposes windows, two larger ones filter them."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spotitags.taggers.lite.mtcnn import DECIDE, EXPORT_VERSION, PROPOSE, REFINE, Net, build_net
from spotitags.taggers.lite.networks import open_network

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from PIL.Image import Image


VERSION = 1
"""Version of the detector, part of the tagger's version; raise it with every change of its results."""

_WINDOW, _STRIDE = 12, 2  # of the proposing network, in pixels of its input
_CORNERS = np.array([[0], [0], [_WINDOW], [_WINDOW]])
_MIN_FACE = 36  # minimum side of a face, in pixels of an image with a side of 260
_SHRINK = 0.709  # factor from one level of the pyramid to the next: half the area
_SCORES = {PROPOSE: 0.7, REFINE: 0.8, DECIDE: 0.9}
_LOG_ODDS = {net: math.log(score / (1 - score)) for net, score in _SCORES.items()}
_OVERLAP = 0.5
_BLOCK = 64  # boxes that are compared with all others at once; limits the memory
_MAX_WINDOWS = 64  # for the larger networks; limits the time per cover


class Face(NamedTuple):
    """A face: its box in pixels, which may extend beyond the image, and its score in (0.9, 1]."""

    left: float
    top: float
    right: float
    bottom: float
    score: float

    @property
    def side(self) -> float:
        """Mean of width and height, in pixels."""
        return (self.right - self.left + self.bottom - self.top) / 2


class FaceFinder:
    """Detects faces. Networks load at the first use; threads may share an instance.

    Args:
        cache_dir: Folder for the networks exported at the first use (2 MB); created if necessary.
    """

    def __init__(self, cache_dir: Path) -> None:
        self.cache_dir = cache_dir
        self._lock = threading.Lock()
        self._loaded: dict[Net, InferenceSession] = {}

    def find(self, pixels: NDArray[np.uint8] | Image) -> list[Face]:
        """Return the faces in an image, highest score first.

        Args:
            pixels: (height, width, 3) RGB uint8, or the same as an image.

        Raises:
            WeightsError: The networks' weights cannot be read.
        """
        from PIL import Image as Pillow

        image = Pillow.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
        boxes = self._propose(image)
        for net in (REFINE, DECIDE):
            boxes = self._filter(net, image, boxes)
        return [Face(*box) for box in boxes.tolist()]

    def _propose(self, image: Image) -> NDArray[np.float64]:
        """Return windows that may contain a face: (n, 5), box and score."""
        from PIL import Image as Pillow

        found = [np.empty((8, 0))]
        width, height = image.size
        scale = _WINDOW / _MIN_FACE
        while min(width, height) * scale >= _WINDOW:
            size = (round(width * scale), round(height * scale))
            image = image.resize(size, Pillow.Resampling.BILINEAR)  # from the previous level: fewer pixels
            windows = self._run(PROPOSE, np.asarray(image)[np.newaxis])[0]
            rows, columns = np.nonzero(windows[0] > _LOG_ODDS[PROPOSE])
            if len(rows):
                scales = np.full(len(rows), scale)
                found.append(np.vstack([columns, rows, scales, windows[:, rows, columns]]))
            scale *= _SHRINK
        columns, rows, scales, log_odds, *offsets = np.hstack(found)
        starts = np.stack([columns, rows, columns, rows]) * _STRIDE
        boxes = (starts + _CORNERS + np.multiply(offsets, _WINDOW)) / scales
        windows = np.vstack([boxes, _probability(log_odds), scales]).T
        return _suppress(_suppress(windows, group=5))[:_MAX_WINDOWS, :5]

    def _filter(self, net: Net, image: Image, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Run a larger network on (n, 5) windows, made square; return faces with refined boxes, (m, 5)."""
        if not len(boxes):
            return boxes
        squares = _squares(boxes)
        windows = self._run(net, _crops(image, squares, net.side or 0))
        accepted = windows[:, 0] > _LOG_ODDS[net]
        squares, windows = squares[accepted], windows[accepted]
        moved = squares + windows[:, 1:] * (squares[:, 2:3] - squares[:, :1])
        return _suppress(np.column_stack([moved, _probability(windows[:, 0])]), nested=net is DECIDE)

    def _run(self, net: Net, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        windows: NDArray[np.float32] = self._session(net).run(["windows"], {"pixels": pixels})[0]
        return windows

    def _session(self, net: Net) -> InferenceSession:
        with self._lock:
            if net not in self._loaded:
                path = self.cache_dir / f"mtcnn-{net.name}-{net.sha256[:8]}-{EXPORT_VERSION}.onnx"
                self._loaded[net] = open_network(path, lambda: build_net(net))
            return self._loaded[net]


def _crops(image: Image, squares: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    """Crop and resize windows, (n, 4), black beyond the image's edges: (n, side, side, 3)."""
    from PIL import Image as Pillow

    strip = Pillow.new("RGB", (side, side * len(squares)))  # one array is faster than one per window
    for index, (left, top, right, bottom) in enumerate(np.rint(squares).astype(int).tolist()):
        crop = image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
        strip.paste(
            crop.resize((side, side), Pillow.Resampling.BILINEAR, reducing_gap=1.5), (0, index * side)
        )
    return np.asarray(strip).reshape(-1, side, side, 3)


def _probability(log_odds: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return scores (n,) in [0, 1] in float32: those that round to 1 are equal, so the first is preferred."""
    return (1 / (1 + np.exp(-log_odds.astype(np.float32)))).astype(np.float32)


def _squares(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Extend (n, 4 or more) boxes to squares with the same centre and the longer side: (n, 4)."""
    centres = (boxes[:, :2] + boxes[:, 2:4]) / 2
    halves = (boxes[:, 2:4] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([centres - halves, centres + halves], axis=1)


def _suppress(
    boxes: NDArray[np.float64], *, nested: bool = False, group: int | None = None
) -> NDArray[np.float64]:
    """Apply non-maximum suppression: of boxes that overlap by more than half, keep the highest score.

    Args:
        boxes: (n, 5 or more), box and score.
        nested: True compares the overlap with the smaller box, False with the union.
        group: A column; only boxes with equal values in it suppress each other.

    Returns:
        (m, 5 or more), highest score first.
    """
    if len(boxes) <= 1:
        return boxes
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    remaining = np.ones(len(boxes), bool)
    kept: list[int] = []
    for start in range(0, len(boxes), _BLOCK):
        separate = _are_separate(boxes[start : start + _BLOCK], boxes, nested=nested)
        if group is not None:
            separate |= boxes[start : start + _BLOCK, group, np.newaxis] != boxes[:, group]
        for index, others in enumerate(separate, start):
            if remaining[index]:
                kept.append(index)
                remaining &= others
    return boxes[kept]


def _are_separate(
    some: NDArray[np.float64], boxes: NDArray[np.float64], *, nested: bool
) -> NDArray[np.bool_]:
    """Return whether pairs of (m, 5) and (n, 5) boxes overlap by at most half: (m, n)."""
    ours = np.ascontiguousarray(some.T)[:, :, np.newaxis]  # three times as fast as strided columns
    theirs = np.ascontiguousarray(boxes.T)[:, np.newaxis]
    sides = np.minimum(ours[2:4], theirs[2:4]) - np.maximum(ours[:2], theirs[:2])
    shared = np.multiply(*np.maximum(sides, 0))
    our_area, their_area = (np.multiply(*(corners[2:4] - corners[:2])) for corners in (ours, theirs))
    reference = np.minimum(our_area, their_area) if nested else our_area + their_area - shared
    separate: NDArray[np.bool_] = shared <= _OVERLAP * reference
    return separate
