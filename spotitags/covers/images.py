"""Choose among the images of an album, which are sizes of one cover."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from spotitags.errors import CoverError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Album, Image

WANTED: Final = 300
"""Shorter side in pixels that is enough for most taggers, and that catalogues offer."""

_side = attrgetter("side")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def choose_image(images: Sequence[Image], wanted: int = WANTED) -> Image:
    """Choose the smallest image whose shorter side has ``wanted`` pixels, else the largest.

    Images of unknown size count as smallest.

    Raises:
        CoverError: There is no image (reason ``no-image``).
    """
    if not images:
        raise CoverError("no-image")
    large_enough = [image for image in images if image.side >= max(wanted, 1)]
    return min(large_enough, key=_side) if large_enough else max(images, key=_side)


def cover_url(album: Album, wanted: int = WANTED) -> str | None:
    """Return the URL of an album's cover; None if it is a local file, or if there is no cover.

    ``wanted`` is as for `choose_image`.
    """
    if not album.images:
        return None
    url = choose_image(album.images, wanted).url
    return url if url.startswith(("http://", "https://")) else None


def in_order(images: Sequence[Image], wanted: int) -> tuple[Image, ...]:
    """Return `choose_image`'s image, then the others, largest first: one size alone may be missing."""
    chosen = choose_image(images, wanted)
    others = sorted(images, key=_side, reverse=True)
    return tuple({image.url: image for image in [chosen, *others]}.values())


def is_remote(image: Image) -> bool:
    """Return whether an image is not a file: whatever a service names is none, also ``/etc/passwd``."""
    return bool(image.hosts or _SCHEME.match(image.url))
