"""Pictures that people have: colours, frames and orientations other than those of a plain JPEG."""

from __future__ import annotations

import io

import numpy as np
import pytest
from helpers.cover_files import animation, cover, picture, saved
from PIL import Image, ImageOps

from spotitags.covers.decode import decode
from spotitags.covers.worker import Cancellation, workers
from spotitags.records import Album, Artist, CoverFile

SIDE = 224


def pixels(data: bytes, min_side: int = SIDE) -> np.ndarray:
    return decode(CoverFile(Album("id", "Kiln", Artist("a")), "0", data), min_side).pixels


def difference(data: bytes) -> float:
    """Mean difference from the drawn picture."""
    found = pixels(data)
    expected = np.asarray(picture(), dtype=np.int16)
    assert found.shape == expected.shape
    return float(np.abs(found - expected).mean())


def cmyk() -> bytes:
    """A JPEG in CMYK, inverted as by Adobe's programs."""
    return saved(picture("CMYK"), "JPEG", quality=95, subsampling=0)


def ycck() -> bytes:
    """A JPEG as Photoshop writes it: inverted CMYK, of which CMY is stored as YCbCr."""
    *inks, black = picture("CMYK").split()
    stored = Image.merge("RGB", inks).convert("YCbCr").split()
    merged = Image.merge("CMYK", (*map(ImageOps.invert, stored), black))
    data = bytearray(saved(merged, "JPEG", quality=95, subsampling=0))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "most"),
    [
        (cmyk(), 4),
        (ycck(), 4),
        (cover("TIFF", "CMYK"), 4),
        (cover("PNG", "P"), 20),
        (cover("GIF", "P"), 20),
        (animation("GIF"), 20),
        (animation("PNG"), 1),
        (animation("WEBP"), 4),
        (cover("AVIF"), 4),
        (animation("AVIF"), 4),
        (cover("BMP"), 0),
        (cover("BMP", "P"), 20),
        (cover("TIFF", compression="tiff_lzw"), 0),
    ],
    ids=["CMYK JPEG", "YCCK JPEG", "CMYK TIFF", "palette PNG", "GIF", "animated GIF", "APNG",
         "animated WebP", "AVIF", "animated AVIF", "BMP", "palette BMP", "TIFF"],
)  # fmt: skip
def test_a_picture_is_used_as_it_is_shown(data: bytes, most: float) -> None:
    assert difference(data) <= most


def test_large_pictures_of_all_modes_are_averaged_alike() -> None:
    large = (1300, 1240)
    expected = pixels(cover("PNG", size=large))
    for mode in ("RGBA", "CMYK"):
        found = pixels(cover("TIFF", mode, large))
        assert found.shape == expected.shape
        assert np.abs(found.astype(int) - expected).mean() < 3
    for kind, mode in (("PNG", "P"), ("PNG", "1"), ("PNG", "I;16"), ("GIF", "P")):
        source = picture("L", large).convert("I;16") if mode == "I;16" else picture(mode, large)
        assert pixels(saved(source, kind)).shape == expected.shape


def test_bands_of_a_large_picture_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    data = cover("PNG", size=(1300, 1247))
    whole = pixels(data)
    monkeypatch.setattr("spotitags.covers.pixels._BAND", 20_000)
    assert np.array_equal(pixels(data), whole)


def test_transparent_parts_of_a_palette_are_white() -> None:
    drawn = Image.new("P", (40, 40), 0)
    drawn.putpalette([10, 20, 30, 200, 0, 0])
    drawn.paste(1, (20, 0, 40, 40))
    for kind in ("PNG", "GIF"):
        found = pixels(saved(drawn, kind, transparency=0), 40)
        assert (found[:, :20] == 255).all()
        assert (found[:, 20:] == (200, 0, 0)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_is_turned_as_its_exif_says(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(picture(), kind, exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert np.array_equal(pixels(data), expected)


def test_services_get_the_pixels_of_a_picture_that_they_may_show_otherwise() -> None:
    album = Album("id", "Kiln", Artist("a"))
    exif = Image.Exif()
    exif[0x0112] = 6
    for data in (ycck(), cover(exif=exif)):
        assert decode(CoverFile(album, "0", data), SIDE).data == b""
    assert decode(CoverFile(album, "0", cover()), SIDE).data == cover()


def test_a_worker_decodes_as_a_thread_does() -> None:
    data = cover(progressive=True)
    found = workers.pixels(
        {"kind": "JPEG", "min_side": SIDE, "max_pixels": 10**6}, data, 50_000_000, Cancellation()
    )
    assert np.array_equal(found, pixels(data))
    assert found.flags.writeable
