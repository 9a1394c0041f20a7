"""Decode cover files to RGB pixels, refusing every file that is not a plain image."""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
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
"""Minimum of the shorter side in pixels; a smaller cover is a placeholder."""

_MAGIC: Final = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF87a": "GIF", b"GIF89a": "GIF"}

MAX_PIXELS: Final = 50_000_000
"""Default for the maximum number of pixels that are decoded: 7,071 x 7,071."""


def decode(file: CoverFile, min_side: int, *, max_pixels: int = MAX_PIXELS) -> Cover:
    """Decode one cover to RGB.

    A JPEG that is much larger than needed is decoded at 1/2, 1/4 or 1/8, which is several times faster. An
    image that is still more than twice too large is averaged down by an integer factor. Transparent areas
    become white, and 16 bits become 8. EXIF orientation and colour profiles are ignored: catalogues serve
    covers upright and in sRGB.

    Args:
        file: Bytes of the cover, as `spotitags.covers.fetch.CoverFetcher.fetch` returns them.
        min_side: Minimum of the shorter side in pixels; a smaller cover keeps its size.
        max_pixels: Maximum of width times height; a larger cover is not decoded.

    Returns:
        The cover with pixels (height, width, 3), RGB, uint8, C-contiguous and writable.

    Raises:
        CoverError: With one of `spotitags.errors.REASONS`.
    """
    kind = image_format(file.data)
    try:
        image = _open(file.data, kind, max_pixels)
        _check_frames_and_colours(image)
        image.draft(None, (max(min_side, 1),) * 2)  # libjpeg's scaled inverse DCT
        return Cover(file.album, file.digest, _rgb(image, min_side), file.data)
    except CoverError:
        raise
    except Exception as error:
        # Damaged bytes make decoders raise almost anything, and one cover must not stop the others.
        reason = "truncated" if _is_truncated(file.data, kind, error) else "broken"
        raise CoverError(reason, f"{kind}: {error}") from error


def decode_many(
    files: Sequence[CoverFile],
    min_side: int,
    workers: int | None = None,
    *,
    max_pixels: int = MAX_PIXELS,
) -> list[Cover | Skipped]:
    """Decode covers on several threads.

    Args:
        files: Bytes of the covers.
        min_side: As for `decode`.
        workers: Number of threads; None for one per core, because Pillow releases the GIL.
        max_pixels: As for `decode`.

    Returns:
        One result per file, in the same order.
    """

    def decode_one(file: CoverFile) -> Cover | Skipped:
        try:
            return decode(file, min_side, max_pixels=max_pixels)
        except CoverError as error:
            return skipped_cover(file.album, error)

    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        return list(pool.map(decode_one, files))


def skipped_cover(album: Album, error: CoverError) -> Skipped:
    """Build the `Skipped` of an album's cover from the error; its text has no control characters."""
    detail = single_line(error.detail)
    reason = f"{error.reason}: {detail}" if detail else error.reason
    return Skipped(single_line(album.name or album.id), reason, error.reason)


def image_format(data: bytes) -> str:
    """Return ``JPEG``, ``PNG``, ``WebP`` or ``GIF``, by the first bytes: names and Content-Types lie.

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


def image_size(data: bytes) -> tuple[int, int] | None:
    """Read width and height in pixels from a file's header, without decoding it; None if it is damaged."""
    try:
        return _open(data, image_format(data), MAX_PIXELS).size
    except CoverError:
        return None
    except Exception:  # noqa: BLE001 — damaged bytes make decoders raise almost anything
        return None


def read_file(path: str, max_bytes: int) -> bytes:
    """Read a cover's file.

    Raises:
        CoverError: It does not exist, is no plain file, or has more than ``max_bytes``.
    """
    try:
        file = Path(path)
        if file.exists() and not file.is_file():
            raise CoverError("refused", f"{path}: not a plain file")  # reading a pipe might never end
        with file.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CoverError("not-found", path) from error
    except (OSError, ValueError) as error:
        raise CoverError("refused", f"{path}: {error}") from error
    if len(data) > max_bytes:
        raise CoverError("too-many-bytes", f"more than {max_bytes} bytes")
    return data


def _open(data: bytes, kind: str, max_pixels: int) -> ImageFile:
    """Read the header with Pillow's plug-in classes: ``Image.open`` has a global limit on pixels."""
    from PIL.GifImagePlugin import GifImageFile
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    classes: dict[str, type[ImageFile]] = {"GIF": GifImageFile, "JPEG": JpegImageFile, "PNG": PngImageFile}
    if kind == "WebP":
        _check_size(*_webp_size(data), max_pixels)  # the decoder allocates the canvas when it is built
    image = classes.get(kind, WebPImageFile)(io.BytesIO(data))
    _check_size(*image.size, max_pixels)
    return image


def _webp_size(data: bytes) -> tuple[int, int]:
    """Read width and height from the first chunk (RFC 9649, 2.5 to 2.7)."""
    chunk = data[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise CoverError("too-many-pixels", f"{width}x{height}, at most {max_pixels} in all")
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
    """Convert to (height, width, 3) RGB uint8; writable, because torch complains about other arrays."""
    import numpy as np
    from PIL import Image

    factor = min(image.size) // max(min_side, 1)
    if factor > 1 and image.mode in {"L", "LA", "RGB", "RGBA", "RGBX"}:
        image = _reduced(image, factor)
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(grey[..., np.newaxis], 3, axis=2)
    if image.mode in {"LA", "RGBA"} or "transparency" in image.info:
        transparent = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", transparent.size, "white"), transparent)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def _reduced(image: PillowImage, factor: int) -> PillowImage:
    """Average blocks of ``factor`` x ``factor`` pixels, as a small file may hold 150 MB of them."""
    if image.info.get("transparency") is not None:  # averaging would lose the colour that means transparent
        image = image.convert("RGBA")
    return image.reduce(factor)


def _is_truncated(data: bytes, kind: str, error: Exception) -> bool:
    """Return whether damaged bytes lack their end."""
    tail = data[-64:]
    ends = {"JPEG": b"\xff\xd9" in tail, "PNG": b"IEND" in tail, "GIF": tail.endswith(b";")}
    complete = ends.get(kind, int.from_bytes(data[4:8], "little") + 8 <= len(data))
    return not complete or "truncated" in str(error)
