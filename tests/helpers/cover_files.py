"""Drawn cover files, intact and damaged ones."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw


def picture(mode: str = "RGB", size: tuple[int, int] = (320, 300)) -> Image.Image:
    """Draw a red disc on a diagonal blue gradient; smooth as a cover, unlike noise."""
    width, height = size
    image = Image.linear_gradient("L").resize(size)
    image = Image.merge(
        "RGB", (image.point(lambda value: value // 4), image.transpose(Image.Transpose.ROTATE_180), image)
    )
    box = (width // 4, height // 4, width - width // 4, height - height // 4)
    ImageDraw.Draw(image).ellipse(box, fill=(220, 20, 30))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the bytes of the image's file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def cover(kind: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = (320, 300), **options: Any) -> bytes:
    """Return the bytes of a drawn cover's file."""
    return saved(picture(mode, size), kind, **options)


def animation(kind: str, size: tuple[int, int] = (320, 300)) -> bytes:
    """Return an animation of two frames."""
    first = picture("RGB", size)
    return saved(first, kind, save_all=True, append_images=[first.transpose(Image.Transpose.FLIP_LEFT_RIGHT)])


def png_header(width: int, height: int) -> bytes:
    """Return a PNG with a size in its header and almost no data."""
    return png_file(width, height, zlib.compress(b"\0" * 100))


def png_file(
    width: int, height: int, pixels: bytes, *, bits: int = 8, colours: int = 2, interlaced: int = 0
) -> bytes:
    """Return a PNG with compressed pixels."""
    header = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, interlaced)
    chunks = (png_chunk(b"IHDR", header), png_chunk(b"IDAT", pixels), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def webp_header(width: int, height: int) -> bytes:
    """Return a WebP with a size in its header and no data."""
    canvas = b"\0" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", len(canvas)) + canvas
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def jpeg_header(width: int, height: int) -> bytes:
    """Return a JPEG whose frame header has another size than its data."""
    data = bytearray(cover("JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def gif_header(width: int, height: int) -> bytes:
    """Return a GIF whose screen has another size than its frame."""
    data = bytearray(cover("GIF", "L"))
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


def jpeg_bomb(side: int, scans: int) -> bytes:
    """Return a progressive JPEG with scans of a few bytes, each of which refines all blocks again."""
    plain = bytearray(cover("JPEG", "L", (64, 64), progressive=True))
    at = plain.index(b"\xff\xc2") + 5
    plain[at : at + 4] = struct.pack(">HH", side, side)
    table = bytes([0x10, 1, *[0] * 15, 0xE0])  # one code of one bit: the end of 2**14 blocks
    define = b"\xff\xc4" + struct.pack(">H", 2 + len(table)) + table
    scan = b"\xff\xda" + struct.pack(">HB", 8, 1) + bytes([1, 0x00, 1, 63, 0x10])
    return bytes(plain[: plain.rindex(b"\xff\xd9")]) + define + (scan + b"\x7f") * scans + b"\xff\xd9"
