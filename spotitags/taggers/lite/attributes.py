"""Attributes measured on a cover's pixels: colours, tone, lettering and faces.

Each measure is a share of the pixels or a ramp in [0, 1], comparable between covers; docs/lite.md lists them.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from spotitags.records import Tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage

    from spotitags.taggers.lite.faces import Face


VERSION = 3
"""Version of the measures, part of the tagger's version; raise it with every change of a measure."""
LEAST = 0.05
"""Minimum excess over the usual measure for a tag."""

# Mean measures of 5,545 covers of many genres: an attribute becomes a tag only above its mean.
USUAL: Mapping[str, float] = {
    "black": 0.24,
    "white": 0.13,
    "grey": 0.28,
    "red": 0.04,
    "orange": 0.01,
    "yellow": 0.01,
    "green": 0.02,
    "turquoise": 0.02,
    "blue": 0.04,
    "purple": 0.01,
    "pink": 0.01,
    "brown": 0.11,
    "beige": 0.08,
    "dark": 0.26,
    "bright": 0.12,
    "black and white": 0.24,
    "colourful": 0.15,
    "high contrast": 0.16,
    "low contrast": 0.12,
    "lettering": 0.05,
    "face": 0.06,
    "several faces": 0.02,
}

_REDUCE = 4
_GREY_CHROMA = 10.0
_CELL = 13
_STROKE_RANGE = 60
_STROKES = 2.0
_FLAT = 0.3
_FLAT_SHARE = 0.75

# sRGB, with several shades per name: one typical shade each would give wrong borders in CIELAB.
_PALETTE: Mapping[str, tuple[int, ...]] = {
    "black": (0x000000, 0x181818),
    "white": (0xFFFFFF, 0xECECEC),
    "grey": (0x505050, 0x808080, 0xB8B8B8),
    "red": (0xC8141E, 0xFF2828, 0x82000A, 0xB43C3C),
    "orange": (0xFF8C00, 0xDC6414),
    "yellow": (0xFFE628, 0xE6C83C),
    "green": (0x008000, 0x3CB446, 0x14461E, 0x96C850),
    "turquoise": (0x00AAAA, 0x40E0D0, 0x006464),
    "blue": (0x000080, 0x0000C8, 0x2832C8, 0x1E5AB4, 0x141E50, 0x6EAAE6),
    "purple": (0x800080, 0x5A288C, 0xAA6EC8),
    "pink": (0xFF69B4, 0xFFBEC8, 0xDC2878),
    "brown": (0x654321, 0x8B5A2B, 0x3C2314),
    "beige": (0xE6D7B4, 0xC8AF8C),
}
_COLOURS = tuple(_PALETTE)
_OTHERS = ("dark", "bright", "black and white", "colourful", "high contrast", "low contrast", "lettering")
_FACES = ("face", "several faces")
_TONES = ("dark", "bright", "colourful", "high contrast", "low contrast")
_COMMON = frozenset(("black", "white", "grey", "brown", "beige", *_TONES))


def weight_in_full(label: str) -> float:
    """Return the maximum weight of an attribute: small for those that nearly every cover has."""
    return 0.1 if label in _COMMON else 0.5


def attribute_labels() -> tuple[str, ...]:
    """Return the labels of all attributes; none is an ImageNet label."""
    return _COLOURS + _OTHERS + _FACES


def attributes(pixels: NDArray[np.uint8] | PillowImage) -> list[Tag]:
    """Measure a cover's colours, tone and lettering.

    Args:
        pixels: (side, side, 3) RGB uint8, or the same as an image, with a side of about 260: lettering is
            found in cells of 13 pixels.

    Returns:
        Attributes with an `excess` of at least `LEAST`, unordered; the weight is `excess` times
        `weight_in_full`.
    """
    from PIL import Image

    image = Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
    codes = _codes(np.asarray(image.reduce(_REDUCE)))
    grey = image.convert("L")
    measures = _colours(codes) | _tone(codes) | _contrast(grey.histogram())
    measures["lettering"] = _ramp(_lettering(np.asarray(grey)), 0.04, 0.24)
    return _tags(measures)


def face_attributes(faces: Sequence[Face], side: int) -> list[Tag]:
    """Measure faces: ``face`` by the size of the largest, 1 at half of the cover, and ``several faces``.

    Args:
        faces: The faces found on a cover.
        side: The side of that cover in pixels.
    """
    if not faces:
        return []
    largest = max(face.side for face in faces)
    return _tags({"face": _ramp(largest, 0, side / 2), "several faces": 1 - 1 / len(faces)})


def excess(label: str, measure: float) -> float:
    """Return how far a measure exceeds the usual one, from 0 at the usual measure to 1 at the maximum."""
    usual = USUAL[label]
    return max(measure - usual, 0) / (1 - usual)


def _tags(measures: Mapping[str, float]) -> list[Tag]:
    excesses = {label: excess(label, measure) for label, measure in measures.items()}
    return [
        Tag(label, round(weight_in_full(label) * value, 4))
        for label, value in excesses.items()
        if value >= LEAST
    ]


def _colours(codes: NDArray[np.intp]) -> dict[str, float]:
    """Compute the share of the pixels whose nearest shade has each colour name."""
    counts = np.bincount(_name_table().take(codes), minlength=len(_COLOURS))
    return {name: float(count) / codes.size for name, count in zip(_COLOURS, counts, strict=True)}


def _tone(codes: NDArray[np.intp]) -> dict[str, float]:
    """Measure lightness and saturation."""
    means = np.full(codes.size, 1 / codes.size) @ _tone_table().take(codes, axis=0)  # quicker than mean()
    lightness, grey, *colour = means.tolist()
    return {
        "dark": _ramp(lightness, 45, 10),
        "bright": _ramp(lightness, 60, 90),
        "black and white": _ramp(grey, 0.8, 1.0),
        "colourful": _ramp(_colourfulness(*colour), 15, 60),
    }


