"""Decode cover files to RGB pixels, refusing every file that is not a plain image."""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from spotitags.errors import CoverError
from spotitags.io.text import single_line
from spotitags.records import Cover, CoverFile, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage
    from PIL.ImageFile import ImageFile

    from spotitags.records import Album


MIN_SIDE: Final = 16
"""Covers with a shorter side, in pixels, are placeholders."""

_MAGIC: Final = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF87a": "GIF", b"GIF89a": "GIF"}

MAX_PIXELS: Final = 50_000_000
"""Most pixels that are decoded where a caller does not say: 7,071 x 7,071."""


def rgb_pixels(data: bytes, min_side: int, max_pixels: int) -> NDArray[np.uint8]:
    """(height, width, 3) RGB, C-contiguous and writable; see `spotitags.covers.decode`.

    Raises:
        CoverError: With one of `spotitags.covers.fetch.REASONS`.
    """
    kind = image_format(data)
    try:
        image = _open(data, kind, max_pixels)
        _check_frames_and_colours(image)
        image.draft(None, (max(min_side, 1),) * 2)  # libjpeg's scaled inverse DCT
        return _rgb(image, min_side)
    except CoverError:
        raise
    except Exception as error:
        # Damaged bytes make decoders raise almost anything, and one cover must not stop the rest.
        reason = "truncated" if _cut_short(data, kind, error) else "broken"
        raise CoverError(reason, f"{kind}: {error}") from error


def image_format(data: bytes) -> str:
    """``JPEG``, ``PNG``, ``WebP`` or ``GIF`` by the first bytes; names and Content-Types lie.

    Raises:
        CoverError: With reason ``empty``, ``html`` or ``unknown-format``.
    """
    if not data:
        raise CoverError("empty")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    for magic, name in _MAGIC.items():
        if data.startswith(magic):
            return name
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<") and (b"<html" in start or b"<!doctype html" in start or b"<head" in start):
        raise CoverError("html")
    raise CoverError("unknown-format", f"starts with {data[:12]!r}")


def _open(data: bytes, kind: str, pixels: int) -> ImageFile:
    """Read the header. Pillow's own limit on pixels is a global of the process, so its classes directly."""
    from PIL.GifImagePlugin import GifImageFile
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    classes: dict[str, type[ImageFile]] = {"GIF": GifImageFile, "JPEG": JpegImageFile, "PNG": PngImageFile}
    if kind == "WebP":
        _check_size(*_webp_size(data), pixels)  # its decoder allocates the canvas as soon as it is made
    image = classes.get(kind, WebPImageFile)(io.BytesIO(data))
    _check_size(*image.size, pixels)
    return image


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height by the first chunk (RFC 9649, 2.5 to 2.7)."""
    chunk = data[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def _check_size(width: int, height: int, pixels: int) -> None:
    if width * height > pixels:
        raise CoverError("too-many-pixels", f"{width}x{height}, at most {pixels} in all")
    if min(width, height) < MIN_SIDE:
        raise CoverError("too-small", f"{width}x{height}")


def _check_frames_and_colours(image: ImageFile) -> None:
    if getattr(image, "is_animated", False):
        raise CoverError("animated")
    if image.mode == "CMYK":
        raise CoverError("cmyk")
    if image.mode in {"P", "PA"}:
        raise CoverError("palette")
    if image.mode not in {"1", "L", "LA", "RGB", "RGBA", "RGBX"} and not image.mode.startswith("I;16"):
        raise CoverError("colours", image.mode)


def _rgb(image: PillowImage, min_side: int) -> NDArray[np.uint8]:
    """(height, width, 3) RGB, writable, because torch complains about arrays that are not."""
    import numpy as np
    from PIL import Image

    if (factor := min(image.size) // max(min_side, 1)) > 1 and image.mode in {
        "L",
        "LA",
        "RGB",
        "RGBA",
        "RGBX",
    }:
        image = _reduced(image, factor)

    if image.mode.startswith("I;16"):
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(grey[..., np.newaxis], 3, axis=2)
    if image.mode in {"LA", "RGBA"} or "transparency" in image.info:
        see_through = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", see_through.size, "white"), see_through)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def _reduced(image: PillowImage, factor: int) -> PillowImage:
    """Average ``factor`` x ``factor`` pixels: a small file can hold 150 MB of them, and batches hold many."""
    transparency = image.info.get("transparency")
    if transparency is not None:  # a colour that means see-through would be lost in the mean
        image = image.convert("RGBA")
    return image.reduce(factor)


def _cut_short(data: bytes, kind: str, error: Exception) -> bool:
    """Whether damaged bytes lack their end."""
    tail = data[-64:]
    ends = {"JPEG": b"\xff\xd9" in tail, "PNG": b"IEND" in tail, "GIF": tail.endswith(b";")}
    complete = ends.get(kind, int.from_bytes(data[4:8], "little") + 8 <= len(data))
    return not complete or "truncated" in str(error)


def decode(file: CoverFile, min_side: int, *, pixels: int = MAX_PIXELS) -> Cover:
    """Open one cover as RGB.

    A JPEG that is much larger than needed is decoded at 1/2, 1/4 or 1/8, several times faster; what is still
    twice too large is then averaged down by a whole factor. The shorter side never falls below ``min_side``.
    Transparent parts become white and 16 bits become 8. EXIF
    orientation and colour profiles are left alone: catalogues serve covers upright and in sRGB.

    Args:
        file: Bytes as `Covers.fetch` gives them.
        min_side: What the shorter side must keep, in pixels, where the file has it.
        pixels: Most pixels, width times height, that are decoded.

    Raises:
        CoverError: With one of `REASONS`.
    """
    return Cover(file.album, file.digest, rgb_pixels(file.data, min_side, pixels), file.data)


def decode_many(
    files: Sequence[CoverFile], min_side: int, workers: int | None = None, *, pixels: int = MAX_PIXELS
) -> list[Cover | Skipped]:
    """`decode` on ``workers`` threads (default one a core: Pillow frees the GIL), aligned with ``files``."""

    def one(file: CoverFile) -> Cover | Skipped:
        try:
            return decode(file, min_side, pixels=pixels)
        except CoverError as error:
            return _skipped(file.album, error)

    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        return list(pool.map(one, files))


def _skipped(album: Album, error: CoverError) -> Skipped:
    detail = single_line(error.detail)
    return Skipped(
        single_line(album.name or album.id), f"{error.reason}: {detail}" if detail else error.reason
    )
