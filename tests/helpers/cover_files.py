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


def animation(kind: str) -> bytes:
    """Return an animation of two frames."""
    first = picture()
    return saved(first, kind, save_all=True, append_images=[first.transpose(Image.Transpose.FLIP_LEFT_RIGHT)])


def png_header(width: int, height: int) -> bytes:
    """Return a PNG with a size in its header and almost no data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


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