def _contrast(counts: Sequence[int]) -> dict[str, float]:
    """Measure the root-mean-square contrast of the grey image.

    Args:
        counts: The number of pixels with each of the 256 grey values.
    """
    weights, tones = np.array(counts) / sum(counts), np.arange(256)
    spread = math.sqrt(weights @ (tones - weights @ tones) ** 2) / 2.55  # in percent of the range
    return {"high contrast": _ramp(spread, 22, 42), "low contrast": _ramp(spread, 18, 6)}


def _colourfulness(a: float, b: float, squared_chroma: float) -> float:
    """Compute Hasler and Süsstrunk's first measure ("Measuring colourfulness in natural images", 2003).

    It is the spread of a* and b* plus 0.37 times the distance of their mean from grey: about 0 for grey
    images and 60 for very colourful ones.

    Args:
        a: The mean of CIELAB's a*.
        b: The mean of b*.
        squared_chroma: The mean of a*² + b*².
    """
    squared_mean = a * a + b * b
    return math.sqrt(max(squared_chroma - squared_mean, 0)) + 0.37 * math.sqrt(squared_mean)


def _lettering(grey: NDArray[np.uint8]) -> float:
    """Compute the share of the cells with lettering: strokes of one flat tone on another.

    Lettering alternates several times within a cell, as texture does; unlike texture it has few intermediate
    tones.

    Args:
        grey: (side, side) of 8-bit tones.
    """
    side = min(grey.shape) // _CELL
    rows = grey[: side * _CELL, : side * _CELL].reshape(side, _CELL, side * _CELL)
    low, high = _cells(rows.min(1)).min(2).astype(int), _cells(rows.max(1)).max(2).astype(int)
    contrast, doubled = high - low, high + low  # twice the middle tone
    margin = (2 * _FLAT * contrast).astype(int)  # twice the least distance of flat tones to the middle
    tones = np.array([doubled // 2, (doubled + margin) // 2, (doubled - margin + 1) // 2], np.uint8)
    middle, lighter, darker = tones.repeat(_CELL, axis=2)[:, :, np.newaxis]
    above, flat = rows > middle, (rows > lighter) | (rows < darker)
    strokes = _count(above[:, 1:] ^ above[:, :-1])
    across = _count(above[:, :, 1:] ^ above[:, :, :-1])
    across[:, _CELL - 1 :: _CELL] = 0  # changes from one cell to the next do not count
    strokes[:, 1:] += across
    written = (
        (contrast > _STROKE_RANGE)
        & (_cells(strokes).sum(2) > _STROKES * _CELL)
        & (_cells(_count(flat)).sum(2) > _FLAT_SHARE * _CELL * _CELL)
    )
    return float(written.mean())


def _cells(columns: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Split one value per pixel column and row of cells, (cells, pixels), by cells: (cells, cells, 13)."""
    return columns.reshape(len(columns), len(columns), _CELL)


def _count(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Count the true pixels of each column in each row of cells: (cells, 13, pixels) to (cells, pixels)."""
    counts: NDArray[np.uint8] = mask.view(np.uint8).sum(1, dtype=np.uint8)
    return counts


def _ramp(value: float, zero: float, one: float) -> float:
    """Interpolate linearly from 0 at ``zero`` to 1 at ``one``, clipped to [0, 1]."""
    return min(max((value - zero) / (one - zero), 0.0), 1.0)


def _codes(pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Encode pixels in 15 bits, 5 per channel: the index into the tables below."""
    high = pixels.reshape(-1, 3).astype(np.intp) >> 3
    codes: NDArray[np.intp] = high[:, 0] << 10 | high[:, 1] << 5 | high[:, 2]
    return codes


@cache
def _lab_table() -> NDArray[np.float32]:
    """Return CIELAB of the centre of each of the 32,768 codes: (32768, 3)."""
    codes = np.arange(1 << 15)
    rgb = np.stack([codes >> 10, codes >> 5 & 31, codes & 31], axis=1) * 8 + 4
    return _lab(rgb).astype(np.float32)


@cache
def _tone_table() -> NDArray[np.float64]:
    """Return L*, 1 for grey, a*, b* and a*² + b*² of each code: (32768, 5)."""
    lightness, a, b = _lab_table().T
    chroma = np.hypot(a, b)
    return np.stack([lightness, chroma < _GREY_CHROMA, a, b, chroma.astype(np.float64) ** 2], axis=1)


@cache
def _name_table() -> NDArray[np.uint8]:
    """Return the index of the colour name nearest to each code in CIELAB: (32768,)."""
    shades = [(index, shade) for index, name in enumerate(_COLOURS) for shade in _PALETTE[name]]
    rgb = np.array([[shade >> 16, shade >> 8 & 255, shade & 255] for _, shade in shades])
    points, anchors = _lab_table(), _lab(rgb)
    # Squared distance without the square of the point, which is the same for all shades.
    distances = (anchors**2).sum(axis=1) - 2 * points @ anchors.T
    names: NDArray[np.uint8] = np.array([index for index, _ in shades], np.uint8)[distances.argmin(1)]
    return names


def _lab(rgb: NDArray[np.integer]) -> NDArray[np.float64]:
    """Convert sRGB in [0, 255], (n, 3), to CIELAB under D65, (n, 3), by IEC 61966-2-1 and CIE 15."""
    srgb = rgb / 255
    steep = ((srgb + 0.055) / 1.055) ** 2.4
    linear = np.where(srgb <= 0.04045, srgb / 12.92, steep)  # noqa: PLR2004  # constant of IEC 61966-2-1
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / to_xyz.sum(1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
