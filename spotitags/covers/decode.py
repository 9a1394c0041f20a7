"""Decode cover files to RGB pixels, within limits on time and memory.

A file that a decoder surely finishes within a second is decoded in a thread; any other in a worker process
that is killed if it takes too long.
"""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from classifiers.files import read_plain
from spotitags.covers.headers import read_header
from spotitags.covers.memory import MemoryBudget, room_for_file
from spotitags.covers.pixels import check_size, rgb_pixels
from spotitags.covers.worker import SPARE, Cancellation, workers
from spotitags.errors import CoverError
from spotitags.io.text import single_line
from spotitags.records import Cover, CoverFile, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.covers.formats import Header
    from spotitags.records import Album

MAX_PIXELS: Final = 50_000_000
"""Default for the maximum number of pixels that are decoded: 7,071 x 7,071."""
MEMORY: Final = 220_000_000
"""Bytes that all decoders together may take at a time."""

_SMALL: Final = 12_000_000  # bytes that a cover takes without waiting for others
_BYTES_PER_RESULT: Final = 16  # of a pixel that is returned: with transparency, on white, in RGB, as an array
_memory: Final = MemoryBudget(MEMORY)


def decode(
    file: CoverFile,
    min_side: int,
    *,
    max_pixels: int = MAX_PIXELS,
    cancellation: Cancellation | None = None,
) -> Cover:
    """Decode one cover to RGB.

    A JPEG that is much larger than needed is decoded at 1/2, 1/4 or 1/8, which is several times faster. An
    image that is still more than twice too large is averaged down by an integer factor. Transparent areas
    become white, and 16 bits become 8; CMYK and palettes become RGB. Of an animation the first frame counts.
    The picture is turned as its EXIF data say; colour profiles are ignored.

    Args:
        file: Bytes of the cover, as `spotitags.covers.fetch.CoverFetcher.fetch` returns them.
        min_side: Minimum of the shorter side in pixels; a smaller cover keeps its size.
        max_pixels: Maximum of width times height; a larger cover is not decoded.
        cancellation: Ends decoding early, if another thread cancels it.

    Returns:
        The cover with pixels (height, width, 3), RGB, uint8, C-contiguous and writable.

    Raises:
        CoverError: With one of `spotitags.errors.REASONS`.
        CancelledError: Decoding was cancelled.
    """
    cancellation = cancellation or Cancellation()
    with room_for_file(file.length):
        data = file.read()
        header = read_header(data)
        if header.width:
            check_size(header.width, header.height, max_pixels)
        needed = _needed(header, min_side)
        if not header.quick:
            needed += SPARE + 3 * len(header.data)
        with nullcontext() if needed < _SMALL else _memory.taken(needed):
            cancellation.check()
            if header.quick:
                pixels = rgb_pixels(header.kind, header.data, min_side, max_pixels)
            else:
                arguments = {"kind": header.kind, "min_side": min_side, "max_pixels": max_pixels}
                pixels = workers.pixels(arguments, header.data, needed, cancellation)
    return Cover(file.album, file.digest, pixels, data if header.upright else b"")


def _needed(header: Header, min_side: int) -> int:
    """Return the bytes that decoding takes, at most.

    Raises:
        CoverError: They are more than `MEMORY`.
    """
    width, height = header.width, header.height
    if not width:
        return MEMORY // 2
    factor = max(min(width, height) // max(min_side, 1), 1)
    needed = width * height * header.memory + width * height // factor**2 * _BYTES_PER_RESULT
    if header.kind == "JPEG":  # its pixels are scaled by 1/2, 1/4 or 1/8
        needed += width * height * 4 // min(1 << (factor.bit_length() - 1), 8) ** 2
    if needed > MEMORY:
        raise CoverError("too-many-pixels", f"{width}x{height} as {header.kind}: over {MEMORY // 10**6} MB")
    return needed


def decode_many(
    files: Sequence[CoverFile],
    min_side: int,
    workers: int | None = None,
    *,
    max_pixels: int = MAX_PIXELS,
    cancellation: Cancellation | None = None,
) -> list[Cover | Skipped]:
    """Decode covers on several threads.

    Args:
        files: Bytes of the covers.
        min_side: As for `decode`.
        workers: Number of threads; None for one per core, because Pillow releases the GIL.
        max_pixels: As for `decode`.
        cancellation: As for `decode`.

    Returns:
        One result per file, in the same order.

    Raises:
        CancelledError: Decoding was cancelled.
    """
    cancellation = cancellation or Cancellation()

    def decode_one(file: CoverFile) -> Cover | Skipped:
        try:
            return decode(file, min_side, max_pixels=max_pixels, cancellation=cancellation)
        except CoverError as error:
            return skipped_cover(file.album, error)

    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        try:
            return list(pool.map(decode_one, files))
        except BaseException:  # Ctrl-C: the pool waits for its threads
            cancellation.cancel()
            raise


def skipped_cover(album: Album, error: CoverError) -> Skipped:
    """Build the `Skipped` of an album's cover from the error; its text has no control characters."""
    detail = single_line(error.detail)
    reason = f"{error.reason}: {detail}" if detail else error.reason
    return Skipped(single_line(album.name or album.id), reason, error.reason)


def image_size(data: bytes) -> tuple[int, int] | None:
    """Read width and height in pixels from a file's header, without decoding it; None if it is damaged."""
    try:
        header = read_header(data)
        check_size(header.width, header.height, MAX_PIXELS)
    except CoverError:
        return None
    return header.width, header.height


def read_file(path: str, max_bytes: int) -> bytes:
    """Read a cover's file.

    Raises:
        CoverError: It does not exist, is no plain file, or has more than ``max_bytes``.
    """
    try:
        return read_plain(Path(path), max_bytes)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CoverError("not-found", path) from error
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            raise CoverError("too-many-bytes", f"more than {max_bytes} bytes") from error
        raise CoverError("refused", f"{path}: {getattr(error, 'strerror', None) or error}") from error
