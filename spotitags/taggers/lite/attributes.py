"""What can be measured on a cover besides its labels: colours, tone, lettering and faces.

Each measure is a share or a ramp in [0, 1] that means the same on every cover; docs/lite.md lists them.
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

    from spotitags.taggers.lite.faces import Face


VERSION = 3
"""Raise it with every change below that changes a measure: it stands in the tagger's version."""
LEAST = 0.05
"""Smallest excess over the usual measure that is told."""

# The measures of 5,545 covers of many genres, in the mean: a cover with no more of it is not marked by it.
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

# sRGB. Several shades a name: the borders between names in CIELAB are not those of one typical shade each.
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
    """Weight of an attribute that is there in full: little for what nearly every cover has some of."""
    return 0.1 if label in _COMMON else 0.5


def attribute_labels() -> tuple[str, ...]:
    """Every label that an attribute can have; none is an ImageNet label."""
    return _COLOURS + _OTHERS + _FACES


def attributes(pixels: NDArray[np.uint8]) -> list[Tag]:
    """Measure a cover's colours, tone and lettering.

    Args:
        pixels: (side, side, 3) RGB uint8 with a side of about 260: lettering is sought in cells of 13 pixels.

    Returns:
        Attributes with an `excess` of at least `LEAST`, which is their part of `weight_in_full`, in no order.
    """
    from PIL import Image

    image = Image.fromarray(pixels)
    codes = _codes(np.asarray(image.reduce(_REDUCE)))
    grey = image.convert("L")
    measures = _colours(codes) | _tone(codes) | _contrast(grey.histogram())
    measures["lettering"] = _ramp(_lettering(np.asarray(grey)), 0.04, 0.24)
    return _tags(measures)


def face_attributes(faces: Sequence[Face], side: int) -> list[Tag]:
    """Measure faces: ``face`` by the largest one's size, in full at half of the cover, and ``several faces``.

    Args:
        faces: As found.
        side: Of the cover that they were found on, in the same pixels.
    """
    if not faces:
        return []
    largest = max(face.side for face in faces)
    return _tags({"face": _ramp(largest, 0, side / 2), "several faces": 1 - 1 / len(faces)})


def excess(label: str, measure: float) -> float:
    """How far an attribute is above what is usual: 0 there, 1 where it is there in full."""
    usual = USUAL[label]
    return max(measure - usual, 0) / (1 - usual)


def _tags(measures: Mapping[str, float]) -> list[Tag]:
    marked = {label: excess(label, measure) for label, measure in measures.items()}
    return [
        Tag(label, round(weight_in_full(label) * above, 4))
        for label, above in marked.items()
        if above >= LEAST
    ]


def _colours(codes: NDArray[np.intp]) -> dict[str, float]:
    """Share of the pixels that are nearest to a shade of each name."""
    counts = np.bincount(_name_table().take(codes), minlength=len(_COLOURS))
    return {name: float(count) / codes.size for name, count in zip(_COLOURS, counts, strict=True)}


def _tone(codes: NDArray[np.intp]) -> dict[str, float]:
    """Lightness and saturation."""
    means = np.full(codes.size, 1 / codes.size) @ _tone_table().take(codes, axis=0)  # quicker than mean()
    lightness, grey, *colour = means.tolist()
    return {
        "dark": _ramp(lightness, 45, 10),
        "bright": _ramp(lightness, 60, 90),
        "black and white": _ramp(grey, 0.8, 1.0),
        "colourful": _ramp(_colourfulness(*colour), 15, 60),
    }


def _contrast(counts: Sequence[int]) -> dict[str, float]:
    """Root-mean-square contrast, from fine detail to the whole picture, in percent of the range.

    Args:
        counts: How many pixels have each of the 256 tones.
    """
    weights, tones = np.array(counts) / sum(counts), np.arange(256)
    spread = math.sqrt(weights @ (tones - weights @ tones) ** 2) / 2.55
    return {"high contrast": _ramp(spread, 22, 42), "low contrast": _ramp(spread, 18, 6)}


def _colourfulness(a: float, b: float, squared_chroma: float) -> float:
    """Hasler and Süsstrunk's first measure ("Measuring colourfulness in natural images", 2003).

    Spread of a* and b* plus 0.37 of the mean's distance from grey: about 0 for grey, 60 for glaring images.

    Args:
        a: Mean of CIELAB's a*.
        b: Mean of b*.
        squared_chroma: Mean of a*² + b*².
    """
    squared_mean = a * a + b * b
    return math.sqrt(max(squared_chroma - squared_mean, 0)) + 0.37 * math.sqrt(squared_mean)


