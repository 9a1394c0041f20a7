"""Damaged pictures, and small files that take a decoder without limits minutes or gigabytes.

Equal seeds give equal files. ``python tests/helpers/picture_attacks.py FOLDER --mutants 10000`` writes them.
"""

from __future__ import annotations

import argparse
import io
import random
import struct
import zlib
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from helpers.cover_files import animation, cover, jpeg_bomb, picture, png_chunk, png_file, saved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIDE = 96  # pixels of what is damaged
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\xff\xff", b"\xff\xff\0\0")


def originals() -> dict[str, bytes]:
    """Return intact pictures of 14 formats."""
    size = (SIDE, SIDE)
    deep = Image.linear_gradient("L").resize(size).convert("I;16")
    return {
        "JPEG": cover(size=size),
        "progressive JPEG": cover(size=size, progressive=True),
        "CMYK JPEG": cover("JPEG", "CMYK", size),
        "PNG": cover("PNG", "RGBA", size),
        "palette PNG": cover("PNG", "P", size),
        "16-bit PNG": saved(deep, "PNG"),
        "APNG": animation("PNG", size),
        "GIF": cover("GIF", "P", size),
        "animated GIF": animation("GIF", size),
        "WebP": cover("WEBP", size=size),
        "animated WebP": animation("WEBP", size),
        "AVIF": cover("AVIF", size=size),
        "TIFF": cover("TIFF", size=size, compression="tiff_lzw"),
        "BMP": cover("BMP", size=size),
    }


