"""Covers and their maps as rows of pictures for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from spotitags.explain.artist.terminal import strongest_first
from spotitags.explain.places.picture import overlay
from spotitags.io.text import single_line
from spotitags.rendering.explanation import signed
from spotitags.rendering.terminal_images import Protocol, TerminalImage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image
    from rich.console import RenderableType

    from spotitags.explain.artist.covers import ExplainedCover

MOST: Final = 6
"""Maximum number of covers."""
_TILE, _BLOCK_TILE = 12, 18  # columns of one picture; half blocks are coarse
_GAP: Final = 2  # columns between covers
_PIXELS: Final = 20  # of a column in the composed picture


def picture_rows(
    covers: Sequence[ExplainedCover], width: int, protocol: Protocol, cell: tuple[int, int]
) -> list[RenderableType]:
    """Build rows of pictures: each cover beside its map, those that speak most for the genre first.

    Args:
        covers: Covers, with maps if there are any.
        width: Columns of the terminal.
        protocol: How the terminal draws pictures.
        cell: Width and height of a character in pixels.
    """
    tile = _BLOCK_TILE if protocol is Protocol.blocks else _TILE
    shown = strongest_first(covers)[:MOST]
    each = tile * (2 if any(cover.map for cover in shown) else 1)
    across = max(1, (width + _GAP) // (each + _GAP))
    rows: list[RenderableType] = []
    for start in range(0, len(shown), across):
        of_row = shown[start : start + across]
        columns = min(width, len(of_row) * (each + _GAP) - _GAP)
        rows.append(TerminalImage(_composed(of_row, tile), columns, protocol, cell))
        rows.append(_captions(of_row, each))
    if rows and len(covers) > MOST:
        rows.append(Text(f"{MOST} of {len(covers)} covers shown; --out FILE.html shows all", style="dim"))
    return [*rows, Text("")] if rows else rows


def _composed(covers: Sequence[ExplainedCover], tile: int) -> Image:
    """Draw covers and maps beside each other; gaps are black."""
    from PIL import Image

    side = tile * _PIXELS
    pictures = [[Image.fromarray(cover.pixels)] for cover in covers]
    for of_cover, cover in zip(pictures, covers, strict=True):
        if cover.map is not None:
            of_cover.append(overlay(cover.pixels, cover.map.places))
    each = side * max(map(len, pictures))
    step = each + _GAP * _PIXELS
    composed = Image.new("RGB", (step * len(covers) - _GAP * _PIXELS, side))
    for number, of_cover in enumerate(pictures):
        for place, picture in enumerate(of_cover):
            composed.paste(picture.resize((side, side)), (number * step + place * side, 0))
    return composed


def _captions(covers: Sequence[ExplainedCover], width: int) -> Text:
    """Return the names of covers, each below its picture."""
    line = Text(no_wrap=True)
    for cover in covers:
        total = f"{signed(cover.map.total)} " if cover.map else ""
        name = single_line(cover.album.name or cover.album.id, width - len(total))
        caption = Text(total, style="bold").append(name, style="dim")
        caption.truncate(width, pad=True)
        line.append_text(caption).append(" " * _GAP)
    line.rstrip()
    return line
