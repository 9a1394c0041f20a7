"""Faces on a cover, by MTCNN's cascade: a small network proposes windows, two larger ones sift them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spotitags.taggers._mtcnn import DECIDE, GRAPH_VERSION, PROPOSE, REFINE, Net, build_net
from spotitags.taggers._network import open_network

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from PIL.Image import Image

VERSION = 1
"""Raise it with every change below: it stands in the tagger's version."""

_WINDOW, _STRIDE = 12, 2  # of the proposing network, in pixels of the image that it is shown
_CORNERS = np.array([[0], [0], [_WINDOW], [_WINDOW]])
_SMALLEST = 36  # faces that are looked for, in pixels of a side of 260
_SHRINK = 0.709  # from one size of the pyramid to the next: half the area
_SCORES = {PROPOSE: 0.7, REFINE: 0.8, DECIDE: 0.9}
_OVERLAP = 0.5
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
        return [Face(*map(float, box)) for box in boxes]

    def _propose(self, image: Image) -> NDArray[np.float32]:
        """Windows that may hold a face: (n, 5), box and score."""
        from PIL import Image as Pillow

        found = [np.empty((0, 5), np.float32)]
        width, height = image.size
        scale = _WINDOW / _SMALLEST
        while min(width, height) * scale >= _WINDOW:
            size = (round(width * scale), round(height * scale))
            image = image.resize(size, Pillow.Resampling.BILINEAR)  # each from the one before: less to read
            scores, offsets = self._run(PROPOSE, np.asarray(image)[np.newaxis])
            rows, columns = np.nonzero(scores[0, 1] > _SCORES[PROPOSE])
            starts = np.stack([columns, rows, columns, rows]) * _STRIDE
            boxes = (starts + _CORNERS + offsets[0][:, rows, columns] * _WINDOW) / scale
            found.append(_distinct(np.vstack([boxes, scores[0, 1, rows, columns]]).T))
            scale *= _SHRINK
        return _distinct(np.concatenate(found))[:_MOST]

    def _sift(self, net: Net, image: Image, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Show each window, made square, to a larger network: those left, moved to where the face is."""
        if not len(boxes):
            return boxes
        windows = _squares(boxes)
        scores, offsets = self._run(net, np.stack([_cut(image, window, net.side or 0) for window in windows]))
        sides = (windows[:, 2] - windows[:, 0])[:, np.newaxis]
        moved = np.column_stack([windows + offsets[:, :, 0, 0] * sides, scores[:, 1, 0, 0]])
        return _distinct(moved[moved[:, 4] > _SCORES[net]], nested=net is DECIDE)

    def _run(self, net: Net, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        scores, offsets = self._session(net).run(["scores", "offsets"], {"pixels": pixels})
        return scores, offsets

    def _session(self, net: Net) -> InferenceSession:
        with self._lock:
            if net not in self._loaded:
                path = self.cache_dir / f"mtcnn-{net.name}-{net.sha256[:8]}-{GRAPH_VERSION}.onnx"
                self._loaded[net] = open_network(path, lambda: build_net(net))
            return self._loaded[net]


def _cut(image: Image, window: NDArray[np.float32], side: int) -> NDArray[np.uint8]:
    """A window of an image, black where it reaches over the edges: (side, side, 3)."""
    from PIL import Image as Pillow

    left, top, right, bottom = (round(float(edge)) for edge in window)
    cut = image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
    return np.asarray(cut.resize((side, side), Pillow.Resampling.BILINEAR, reducing_gap=1.5))


def _squares(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The boxes' middles with their longer sides both ways: (n, 4)."""
    middles = (boxes[:, :2] + boxes[:, 2:4]) / 2
    halves = (boxes[:, 2:4] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([middles - halves, middles + halves], axis=1)


def _distinct(boxes: NDArray[np.float32], *, nested: bool = False) -> NDArray[np.float32]:
    """Non-maximum suppression: of boxes that share more than half of their area, the surest.

    Args:
        boxes: (n, 5), box and score.
        nested: Whether half of the smaller box is enough, not of both together.
    """
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    areas = np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
    kept: list[int] = []
    left = np.arange(len(boxes))
    while len(left):
        first, rest = left[0], left[1:]
        kept.append(first)
        low = np.maximum(boxes[first, :2], boxes[rest, :2])
        high = np.minimum(boxes[first, 2:4], boxes[rest, 2:4])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        both = areas[first] + areas[rest] - shared
        whole = np.minimum(areas[first], areas[rest]) if nested else both
        left = rest[shared <= _OVERLAP * whole]
    return boxes[kept]