def mutants(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield names and bytes of damaged pictures, each format in turn."""
    pictures = originals()
    for number, (name, data) in enumerate(islice(cycle(pictures.items()), count)):
        rng = random.Random(f"{seed} {number}")
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            rng.choice(_DAMAGES)(damaged, rng, pictures)
        yield f"{number:05} {name}", bytes(damaged)


def _flip(data: bytearray, rng: random.Random, _others: dict[str, bytes]) -> None:
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _flip_header(data: bytearray, rng: random.Random, _others: dict[str, bytes]) -> None:
    data[rng.randrange(min(len(data), 200))] = rng.randrange(256)


def _cut(data: bytearray, rng: random.Random, _others: dict[str, bytes]) -> None:
    del data[rng.randint(12, max(len(data), 13)) :]


def _extreme(data: bytearray, rng: random.Random, _others: dict[str, bytes]) -> None:
    at = rng.randrange(min(len(data), 400))
    data[at : at + 4] = rng.choice(_EXTREMES)


def _repeat(data: bytearray, rng: random.Random, _others: dict[str, bytes]) -> None:
    at, size = rng.randrange(len(data)), rng.randint(1, 200)
    data[at:at] = data[at : at + size] * rng.randint(1, 50)


def _remove(data: bytearray, rng: random.Random, _others: dict[str, bytes]) -> None:
    at = rng.randrange(12, max(len(data), 13))
    del data[at : at + rng.randint(1, 60)]


def _splice(data: bytearray, rng: random.Random, others: dict[str, bytes]) -> None:
    other = rng.choice(list(others.values()))
    at = rng.randrange(12, max(len(data), 13))
    data[at:] = other[rng.randrange(len(other)) :]


_DAMAGES = (_flip, _flip, _flip_header, _cut, _extreme, _repeat, _remove, _splice)


def bombs() -> dict[str, Callable[[], bytes]]:
    """Return 50 functions by name, each of which builds a file that is hard to decode."""
    found: dict[str, Callable[[], bytes]] = {}
    for side, scans in (
        (300, 60_000),
        (640, 14_000),
        (1500, 20_000),
        (3000, 14_000),
        (7000, 2_000),
        (7000, 14_000),
    ):
        found[f"JPEG {side} px, {scans} scans"] = lambda s=side, n=scans: jpeg_bomb(s, n)
    found |= {
        "JPEG 65535 px": lambda: jpeg_bomb(65_535, 1),
        "JPEG 7000 px without data": lambda: jpeg_bomb(7_000, 1),
        "JPEG a million comments": lambda: _jpeg_with(b"\xff\xfe\0\2" * 1_000_000),
        "JPEG megabytes between segments": lambda: _jpeg_with(b"\0" * 8_000_000),
        "JPEG fill bytes": lambda: _jpeg_with(b"\xff" * 8_000_000),
        "JPEG 200 EXIF": lambda: _jpeg_with(_exif_bomb() * 200),
        "JPEG 100000 tables": lambda: _jpeg_with(b"\xff\xdb\0\x43\0" + b"\1" * 64, 100_000),
        "JPEG Photoshop": lambda: _jpeg_with(
            b"\xff\xed\xff\xff" + (b"Photoshop 3.0\0" + b"8BIM" * 20_000)[:65_533]
        ),
        "PNG 2^31 px": lambda: png_file(2**31 - 1, 2**31 - 1, b""),
        "PNG 20000 px": lambda: png_file(20_000, 20_000, zlib.compress(bytes(1 << 20))),
        "PNG 1 px high": lambda: png_file(49_000_000, 1, b""),
    }
    for bits, colours, channels in ((8, 0, 1), (16, 0, 1), (8, 2, 3), (16, 2, 3), (8, 6, 4), (16, 6, 4)):
        found[f"PNG 7000 px, {bits} bits, type {colours}"] = lambda b=bits, c=colours, n=channels: png_file(
            7_000, 7_000, _zeros(7_000 * (1 + 7_000 * n * b // 8)), bits=b, colours=c
        )
    text = _zeros(200_000_000)
    found |= {
        "PNG interlaced": lambda: png_file(7_000, 7_000, _zeros(200_000_000), interlaced=1),
        "PNG zTXt": lambda: _png_with(png_chunk(b"zTXt", b"Comment\0\0" + text)),
        "PNG 500 zTXt": lambda: _png_with(png_chunk(b"zTXt", b"Comment\0\0" + _zeros(1_000_000)) * 500),
        "PNG iTXt": lambda: _png_with(png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + text)),
        "PNG iCCP": lambda: _png_with(png_chunk(b"iCCP", b"icc\0\0" + text)),
        "PNG a million chunks": lambda: _png_with(png_chunk(b"tEXt", b"a\0b") * 1_000_000),
        "PNG a million chunks of pixels": _png_of_small_chunks,
        "PNG EXIF": lambda: _png_with(png_chunk(b"eXIf", _exif_bomb()[10:])),
        "APNG 100000 frames": lambda: _png_with(png_chunk(b"fcTL", bytes(26)) * 100_000),
        "GIF 65535 px": lambda: _gif(65_535, 65_535, 16, 16),
        "GIF frame of 65535 px": lambda: _gif(16, 16, 65_535, 65_535),
        "GIF 7000 px": lambda: _gif(7_000, 7_000, 7_000, 7_000),
        "GIF a million comments": lambda: _gif(64, 64, 64, 64, b"\x21\xfe\1a\0" * 1_000_000),
        "GIF long comment": lambda: _gif(64, 64, 64, 64, b"\x21\xfe" + (b"\xff" * 256) * 60_000 + b"\0"),
        "GIF bytes between blocks": lambda: _gif(64, 64, 64, 64, b"\x01" * 5_000_000),
        "GIF 20000 frames": _gif_of_frames,
        "WebP 16383 px": lambda: _webp_canvas(16_383, 16_383),
        "WebP 7000 px": lambda: _webp(7_000),
        "WebP 4400 px": lambda: _webp(4_400),
        "AVIF 4500 px": lambda: saved(Image.new("RGB", (4_500, 4_500)), "AVIF", speed=10),
        "AVIF 65535 px": _avif_size,
        "TIFF 65535 tags": _tiff_of_tags,
        "TIFF 7000 px": lambda: saved(Image.new("RGB", (7_000, 7_000)), "TIFF", compression="tiff_deflate"),
        "TIFF strips of one row": _tiff_of_strips,
        "TIFF 100000 px": lambda: _tiff(struct.pack("<HHIIHHII", 256, 4, 1, 100_000, 257, 4, 1, 100_000), 2),
        "BMP 40000 px": lambda: _bmp(40_000, 40_000, 0, bytes(1000)),
        "BMP runs": lambda: _bmp(7_000, 7_000, 1, b"\1\0" * 5_000_000),
    }  # fmt: skip
    return found


def _zeros(count: int) -> bytes:
    packer = zlib.compressobj(1)
    packed = [packer.compress(bytes(1_000_000)) for _ in range(count // 1_000_000)]
    return b"".join([*packed, packer.compress(bytes(count % 1_000_000)), packer.flush()])


def _jpeg_with(segments: bytes, times: int = 1) -> bytes:
    plain = cover(size=(64, 64))
    return plain[:2] + segments * times + plain[2:]


def _exif_bomb() -> bytes:
    """An EXIF segment of 5,400 entries, each with all of the segment as its value."""
    entries = b"".join(struct.pack("<HHII", 0x9286, 7, 65_000, 8) for _ in range(5_400))
    body = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 5_400) + entries
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _png_with(chunks: bytes) -> bytes:
    plain = cover("PNG", size=(64, 64))
    return plain[:33] + chunks + plain[33:]


def _png_of_small_chunks() -> bytes:
    plain = png_file(1_000, 1_000, b"")
    pixels = zlib.compress(random.Random(0).randbytes(1_000 * 3_001), 0)[:1_000_000]
    return plain[:33] + b"".join(png_chunk(b"IDAT", bytes([byte])) for byte in pixels) + plain[-12:]


def _gif(width: int, height: int, frame_width: int, frame_height: int, before: bytes = b"") -> bytes:
    """A GIF of two grey colours whose frame has the pixels of 16 x 16."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"," + struct.pack("<HHHHB", 0, 0, frame_width, frame_height, 0) + b"\2\x16"
    return screen + before + frame + b"\x04\x02" * 11 + b"\0;"


def _gif_of_frames() -> bytes:
    plain = _gif(64, 64, 64, 64)
    start = plain.index(b",")
    return plain[:start] + plain[start:-1] * 20_000 + b";"


def _webp(side: int) -> bytes:
    return saved(Image.new("RGBA", (side, side)), "WEBP", lossless=True, method=0, quality=0)


def _webp_canvas(width: int, height: int) -> bytes:
    """A WebP with a large canvas around a frame of 64 x 64."""
    data = bytearray(animation("WEBP", (64, 64)))
    data[24:30] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


def _avif_size() -> bytes:
    data = bytearray(cover("AVIF", size=(64, 64)))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", 65_535, 65_535)
    return bytes(data)


def _tiff(entries: bytes, count: int, rest: bytes = b"") -> bytes:
    return b"II*\0" + struct.pack("<IH", 8, count) + entries + b"\0\0\0\0" + rest


def _tiff_of_tags() -> bytes:
    size = struct.pack("<HHIIHHII", 256, 4, 1, 64, 257, 4, 1, 64)
    tags = b"".join(struct.pack("<HHII", 1000 + i % 60_000, 1, 8_000_000, 8) for i in range(65_000))
    return _tiff(size + tags, 65_002, bytes(8_000_000))


def _tiff_of_strips() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (16, 1_600)).save(stream, "TIFF", strip_size=48)
    return stream.getvalue()


def _bmp(width: int, height: int, compression: int, data: bytes) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, compression, len(data), 0, 0, 256, 0)
    palette = bytes(1024)
    start = 14 + len(info) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(data), 0, 0, start) + info + palette + data


def write_attacks(folder: Path, mutant_count: int, seed: int = 0, *, with_bombs: bool = True) -> int:
    """Write damaged pictures and bombs into a folder as covers of one artist; return their number."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, data in mutants(mutant_count, seed):
        (folder / f"{name}.jpg").write_bytes(data)
        count += 1
    for name, build in bombs().items() if with_bombs else ():
        (folder / f"bomb {name}.jpg".replace("^", " ")).write_bytes(build())
        count += 1
    (folder / "intact.jpg").write_bytes(saved(picture(), "JPEG"))
    return count + 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    print(write_attacks(chosen.folder, chosen.mutants, chosen.seed))  # noqa: T201