def _lettering(grey: NDArray[np.uint8]) -> float:
    """Share of the cells that look like writing: strokes of one tone on another, both flat.

    Writing alternates several times within a cell, as texture does; but unlike texture it keeps away from the
    tones between.
    """
    side = min(grey.shape) // _CELL
    rows = grey[: side * _CELL, : side * _CELL].reshape(side, _CELL, side * _CELL)
    low, high = _cells(rows.min(1)).min(2).astype(int), _cells(rows.max(1)).max(2).astype(int)
    contrast, doubled = high - low, high + low  # the middle tone, twice
    nearest = (2 * _FLAT * contrast).astype(int)  # to the middle tone, twice
    tones = np.array([doubled // 2, (doubled + nearest) // 2, (doubled - nearest + 1) // 2], np.uint8)
    middle, lighter, darker = tones.repeat(_CELL, axis=2)[:, :, np.newaxis]
    above, flat = rows > middle, (rows > lighter) | (rows < darker)
    strokes = _count(above[:, 1:] ^ above[:, :-1])
    across = _count(above[:, :, 1:] ^ above[:, :, :-1])
    across[:, _CELL - 1 :: _CELL] = 0  # from one cell to the next
    strokes[:, 1:] += across
    written = (
        (contrast > _STROKE_RANGE)
        & (_cells(strokes).sum(2) > _STROKES * _CELL)
        & (_cells(_count(flat)).sum(2) > _FLAT_SHARE * _CELL * _CELL)
    )
    return float(written.mean())


def _cells(columns: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A number for each column of each row of cells, (cells, pixels), cell by cell: (cells, cells, 13)."""
    return columns.reshape(len(columns), len(columns), _CELL)


def _count(found: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """In how many of its pixels each column of each row of cells has been found: (cells, pixels)."""
    counts: NDArray[np.uint8] = found.view(np.uint8).sum(1, dtype=np.uint8)
    return counts


def _ramp(value: float, zero: float, one: float) -> float:
    """0 at ``zero``, 1 at ``one``, straight between and cut beyond."""
    return min(max((value - zero) / (one - zero), 0.0), 1.0)


def _codes(pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Pixels as 15-bit numbers, 5 bits a channel: the index into the tables below."""
    high = pixels.reshape(-1, 3).astype(np.intp) >> 3
    codes: NDArray[np.intp] = high[:, 0] << 10 | high[:, 1] << 5 | high[:, 2]
    return codes


@cache
def _lab_table() -> NDArray[np.float32]:
    """CIELAB of the middle of each of the 32,768 codes: (32768, 3)."""
    codes = np.arange(1 << 15)
    rgb = np.stack([codes >> 10, codes >> 5 & 31, codes & 31], axis=1) * 8 + 4
    return _lab(rgb).astype(np.float32)


@cache
def _tone_table() -> NDArray[np.float64]:
    """What `_tone` needs of each code: L*, whether it is grey, a*, b* and a*² + b*²: (32768, 5)."""
    lightness, a, b = _lab_table().T
    chroma = np.hypot(a, b)
    return np.stack([lightness, chroma < _GREY_CHROMA, a, b, chroma.astype(np.float64) ** 2], axis=1)


@cache
def _name_table() -> NDArray[np.uint8]:
    """Index of the colour name nearest to each code in CIELAB: (32768,)."""
    shades = [(index, shade) for index, name in enumerate(_COLOURS) for shade in _PALETTE[name]]
    rgb = np.array([[shade >> 16, shade >> 8 & 255, shade & 255] for _, shade in shades])
    points, anchors = _lab_table(), _lab(rgb)
    # Squared distance less the point's own square, which orders nothing.
    distances = (anchors**2).sum(axis=1) - 2 * points @ anchors.T
    names: NDArray[np.uint8] = np.array([index for index, _ in shades], np.uint8)[distances.argmin(1)]
    return names


def _lab(rgb: NDArray[np.integer]) -> NDArray[np.float64]:
    """CIELAB under D65 (n, 3) of sRGB in [0, 255] (n, 3): IEC 61966-2-1, CIE 15."""
    srgb = rgb / 255
    steep = ((srgb + 0.055) / 1.055) ** 2.4
    linear = np.where(srgb <= 0.04045, srgb / 12.92, steep)  # noqa: PLR2004  # IEC 61966-2-1 names it no other way
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / to_xyz.sum(1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
