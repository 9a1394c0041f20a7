"""Small JPEG copies of covers for pages that open offline."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Final

from spotitags.covers.decode import decode_many
from spotitags.covers.fetch import CoverFetcher
from spotitags.covers.images import cover_url
from spotitags.records import Cover, CoverFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from spotitags.records import Album

_AT_ONCE: Final = 64  # covers in memory
_QUALITY: Final = 78


def thumbnails(albums: Iterable[Album], side: int) -> Mapping[str, bytes]:
    """Make thumbnails of the covers that are files on this machine; others are not fetched.

    Args:
        albums: Albums with digests.
        side: Longer side of a thumbnail in pixels.

    Returns:
        JPEG files by the digests of the covers; covers that cannot be read are left out.
    """
    local = [album for album in albums if album.digest and album.images and cover_url(album) is None]
    made: dict[str, bytes] = {}
    with CoverFetcher() as fetcher:
        for start in range(0, len(local), _AT_ONCE):
            found = fetcher.fetch(local[start : start + _AT_ONCE], side)
            files = [file for file in found if isinstance(file, CoverFile)]
            for cover in decode_many(files, side):
                if isinstance(cover, Cover):
                    made[cover.digest] = thumbnail(cover.pixels, side, _QUALITY)
    return made


def thumbnail(pixels: NDArray[np.uint8], side: int, quality: int) -> bytes:
    """Return a picture as JPEG, made smaller if it is larger.

    Args:
        pixels: (height, width, 3) RGB.
        side: Maximum of the longer side in pixels.
        quality: JPEG's, from 1 to 95.
    """
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((side, side))
    return jpeg(image, quality)


def jpeg(image: Image, quality: int) -> bytes:
    """Encode a picture as JPEG with a quality from 1 to 95."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def data_url(data: bytes) -> str:
    """Return the address of a JPEG that a page holds itself."""
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
