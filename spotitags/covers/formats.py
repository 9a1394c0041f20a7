"""Headers of pictures by format, read without a decoder.

What these parsers read is bounded, and so is what they leave of a file to a decoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from spotitags.errors import CoverError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_PARTS: Final = 4_096
"""Maximum number of segments, chunks or blocks before the pixels that are decoded without a worker."""
MAX_SCANS: Final = 150_000_000
"""Maximum of pixels times scans of a JPEG that is decoded without a worker."""
MAX_RAW: Final = 64_000_000
"""Maximum number of uncompressed bytes of a PNG that is decoded without a worker."""
MAX_FRAME: Final = {"GIF": 16_000_000, "WebP": 6_000_000}
"""Maximum number of pixels of other formats that are decoded without a worker."""
HOPELESS: Final = 100_000_000_000
"""Pixels times scans of a JPEG that no decoder finishes in `spotitags.covers.worker.SECONDS`."""

_MAX_EXIF: Final = 65_536  # bytes
_ORIENTATION: Final = 0x0112  # tag of TIFF
_MAX_PROFILE: Final = 4_000_000  # bytes of a JPEG before its pixels
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a PNG, by type of colour


class Header(NamedTuple):
    """Header of a picture.

    Attributes:
        kind: ``JPEG``, ``PNG``, ``WebP``, ``GIF``, ``AVIF``, ``BMP`` or ``TIFF``.
        width: Pixels; 0 if the header is damaged.
        height: As ``width``.
        data: The file without what no decoder needs: metadata, and further frames of a PNG.
        quick: True if a decoder surely takes less than a second.
        memory: Bytes per pixel that a decoder needs, at most; those of its output are not counted if it
            gives them in a smaller size.
        upright: False if the file is CMYK or turned by EXIF, which other programs may show otherwise.
    """

    kind: str
    width: int
    height: int
    data: bytes
    quick: bool = False
    memory: int = 4
    upright: bool = True


def exif_orientation(exif: bytes) -> int:
    """Return the orientation in EXIF data, 1 to 8; 1 if there is none.

    Source: TIFF 6.0, section 2 and tag 274.
    """
    start = exif.removeprefix(b"Exif\0\0")[:_MAX_EXIF]
    number: Callable[[bytes, int, int], int] = _little if start[:2] == b"II" else _int
    directory = number(start, 4, 4)
    for entry in range(directory + 2, min(directory + 2 + 12 * number(start, directory, 2), len(start)), 12):
        if number(start, entry, 2) == _ORIENTATION:
            value = number(start, entry + 8, 2)
            return value if value in range(1, 9) else 1
    return 1


def _int(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _little(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


# JPEG (ITU-T T.81, annex B)

_FRAMES: Final = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_QUICK_FRAMES: Final = {0xC0, 0xC1, 0xC2}  # Huffman coded: baseline, extended, progressive
_APP1, _APP14, _COMMENT, _SCAN = 0xE1, 0xEE, 0xFE, 0xDA


def _jpeg(data: bytes) -> Header:
    """Keep of the application's segments those that say how to read the colours, and EXIF."""
    view = memoryview(data)
    kept, left_out, frame, position, orientation = [view[:2]], 0, None, 2, 0
    for marker, start, end in _segments(data):
        position = end
        exif = marker == _APP1 and data.startswith(b"Exif\0\0", start + 4)
        application = 0xE0 < marker < 0xF0 or marker == _COMMENT
        if marker in _FRAMES and frame is None:
            frame = (
                marker,
                data[start + 4],
                _int(data, start + 7, 2),
                _int(data, start + 5, 2),
                data[start + 9],
            )
        if not application or marker == _APP14 or exif:
            kept.append(view[start:end])
        else:
            left_out += 1
        if exif and not orientation:
            orientation = exif_orientation(data[start + 4 : end])
    if frame is None:
        raise ValueError("no frame")
    marker, bits, width, height, channels = frame
    scans = data.count(b"\xff\xda", position)  # more, if the file ends in another picture
    if width * height * scans > HOPELESS:
        raise CoverError("too-slow", f"{scans} scans of {width}x{height}")
    regular = data[position] == 0xFF and data[position + 1] == _SCAN
    regular &= marker in _QUICK_FRAMES and bits == 8 and sum(map(len, kept)) <= 2 * _MAX_EXIF
    one_scan = scans == 1 and marker not in {0xC2, 0xCA}
    return Header(
        "JPEG",
        width,
        height,
        b"".join([*kept, view[position:]]) if left_out else data,
        quick=regular and width * height * scans <= MAX_SCANS,
        memory=0 if one_scan else 2 * channels,
        upright=orientation <= 1 and channels != 4,
    )


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment before the first scan."""
    at = 2
    for _ in range(MAX_PARTS):
        marker = data[at + 1]
        if data[at] != 0xFF or marker in {_SCAN, 0xFF, 0x00} or 0xD0 <= marker <= 0xD9 or at > _MAX_PROFILE:
            return
        end = at + 2 + _int(data, at + 2, 2)
        yield marker, at, end
        at = end


# PNG (W3C, Portable Network Graphics, third edition)

_KEPT_CHUNKS: Final = {b"tRNS", b"eXIf"}


def _png(data: bytes) -> Header:
    """Keep the critical chunks, transparency and EXIF: of an animation the picture that all programs show."""
    width, height, bits, colours, interlaced = (
        _int(data, 16, 4),
        _int(data, 20, 4),
        data[24],
        data[25],
        data[28],
    )
    if data[12:16] != b"IHDR":
        raise ValueError("no header")
    view = memoryview(data)
    kept, at = [view[:8]], 8
    for _ in range(MAX_PARTS):
        name, end = data[at + 4 : at + 8], at + 12 + _int(data, at, 4)
        critical = not name[:1].islower()
        if critical or (name in _KEPT_CHUNKS and end - at <= _MAX_EXIF):
            kept.append(view[at:end])
        at = end
        if name == b"IEND" or at >= len(data):
            break
    else:
        return Header("PNG", width, height, data)
    row = (width * bits * _CHANNELS.get(colours, 4) + 7) // 8
    whole = b"".join(kept)
    return Header("PNG", width, height, whole, quick=height * (row + 1) * (1 + interlaced) <= MAX_RAW)


# GIF (CompuServe, version 89a)

_EXTENSION, _IMAGE, _CONTROL = 0x21, 0x2C, 0xF9


def _gif(data: bytes) -> Header:
    """Leave out comments before the first frame."""
    width, height = _little(data, 6, 2), _little(data, 8, 2)
    first = 13 + (3 << (data[10] % 8 + 1) if data[10] & 0x80 else 0)
    at, control = first, b""
    for _ in range(MAX_PARTS):
        if data[at] == _IMAGE:
            break
        if data[at] != _EXTENSION:
            raise ValueError("neither extension nor image")
        begin, label, at = at, data[at + 1], at + 2
        for _ in range(MAX_PARTS):
            size = data[at]
            at += 1 + size
            if not size:
                break
        else:
            return Header("GIF", width, height, data, memory=5)
        control = data[begin:at] if label == _CONTROL else control
    else:
        return Header("GIF", width, height, data, memory=5)
    right, bottom = (_little(data, at + 1 + i, 2) + _little(data, at + 5 + i, 2) for i in (0, 2))
    width, height = max(width, right), max(height, bottom)
    quick = width * height <= MAX_FRAME["GIF"]
    return Header("GIF", width, height, data[:first] + control + data[at:], quick, 5)


# WebP (RFC 9649, 2.5 to 2.7)


def _webp(data: bytes) -> Header:
    chunk = data[12:16]
    if chunk == b"VP8X":
        width, height = 1 + _little(data, 24, 3), 1 + _little(data, 27, 3)
    elif chunk == b"VP8L":
        bits = _little(data, 21, 4)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    quick = width * height <= MAX_FRAME["WebP"] and len(data) <= MAX_FRAME["WebP"]
    return Header("WebP", width, height, data, quick, 16)


# AVIF (ISO/IEC 23008-12): the largest picture in meta/iprp/ipco


def _avif(data: bytes) -> Header:
    sizes = [(0, 0)]
    levels = [(0, len(data))]
    for name, skipped in ((b"meta", 4), (b"iprp", 0), (b"ipco", 0)):
        levels = [(start + skipped, end) for each in levels for start, end in _boxes(data, *each, name)]
    for start, _ in (box for level in levels for box in _boxes(data, *level, b"ispe")):
        sizes.append((_int(data, start + 4, 4), _int(data, start + 8, 4)))
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return Header("AVIF", width, height, data, memory=20)


def _boxes(data: bytes, at: int, end: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of the content of the first boxes with a name."""
    for _ in range(64):
        size, name = _int(data, at, 4), data[at + 4 : at + 8]
        if size < 8 or at + size > end:
            return
        if name == wanted:
            yield at + 8, at + size
        at += size


