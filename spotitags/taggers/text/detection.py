"""Find lines of text in an image: a network that marks pixels of text, and rectangles around the marks.

Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization"; the network is that of
PP-OCRv6.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from spotitags.taggers.text.components import Rectangle, components, rectangle_around

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

SIDE = 480
"""Shorter side in pixels at which an image is searched; docs/text.md compares it with others."""
MAX_LINES = 64
"""Maximum number of lines per image; the largest are kept."""

_STEP = 32  # the sides of the network's input are multiples of it
_MAX_ASPECT = 4  # of the searched image; a longer one is searched at a smaller size
_MARKED = 0.2  # probability from which a pixel belongs to a line
_SURE = 0.4  # least mean probability in a line's rectangle
_MIN_SIDE = 3  # of a marked rectangle, in pixels
_GROWTH = 1.4  # the network marks lines shrunk by their area / perimeter times about this
_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255  # as in training; blue comes first there, too
_SCALE = 1 / (np.array([0.229, 0.224, 0.225], np.float32) * 255)


def find_lines(network: InferenceSession, pixels: NDArray[np.uint8]) -> list[Rectangle]:
    """Find lines of text.

    Args:
        network: The detector, which gives each pixel of an image a probability of text.
        pixels: (height, width, 3) RGB.

    Returns:
        Rectangles in pixels of ``pixels``, at most `MAX_LINES`, those of the largest area. They may extend
        beyond the image.
    """
    height, width = pixels.shape[:2]
    image = _resized(pixels)
    probabilities = network.run(None, {"x": _normalised(image)})[0][0, 0]
    factors = width / image.shape[1], height / image.shape[0]
    return [rectangle.scaled(*factors) for rectangle in _rectangles(probabilities)]


def _resized(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Resize an image so that its shorter side is about `SIDE`, both sides multiples of `_STEP`."""
    from PIL import Image

    height, width = pixels.shape[:2]
    factor = min(SIDE / min(height, width), _MAX_ASPECT * SIDE / max(height, width))
    size = [max(round(side * factor / _STEP), 1) * _STEP for side in (width, height)]
    image = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(image)


def _normalised(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return an image as the network's input, (1, 3, height, width)."""
    scaled = (image[:, :, ::-1] - _MEAN) * _SCALE
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[np.newaxis], np.float32)


def _rectangles(probabilities: NDArray[np.float32]) -> list[Rectangle]:
    """Return the rectangles of lines, largest first, from the probability of text at each pixel."""
    found = []
    for runs in components(probabilities > _MARKED)[:MAX_LINES]:
        marked = rectangle_around(runs)
        if min(marked.width, marked.height) < _MIN_SIDE or _mean_inside(probabilities, marked) < _SURE:
            continue
        distance = marked.width * marked.height * _GROWTH / (2 * (marked.width + marked.height))
        found.append(marked.grown(distance))
    return found


def _mean_inside(values: NDArray[np.float32], rectangle: Rectangle) -> float:
    """Return the mean of values whose pixel's centre is inside a rectangle."""
    corners = rectangle.corners()
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0).tolist()
    right, bottom = np.ceil(corners.max(axis=0)).astype(int).tolist()
    window = values[top:bottom, left:right]
    rows, columns = np.ogrid[: window.shape[0], : window.shape[1]]
    x, y = columns + left + 0.5 - rectangle.x, rows + top + 0.5 - rectangle.y
    cosine, sine = math.cos(rectangle.angle), math.sin(rectangle.angle)
    inside = (abs(x * cosine + y * sine) <= rectangle.width / 2) & (
        abs(y * cosine - x * sine) <= rectangle.height / 2
    )
    return float(window[inside].mean()) if inside.any() else 0.0
