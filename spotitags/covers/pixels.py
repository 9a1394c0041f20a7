"""Pixels of a picture in RGB, by Pillow's decoders."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Final

from spotitags.covers.formats import boxes_end, exif_orientation
from spotitags.errors import CoverError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage
    from PIL.ImageFile import ImageFile


MIN_SIDE: Final = 16
"""Minimum of the shorter side in pixels; a smaller cover is a placeholder."""
MAX_RATIO: Final = 100
"""Maximum of the longer side divided by the shorter one."""

_BAND: Final = 2_000_000  # pixels that are converted at once
_REDUCIBLE: Final = {"L", "LA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"}
_CONVERTIBLE: Final = _REDUCIBLE | {"1", "P", "PA", "La", "RGBa"}


def rgb_pixels(kind: str, data: bytes, min_side: int, max_pixels: int) -> NDArray[np.uint8]:
    """Decode a picture to RGB, as `spotitags.covers.decode.decode` describes.

    Args:
        kind: Format, as in `spotitags.covers.headers.Header`.
        data: The file.
        min_side: Minimum of the shorter side in pixels; a smaller picture keeps its size.
        max_pixels: Maximum of width times height.

    Returns:
        (height, width, 3) uint8, C-contiguous and writable.

    Raises:
        CoverError: With one of `spotitags.errors.REASONS`.
    """
    try:
        image = _open(kind, data)
        check_size(*image.size, max_pixels)
        _check_colours(image)
        image.draft(None, (max(min_side, 1),) * 2)  # libjpeg's scaled inverse DCT
        return _rgb(image, min_side)
    except CoverError:
        raise
    except MemoryError as error:
        raise CoverError("too-many-pixels", f"{kind}: too large for the memory of a decoder") from error
    except Exception as error:
        # Damaged bytes make decoders raise almost anything, and one cover must not stop the others.
        raise damaged(kind, data, error) from error


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Check width and height in pixels.

    Raises:
        CoverError: With reason ``too-many-pixels``, ``too-small`` or ``too-narrow``.
    """
    if width * height > max_pixels:
        raise CoverError("too-many-pixels", f"{width}x{height}, at most {max_pixels} in all")
    if min(width, height) < MIN_SIDE:
        raise CoverError("too-small", f"{width}x{height}")
    if max(width, height) > MAX_RATIO * min(width, height):
        raise CoverError("too-narrow", f"{width}x{height}")


def _check_colours(image: PillowImage) -> None:
    if image.mode not in _CONVERTIBLE and not image.mode.startswith("I;16"):
        raise CoverError("colours", image.mode)


def damaged(kind: str, data: bytes, error: Exception) -> CoverError:
    """Build the error of a damaged file: ``truncated`` if it lacks its end, else ``broken``."""
    tail = data[-64:]
    complete = {
        "AVIF": boxes_end(data) <= len(data),
        "JPEG": b"\xff\xd9" in tail,
        "PNG": b"IEND" in tail,
        "GIF": tail.endswith(b";"),
        "WebP": int.from_bytes(data[4:8], "little") + 8 <= len(data),
    }
    truncated = not complete.get(kind, True) or "truncated" in str(error)
    return CoverError("truncated" if truncated else "broken", f"{kind}: {error}")


def _open(kind: str, data: bytes) -> ImageFile:
    """Open with the plug-in class of the format: ``Image.open`` tries others, and has a global limit."""
    if kind == "AVIF":
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread takes memory
        return AvifImagePlugin.AvifImageFile(io.BytesIO(data))
    return _plugins()[kind](io.BytesIO(data))


@cache
def _plugins() -> Mapping[str, type[ImageFile]]:
    from PIL.BmpImagePlugin import BmpImageFile
    from PIL.GifImagePlugin import GifImageFile
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.TiffImagePlugin import TiffImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    return {
        "BMP": BmpImageFile,
        "GIF": GifImageFile,
        "JPEG": JpegImageFile,
        "PNG": PngImageFile,
        "TIFF": TiffImageFile,
        "WebP": WebPImageFile,
    }


def _rgb(image: PillowImage, min_side: int) -> NDArray[np.uint8]:
    """Convert to (height, width, 3) RGB uint8; writable, because torch complains about other arrays."""
    import numpy as np
    from PIL import Image

    exif = image.info.get("exif", b"")
    factor = min(image.size) // max(min_side, 1)
    image = _reduced(image, factor) if factor > 1 else _eight_bits(image)
    if image.mode in {"LA", "RGBA"}:
        transparent = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", transparent.size, "white"), transparent)
    image = _upright(image if image.mode == "RGB" else image.convert("RGB"), exif)
    return np.array(image)


def _eight_bits(image: PillowImage) -> PillowImage:
    """Convert to a mode with 8 bits a channel that can be averaged."""
    import numpy as np
    from PIL import Image

    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.info.get("transparency") is not None or image.mode in {"PA", "La", "RGBa"}:
        return image.convert("RGBA")  # averaging would lose the colour that means transparent
    if image.mode == "P":
        return image.convert("RGB")
    return image.convert("L") if image.mode == "1" else image


def _reduced(image: PillowImage, factor: int) -> PillowImage:
    """Average blocks of ``factor`` x ``factor`` pixels, in bands, because conversions need memory, too."""
    from PIL import Image

    width, height = image.size
    rows = max(_BAND // (width * factor), 1) * factor
    if rows >= height:
        return _eight_bits(image).reduce(factor)
    bands = [
        _eight_bits(image.crop((0, top, width, min(top + rows, height)))).reduce(factor)
        for top in range(0, height, rows)
    ]
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole


def _upright(image: PillowImage, exif: object) -> PillowImage:
    """Turn a picture as its EXIF data say."""
    orientation = exif_orientation(exif) if isinstance(exif, bytes) and exif else 1
    if orientation == 1:
        return image
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation])
