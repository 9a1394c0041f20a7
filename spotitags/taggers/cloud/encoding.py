"""Covers as JPEG files that fit into a request of a paid service."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from spotitags.records import Cover


SIDE: Final = 480
"""Shorter side, in pixels, of a re-encoded cover: Google recommends 640 x 480 for labels."""
QUALITIES: Final = (95, 75, 50)
"""JPEG qualities of a re-encoded cover, tried in this order."""
_MAX_SIDE = 2 * SIDE
_JPEG = b"\xff\xd8\xff"


def encoded_cover(cover: Cover, max_bytes: int) -> bytes:
    """Return a cover as a JPEG of at most ``max_bytes``: its file, or its pixels re-encoded.

    Pixels are sent if the file is larger or is not a JPEG: each service reads transparency, 16 bits and
    animation in its own way, and the pixels are what the other taggers get.
    """
    if cover.data.startswith(_JPEG) and len(cover.data) <= max_bytes:
        return cover.data
    for quality in QUALITIES:
        data = _jpeg(cover.pixels, quality)
        if len(data) <= max_bytes:
            break
    return data


def _jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    from PIL import Image

    image = Image.fromarray(pixels)
    scale = min(1.0, SIDE / min(image.size), _MAX_SIDE / max(image.size))
    if scale < 1:
        width, height = (max(round(side * scale), 1) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()
