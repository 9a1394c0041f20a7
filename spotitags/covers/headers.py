"""Format of a picture, and its header: size and cost of decoding, read without a decoder.

A small file can take a decoder minutes or gigabytes: thousands of scans, chunks or compressed texts.
"""

from __future__ import annotations

from typing import Final

from spotitags.covers.formats import PARSERS, Header
from spotitags.errors import CoverError

_MAGIC: Final = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
_BMP_HEADERS: Final = {12, 16, 40, 52, 56, 64, 108, 124}  # bytes


def image_format(data: bytes) -> str:
    """Return the format of a picture by its first bytes, as in `Header.kind`: names and Content-Types lie.

    Raises:
        CoverError: With reason ``empty``, ``html`` or ``unknown-format``.
    """
    if not data:
        raise CoverError("empty")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and any(
        brand in data[8 : min(int.from_bytes(data[:4], "big"), 64)] for brand in (b"avif", b"avis")
    ):
        return "AVIF"
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    for magic, name in _MAGIC.items():
        if data.startswith(magic):
            return name
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<") and (b"<html" in start or b"<!doctype html" in start or b"<head" in start):
        raise CoverError("html")
    raise CoverError("unknown-format", f"starts with {data[:12]!r}")


def read_header(data: bytes) -> Header:
    """Read the header of a picture.

    Raises:
        CoverError: It is no picture, as in `image_format`, or surely takes too long to decode.
    """
    kind = image_format(data)
    try:
        return PARSERS[kind](data)
    except (IndexError, ValueError):
        return Header(kind, 0, 0, data)
