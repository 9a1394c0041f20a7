"""Drawn covers with text, in the font that Pillow brings along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterable


def lettered(
    lines: Iterable[tuple[str, int, int]], side: int = 300, *, colour: str = "white", back: str = "navy"
) -> Image.Image:
    """Draw lines, each with its middle's height from the top and its size, both in pixels."""
    image = Image.new("RGB", (side, side), back)
    draw = ImageDraw.Draw(image)
    for text, y, size in lines:
        draw.text((side / 2, y), text, fill=colour, font=ImageFont.load_default(size), anchor="mm")
    return image
