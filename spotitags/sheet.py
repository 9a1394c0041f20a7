"""A contact sheet: drawn covers as one picture, a heading and rows of covers for each genre."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

from spotitags.errors import InputError
from spotitags.present import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from spotitags.records import Cover
    from spotitags.sampling import Drawn

    Font = FreeTypeFont | ImageFont

MOST_SIDE, LEAST_SIDE = 176, 56  # pixels of a cover on the sheet
COLUMNS = 10  # covers in a row, at most
MOST_HEIGHT = 8000  # pixels
MARGIN, GAP, HEAD, CAPTION, TITLE = 24, 10, 40, 22, 52  # pixels
PAPER, INK, DIM, LINE, EDGE = "#ffffff", "#1c2127", "#5d6874", "#dde2e7", "#c8ced4"
FONTS = ("DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf")  # the first that is there; Pillow's own else


def sheet(title: str, drawn: Sequence[Drawn], unit: str = "artist") -> bytes:
    """A PNG of drawn covers, at most 2,000 pixels wide and 8,000 high; many covers are shown smaller.

    Args:
        title: Above everything.
        drawn: A heading and rows of `COLUMNS` covers each.
        unit: What is labelled: ``artist``, whose names then stand below the covers, or ``cover``.

    Raises:
        InputError: There are too many covers for one sheet.
    """
    from PIL import Image, ImageDraw

    most = max(len(genre.covers) for genre in drawn)
    columns = -(-most // -(-most // COLUMNS))  # rows of even length
    captions = any(cover.album.artist.name for genre in drawn for cover in genre.covers)
    lines = sum(_lines(genre, columns) for genre in drawn)
    spare = MOST_HEIGHT - TITLE - MARGIN - len(drawn) * (HEAD + GAP) - lines * (GAP + CAPTION * captions)
    side = min(MOST_SIDE, spare // lines)
    if side < LEAST_SIDE:
        raise InputError(
            f"{len(drawn)} genres with {lines} rows of covers are too many for one sheet: "
            "choose some with --genres, or a smaller --per-genre"
        )
    step = side + GAP + CAPTION * captions
    width = max(2 * MARGIN + columns * (side + GAP) - GAP, 480)
    picture = Image.new("RGB", (width, TITLE + MARGIN + len(drawn) * (HEAD + GAP) + lines * step), PAPER)
    pen = ImageDraw.Draw(picture)
    room = width - 2 * MARGIN
    pen.text((MARGIN, MARGIN), _fitted(title, _font(18), room), INK, _font(18))
    y = TITLE
    for genre in drawn:
        _head(pen, genre, unit, (MARGIN, y), room)
        y += HEAD
        for number, cover in enumerate(genre.covers):
            row, column = divmod(number, columns)
            _tile(picture, pen, cover, (MARGIN + column * (side + GAP), y + row * step), side)
        y += _lines(genre, columns) * step + GAP
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _lines(genre: Drawn, columns: int) -> int:
    return max(-(-len(genre.covers) // columns), 1)


def _head(pen: ImageDraw, genre: Drawn, unit: str, at: tuple[int, int], room: int) -> None:
    x, y = at
    pen.line((x, y + 4, x + room, y + 4), LINE)
    shown = _count(len(genre.covers), "cover")
    count = f"{shown}, {_count(genre.labelled, unit)} labelled"
    aside = room - int(pen.textlength(count, _font(13))) - 2 * GAP
    name = _fitted(genre.genre, _font(17), aside)
    pen.text((x, y + 12), name, INK, _font(17))
    pen.text((x + pen.textlength(name, _font(17)) + GAP, y + 16), count, DIM, _font(13))


def _tile(picture: Image, pen: ImageDraw, cover: Cover, at: tuple[int, int], side: int) -> None:
    """One cover, whole, in the middle of its square, and its artist below."""
    from PIL import Image, ImageOps

    shown = ImageOps.contain(Image.fromarray(cover.pixels), (side, side), Image.Resampling.LANCZOS)
    x, y = at
    left, top = x + (side - shown.width) // 2, y + (side - shown.height) // 2
    picture.paste(shown, (left, top))
    pen.rectangle((left, top, left + shown.width - 1, top + shown.height - 1), outline=EDGE)
    if cover.album.artist.name:
        pen.text((x, y + side + 4), _fitted(cover.album.artist.name, _font(12), side), DIM, _font(12))


def _count(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def _fitted(text: str, font: Font, room: int) -> str:
    """The text without what could upset a line, and as far as there is room for it."""
    text = " ".join(plain(text).split())
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "…") > room:
        text = text[:-1]
    return text.rstrip() + "…"


@cache
def _font(size: int) -> Font:
    from PIL import ImageFont

    for name in FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)
