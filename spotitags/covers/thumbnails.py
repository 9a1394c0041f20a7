"""Small JPEG copies of covers on disk, for pages that open offline."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from spotitags.covers.decode import decode_many
from spotitags.covers.fetch import CoverFetcher
from spotitags.covers.images import cover_url
from spotitags.records import Cover, CoverFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    from PIL import Image

    local = [album for album in albums if album.digest and album.images and cover_url(album) is None]
    made: dict[str, bytes] = {}
    with CoverFetcher() as fetcher:
        for start in range(0, len(local), _AT_ONCE):
            found = fetcher.fetch(local[start : start + _AT_ONCE], side)
            files = [file for file in found if isinstance(file, CoverFile)]
            for cover in decode_many(files, side):
                if isinstance(cover, Cover):
                    image = Image.fromarray(cover.pixels)
                    image.thumbnail((side, side))
                    stream = io.BytesIO()
                    image.save(stream, "JPEG", quality=_QUALITY)
                    made[cover.digest] = stream.getvalue()
    return made
