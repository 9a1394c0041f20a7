"""The square picture that `lite` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image


def square(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Crop an image to its largest centred square, and resize it.

    Nearly every cover is square already, and lettering is often at its edges, so nothing else is cropped.

    Args:
        pixels: (height, width, 3) uint8.
        side: The height and width of the result, in pixels.

    Returns:
        (side, side, 3) uint8.
    """
    return np.asarray(square_image(pixels, side))


def square_image(pixels: NDArray[np.uint8], side: int) -> Image:
    """Return `square` as a Pillow image: each conversion copies all pixels."""
    from PIL import Image as Pillow

    height, width = pixels.shape[:2]
    shorter = min(height, width)
    top, left = (height - shorter) // 2, (width - shorter) // 2
    image = Pillow.fromarray(pixels[top : top + shorter, left : left + shorter])
    if shorter == side:
        return image
    return image.resize((side, side), Pillow.Resampling.BICUBIC, reducing_gap=2.0)