def boxes_end(data: bytes) -> int:
    """Return where the last of the first boxes of an AVIF ends, which may be behind the end of the data."""
    at = 0
    for _ in range(64):
        size = _int(data, at, 4)
        if size < 8:
            break
        at += size
    return at


# BMP and TIFF


def _bmp(data: bytes) -> Header:
    if _little(data, 14, 4) == 12:
        return Header("BMP", _little(data, 18, 2), _little(data, 20, 2), data)
    width, height = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (18, 22))
    return Header("BMP", abs(width), abs(height), data)


def _tiff(data: bytes) -> Header:
    """Read width and height (tags 256 and 257) from the first directory."""
    order: Callable[[bytes, int, int], int] = _little if data[:2] == b"II" else _int
    start = order(data, 4, 4) + 2
    entries = range(start, start + 12 * min(order(data, start - 2, 2), MAX_PARTS), 12)
    size = {256: 0, 257: 0}
    for entry in entries:
        tag, kind = order(data, entry, 2), order(data, entry + 2, 2)
        if tag in size:
            size[tag] = order(data, entry + 8, 2 if kind == 3 else 4)
    return Header("TIFF", size[256], size[257], data, memory=8)


PARSERS: Final[dict[str, Callable[[bytes], Header]]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "GIF": _gif,
    "WebP": _webp,
    "AVIF": _avif,
    "BMP": _bmp,
    "TIFF": _tiff,
}
