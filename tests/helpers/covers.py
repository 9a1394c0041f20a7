"""Decoded covers with drawn contents."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from spotitags.records import Album, Artist, Cover

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALBUM = Album("album", "Album", Artist("artist"))


def cover(pixels: NDArray[np.uint8] | Image.Image) -> Cover:
    array = np.ascontiguousarray(pixels)
    return Cover(ALBUM, hashlib.sha256(array.tobytes()).hexdigest(), array)


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def clock() -> Image.Image:
    image = Image.new("RGB", (300, 300), "tan")
    draw = ImageDraw.Draw(image)
    draw.ellipse((30, 30, 270, 270), fill="white", outline="black", width=8)
    for hour in range(1, 13):
        x, y = math.sin(hour * math.pi / 6), -math.cos(hour * math.pi / 6)
        draw.text((150 + 95 * x, 150 + 95 * y), str(hour), fill="black", anchor="mm", font_size=26)
    draw.line((150, 150, 210, 120), fill="black", width=8)
    draw.line((150, 150, 140, 60), fill="black", width=5)
    return image


def crossword() -> Image.Image:
    image = Image.new("RGB", (300, 300), "white")
    draw = ImageDraw.Draw(image)
    black = np.random.default_rng(1).random((15, 15)) < 0.2
    for row, column in np.ndindex(15, 15):
        box = (20 * row, 20 * column, 20 * row + 20, 20 * column + 20)
        draw.rectangle(box, outline="black", fill="black" if black[row, column] else "white")
    return image
