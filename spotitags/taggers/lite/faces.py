"""Faces on a cover, by MTCNN's cascade: a small network proposes windows, two larger ones sift them."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spotitags.taggers.lite.mtcnn import DECIDE, EXPORT_VERSION, PROPOSE, REFINE, Net, build_net
from spotitags.taggers.lite.onnx_graph import open_network

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from PIL.Image import Image


VERSION = 1
"""Raise it with every change below that changes what is found: it stands in the tagger's version."""

_WINDOW, _STRIDE = 12, 2  # of the proposing network, in pixels of the image that it is shown
_CORNERS = np.array([[0], [0], [_WINDOW], [_WINDOW]])
_SMALLEST = 36  # faces that are looked for, in pixels of a side of 260
_SHRINK = 0.709  # from one size of the pyramid to the next: half the area
_SCORES = {PROPOSE: 0.7, REFINE: 0.8, DECIDE: 0.9}
_LOG_ODDS = {net: math.log(score / (1 - score)) for net, score in _SCORES.items()}
_OVERLAP = 0.5
_BLOCK = 64  # boxes that are compared with all others at once, which bounds the memory
_MOST = 64  # windows that go on to the larger networks, which bounds the time a cover can take


class Face(NamedTuple):
    """A face: its box in pixels, which may reach over the image's edges, and how sure it is, in (0.9, 1]."""

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
    """Finds faces. Networks load on first use; threads may share an instance.

    Args:
        cache_dir: Folder for the networks as exported at the first use (2 MB); made if need be.
    """

    def __init__(self, cache_dir: Path) -> None:
        self.cache_dir = cache_dir
        self._lock = threading.Lock()
        self._loaded: dict[Net, InferenceSession] = {}

    def find(self, pixels: NDArray[np.uint8]) -> list[Face]:
        """Faces in an image (height, width, 3) of RGB uint8, surest first.

        Raises:
            WeightsError: The networks' weights cannot be read.
        """
        from PIL import Image

        image = Image.fromarray(pixels)
        boxes = self._propose(image)
        for net in (REFINE, DECIDE):
            boxes = self._sift(net, image, boxes)
        return [Face(*box) for box in boxes.tolist()]

    def _propose(self, image: Image) -> NDArray[np.float64]:
        """Windows that may hold a face: (n, 5), box and score."""
        from PIL import Image as Pillow

        found = [np.empty((8, 0))]
        width, height = image.size
        scale = _WINDOW / _SMALLEST
        while min(width, height) * scale >= _WINDOW:
            size = (round(width * scale), round(height * scale))
            image = image.resize(size, Pillow.Resampling.BILINEAR)  # each from the one before: less to read
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
        return _distinct(_distinct(windows, alike=5))[:_MOST, :5]

    def _sift(self, net: Net, image: Image, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Show each window, made square, to a larger network: those left, moved to where the face is."""
        if not len(boxes):
            return boxes
        squares = _squares(boxes)
        windows = self._run(net, _cut(image, squares, net.side or 0))
        left = windows[:, 0] > _LOG_ODDS[net]
        squares, windows = squares[left], windows[left]
        moved = squares + windows[:, 1:] * (squares[:, 2:3] - squares[:, :1])
        return _distinct(np.column_stack([moved, _probability(windows[:, 0])]), nested=net is DECIDE)

    def _run(self, net: Net, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        windows: NDArray[np.float32] = self._session(net).run(["windows"], {"pixels": pixels})[0]
        return windows

    def _session(self, net: Net) -> InferenceSession:
        with self._lock:
            if net not in self._loaded:
                path = self.cache_dir / f"mtcnn-{net.name}-{net.sha256[:8]}-{EXPORT_VERSION}.onnx"
                self._loaded[net] = open_network(path, lambda: build_net(net))
            return self._loaded[net]


def _cut(image: Image, squares: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    """Windows of an image, black where they reach over the edges: (n, side, side, 3)."""
    from PIL import Image as Pillow

    strip = Pillow.new("RGB", (side, side * len(squares)))  # one array is quicker than one each
    for index, (left, top, right, bottom) in enumerate(np.rint(squares).astype(int).tolist()):
        cut = image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
        strip.paste(cut.resize((side, side), Pillow.Resampling.BILINEAR, reducing_gap=1.5), (0, index * side))
    return np.asarray(strip).reshape(-1, side, side, 3)


def _probability(log_odds: NDArray[np.floating]) -> NDArray[np.float32]:
    """Scores (n,) in [0, 1], single: of those that round to 1, the first is the surest, whatever the odds."""
    return (1 / (1 + np.exp(-log_odds.astype(np.float32)))).astype(np.float32)


def _squares(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The boxes' middles with their longer sides both ways: (n, 4)."""
    middles = (boxes[:, :2] + boxes[:, 2:4]) / 2
    halves = (boxes[:, 2:4] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([middles - halves, middles + halves], axis=1)


def _distinct(
    boxes: NDArray[np.float64], *, nested: bool = False, alike: int | None = None
) -> NDArray[np.float64]:
    """Non-maximum suppression: of boxes that share more than half of their area, the surest.

    Args:
        boxes: (n, 5 or more), box and score.
        nested: Whether half of the smaller box is enough, not of both together.
        alike: Column in which boxes must be equal, or they are left beside each other whatever they share.
    """
    if len(boxes) <= 1:
        return boxes
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    left = np.ones(len(boxes), bool)
    kept: list[int] = []
    for start in range(0, len(boxes), _BLOCK):
        apart = _apart(boxes[start : start + _BLOCK], boxes, nested=nested)
        if alike is not None:
            apart |= boxes[start : start + _BLOCK, alike, np.newaxis] != boxes[:, alike]
        for index, others in enumerate(apart, start):
            if left[index]:
                kept.append(index)
                left &= others
    return boxes[kept]


def _apart(some: NDArray[np.float64], boxes: NDArray[np.float64], *, nested: bool) -> NDArray[np.bool_]:
    """Whether each of some boxes (m, 5) and each of all (n, 5) can stand beside each other: (m, n)."""
    ours = np.ascontiguousarray(some.T)[:, :, np.newaxis]  # three times as quick as columns far apart
    theirs = np.ascontiguousarray(boxes.T)[:, np.newaxis]
    sides = np.minimum(ours[2:4], theirs[2:4]) - np.maximum(ours[:2], theirs[:2])
    shared = np.multiply(*np.maximum(sides, 0))
    our_area, their_area = (np.multiply(*(corners[2:4] - corners[:2])) for corners in (ours, theirs))
    whole = np.minimum(our_area, their_area) if nested else our_area + their_area - shared
    apart: NDArray[np.bool_] = shared <= _OVERLAP * whole
    return apart
