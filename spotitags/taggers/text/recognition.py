"""Read lines of text: a network that gives each place along a line a character."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spotitags.taggers.text.components import Rectangle
    from spotitags.taggers.text.networks import Reader

_HEIGHT = 48  # of the network's input, in pixels
_MAX_WIDTH = 1280  # of the network's input; a longer line is squeezed
_MIN_WIDTH = 64
_STEP = 32  # widths are multiples of it, so that the network meets few different shapes
_UPRIGHT = 1.5  # height by width from which a line runs up or down
_LEVEL = math.radians(1.5)  # angle below which a line is cut out without rotation


class Reading(NamedTuple):
    """The text of a line, and the mean probability of its characters, in [0, 1]."""

    text: str
    score: float


def read_line(reader: Reader, pixels: NDArray[np.uint8], line: Rectangle) -> Reading:
    """Read one line.

    A line that runs up or down is read both ways, and the better reading counts.

    Args:
        reader: The network and its characters.
        pixels: (height, width, 3) RGB.
        line: Its place in ``pixels``.
    """
    cut = _cut(pixels, line)
    turns = [cut]
    if cut.shape[0] >= _UPRIGHT * cut.shape[1]:
        turns = [np.rot90(cut), np.rot90(cut, 3)]
    outputs = [reader.session.run(None, {"x": _normalised(turn)})[0][0] for turn in turns]
    readings = [decode(probabilities, reader.characters) for probabilities in outputs]
    return max(readings, key=lambda reading: reading.score)


def decode(probabilities: NDArray[np.float32], characters: Sequence[str]) -> Reading:
    """Return the text from the probability of each character at each place, by greedy CTC decoding.

    Graves et al. 2006, "Connectionist Temporal Classification". Of equal neighbours one counts; class 0 is
    no character.

    Args:
        probabilities: (places, classes).
        characters: Of each class.
    """
    best = probabilities.argmax(axis=1)
    kept = (best != 0) & (np.diff(best, prepend=0) != 0)
    if not kept.any():
        return Reading("", 0.0)
    text = "".join(characters[index] for index in best[kept].tolist())
    return Reading(text.strip(), float(probabilities[kept].max(axis=1).mean()))


def _cut(pixels: NDArray[np.uint8], line: Rectangle) -> NDArray[np.uint8]:
    """Cut a line out of an image, upright: (height, width, 3)."""
    from PIL import Image

    image = Image.fromarray(pixels)
    width, height = max(round(line.width), 1), max(round(line.height), 1)
    corners = line.corners()
    if abs(line.angle) < _LEVEL:
        left, top = np.maximum(np.rint(corners.min(axis=0)), 0).astype(int).tolist()
        right, bottom = np.minimum(np.rint(corners.max(axis=0)), image.size).astype(int).tolist()
        box = (left, top, max(right, left + 1), max(bottom, top + 1))
        return np.asarray(image.crop(box))
    along, down = (corners[1] - corners[0]) / width, (corners[3] - corners[0]) / height
    origin = corners[0]
    affine = (along[0], down[0], origin[0], along[1], down[1], origin[1])
    return np.asarray(
        image.transform((width, height), Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC)
    )


def _normalised(cut: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a line as the network's input, (1, 3, height, width), grey to the right of a short one."""
    from PIL import Image

    height, width = cut.shape[:2]
    scaled = min(max(math.ceil(width * _HEIGHT / height), 1), _MAX_WIDTH)
    image = Image.fromarray(np.ascontiguousarray(cut)).resize((scaled, _HEIGHT), Image.Resampling.BILINEAR)
    total = max(math.ceil(scaled / _STEP) * _STEP, _MIN_WIDTH)
    values = np.zeros((1, 3, _HEIGHT, total), np.float32)
    values[0, :, :, :scaled] = np.asarray(image)[:, :, ::-1].transpose(2, 0, 1) / np.float32(127.5) - 1
    return values
