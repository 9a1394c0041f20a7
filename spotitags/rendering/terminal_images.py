"""Pictures on a terminal: by the protocols of kitty, iTerm2 and sixel, else by coloured half blocks.

kitty: https://sw.kovidgoyal.net/kitty/graphics-protocol/.
iTerm2: https://iterm2.com/documentation-images.html.
Sixel: DEC, "VT330/VT340 Programmer Reference Manual", chapter 14.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.color import Color
from rich.segment import ControlType, Segment
from rich.style import Style

if TYPE_CHECKING:
    from PIL.Image import Image
    from rich.console import Console, ConsoleOptions, RenderResult


class Protocol(StrEnum):
    """Way to draw a picture on a terminal."""

    kitty = "kitty"
    iterm = "iterm"
    sixel = "sixel"
    blocks = "blocks"


CELL: Final = (10, 20)
"""Usual width and height of a character in pixels."""
_CHUNK: Final = 4096  # bytes of one kitty command
_COLOURS: Final = 256  # of a sixel picture
_BAND: Final = 6  # rows of pixels in one sixel


@dataclass(frozen=True, slots=True)
class TerminalImage:
    """A picture as a rich renderable.

    Attributes:
        image: RGB picture.
        columns: Width in characters; the height follows from the shape of the picture.
        protocol: How it is drawn.
        cell: Width and height of a character in pixels.
    """

    image: Image
    columns: int
    protocol: Protocol
    cell: tuple[int, int] = CELL

    @property
    def rows(self) -> int:
        """Height in lines; a character is twice as high as wide."""
        return max(1, round(self.columns * self.image.height / self.image.width / 2))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the picture, and end the line."""
        if self.protocol is Protocol.blocks:
            yield from half_blocks(self.image, self.columns, self.rows)
            return
        size = (self.columns * self.cell[0], self.rows * self.cell[1])
        encode = {Protocol.kitty: self._kitty, Protocol.iterm: self._iterm, Protocol.sixel: self._sixel}
        image = self.image.resize(size)
        yield Segment(encode[self.protocol](image), None, [(ControlType.HOME,)])  # written as it is
        yield Segment.line()

    def _kitty(self, image: Image) -> str:
        data = base64.b64encode(_file(image, "PNG")).decode()
        chunks = [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]
        keys = f"a=T,f=100,q=2,c={self.columns},r={self.rows},"
        return "".join(
            f"\x1b_G{keys if number == 0 else ''}m={int(number < len(chunks) - 1)};{chunk}\x1b\\"
            for number, chunk in enumerate(chunks)
        )

    def _iterm(self, image: Image) -> str:
        data = _file(image, "JPEG")
        keys = f"inline=1;size={len(data)};width={self.columns};height={self.rows};preserveAspectRatio=0"
        return f"\x1b]1337;File={keys}:{base64.b64encode(data).decode()}\a"

    def _sixel(self, image: Image) -> str:
        return sixel(image)


def half_blocks(image: Image, columns: int, rows: int) -> list[Segment]:
    """Draw a picture by ``▀`` in the colours of the pixels above and below."""
    pixels = np.asarray(image.convert("RGB").resize((columns, 2 * rows)))
    segments = []
    for row in range(rows):
        for upper, lower in zip(pixels[2 * row], pixels[2 * row + 1], strict=True):
            style = Style(color=_colour(upper), bgcolor=_colour(lower))
            segments.append(Segment("▀", style))
        segments.append(Segment.line())
    return segments


def sixel(image: Image) -> str:
    """Encode a picture as sixels, with at most 256 colours."""
    drawn = image.convert("RGB").quantize(_COLOURS)
    palette = np.array(drawn.getpalette("RGB"), dtype=int).reshape(-1, 3) * 100 // 255
    pixels = np.asarray(drawn)
    height, width = pixels.shape
    parts = [f'\x1bP0;1;0q"1;1;{width};{height}']
    parts += [f"#{i};2;{r};{g};{b}" for i, (r, g, b) in enumerate(palette.tolist())]
    for top in range(0, height, _BAND):
        band = pixels[top : top + _BAND]
        bits = 1 << np.arange(len(band))[:, np.newaxis]
        lines = [
            f"#{colour}{_run_lengths(((band == colour) * bits).sum(axis=0))}" for colour in np.unique(band)
        ]
        parts.append("$".join(lines) + "-")
    return "".join([*parts, "\x1b\\"])


def _run_lengths(sixels: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    """Return a line of sixels; those that repeat are counted."""
    starts = np.flatnonzero(np.diff(sixels, prepend=-1))
    lengths = np.diff(starts, append=len(sixels))
    return "".join(
        f"!{length}{chr(63 + value)}" if length > 3 else chr(63 + value) * length  # noqa: PLR2004 - its length
        for value, length in zip(sixels[starts].tolist(), lengths.tolist(), strict=True)
    )


def _colour(pixel: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> Color:
    red, green, blue = pixel.tolist()
    return Color.from_rgb(red, green, blue)


def _file(image: Image, name: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, name)
    return stream.getvalue()
