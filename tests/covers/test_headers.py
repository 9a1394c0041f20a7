from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from helpers.cover_files import animation, cover, jpeg_bomb, picture, png_chunk, saved
from PIL import Image

from spotitags.covers.formats import exif_orientation
from spotitags.covers.headers import image_format, read_header
from spotitags.errors import CoverError

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Mapping[str, bytes] = {
    "JPEG": cover(),
    "PNG": cover("PNG"),
    "GIF": cover("GIF", "P"),
    "WebP": cover("WEBP"),
    "AVIF": cover("AVIF"),
    "BMP": cover("BMP"),
    "TIFF": cover("TIFF"),
}
SIZES = [(16, 16), (320, 300), (1000, 20)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_format_is_known_by_the_first_bytes(kind: str) -> None:
    assert image_format(KINDS[kind]) == kind


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0"}),
        ("AVIF", {}),
        ("BMP", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
    ],
)
def test_the_size_is_that_which_a_decoder_finds(
    kind: str, options: dict[str, object], size: tuple[int, int]
) -> None:
    data = cover(kind, size=size, **options)
    header = read_header(data)
    with Image.open(io.BytesIO(data)) as image:
        assert (header.width, header.height) == image.size == size


@pytest.mark.parametrize("size", [(300, 300), (1400, 1400), (3000, 3000)])
@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_covers_as_catalogues_serve_them_are_decoded_in_a_thread(
    size: tuple[int, int], options: dict[str, object]
) -> None:
    assert read_header(cover(size=size, **options)).quick


def test_pictures_without_metadata_stay_as_they_are() -> None:
    for data in (cover(), cover(progressive=True), cover("PNG"), cover("WEBP"), cover("GIF", "L")):
        assert read_header(data).data == data


def test_metadata_and_further_frames_do_not_reach_a_decoder() -> None:
    text = png_chunk(b"zTXt", b"Comment\0\0" + b"?" * 1000)
    plain = cover("PNG")
    assert read_header(plain[:33] + text + plain[33:]).data == plain
    assert b"fcTL" not in read_header(animation("PNG")).data
    marked = cover(icc_profile=b"profile" * 100, comment=b"remark")
    assert b"profile" not in read_header(marked).data
    assert b"remark" not in read_header(marked).data
    commented = saved(picture("P"), "GIF", comment=b"remark")
    assert b"remark" not in read_header(commented).data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read_in_both_orders_of_bytes(orientation: int) -> None:
    for endian in ("<", ">"):
        exif = Image.Exif()
        exif.endian = endian
        exif[0x0110] = "camera"
        exif[0x0112] = orientation
        assert exif_orientation(exif.tobytes()) == orientation
        assert read_header(cover(exif=exif)).upright == (orientation == 1)


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff" + b"\0" * 99]
)
def test_without_an_orientation_a_picture_is_upright(exif: bytes) -> None:
    assert exif_orientation(exif) == 1


def test_a_jpeg_of_thousands_of_scans_goes_to_a_worker_or_is_refused() -> None:
    assert not read_header(jpeg_bomb(1000, 1000)).quick
    with pytest.raises(CoverError, match="14006 scans") as caught:
        read_header(jpeg_bomb(7000, 14_000))
    assert caught.value.reason == "too-slow"
