"""Sheets of small pictures: the page shows thousands of covers from few files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE: Final = 2048
"""Side of a sheet in pixels: every graphics card takes it, and sheets appear one after the other."""

_LARGE_UP_TO: Final = 6_000  # covers that are shown at 64 px; more at 32 px, or they would fill the memory
_QUALITY: Final = 60


def cover_side(count: int) -> int:
    """Return the side in pixels of a cover on the sheets of so many covers."""
    return 64 if count <= _LARGE_UP_TO else 32


def per_page(side: int) -> int:
    """Return the number of covers on a sheet."""
    return (PAGE // side) ** 2


def pages(
    thumbs: Sequence[bytes], colours: Sequence[tuple[int, int, int]], side: int, first: int = 0
) -> Iterator[tuple[int, bytes]]:
    """Draw the sheets from one number on.

    Args:
        thumbs: Picture file of each cover; one without is drawn in its colour.
        colours: Mean colour of each cover.
        side: Side of a cover in pixels.
        first: Number of the first sheet.

    Yields:
        Number and WebP file of each sheet.
    """
    from PIL import Image

    columns, most = PAGE // side, per_page(side)
    for number in range(first, -(-len(thumbs) // most)):
        start = number * most
        count = min(most, len(thumbs) - start)
        sheet = Image.new("RGB", (PAGE, -(-count // columns) * side))
        for place in range(count):
            data, colour = thumbs[start + place], colours[start + place]
            spot = (place % columns * side, place // columns * side)
            if data:
                with Image.open(io.BytesIO(data)) as picture:
                    small = picture.convert("RGB").resize(
                        (side, side), Image.Resampling.LANCZOS, reducing_gap=2
                    )
                sheet.paste(small, spot)
            else:
                sheet.paste(colour, (*spot, spot[0] + side, spot[1] + side))
        stream = io.BytesIO()
        sheet.save(stream, "WEBP", quality=_QUALITY, method=2)
        yield number, stream.getvalue()
