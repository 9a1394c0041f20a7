"""Maps drawn over covers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image


FOR, AGAINST = (224, 40, 40), (40, 110, 230)
"""Colours of places that speak for a genre or tag, and against it."""
_MOST: Final = 0.65  # opacity of the strongest place


def overlay(pixels: NDArray[np.uint8], places: NDArray[np.float64]) -> Image:
    """Draw a map in colour over a cover in grey: red for, blue against, stronger where more opaque.

    Args:
        pixels: (height, width, 3) RGB uint8.
        places: (rows, columns), drawn smoothly.
    """
    from PIL import Image

    strength = _smooth(places, pixels.shape[:2])
    grey = np.asarray(Image.fromarray(pixels).convert("L"), np.float64)[..., np.newaxis]
    opacity = _MOST * np.abs(strength)[..., np.newaxis]
    colour = np.where(strength[..., np.newaxis] > 0, FOR, AGAINST)
    return Image.fromarray(np.rint((1 - opacity) * grey + opacity * colour).astype(np.uint8))


def attention(pixels: NDArray[np.uint8], places: NDArray[np.float64]) -> Image:
    """Draw the cover's brightness times how much each place speaks for a genre or tag, in black and white.

    Arguments as for `overlay`.
    """
    from PIL import Image

    strength = np.clip(_smooth(places, pixels.shape[:2]), 0, 1)
    grey = np.asarray(Image.fromarray(pixels).convert("L"), np.float64)
    return Image.fromarray(np.rint(grey * strength).astype(np.uint8))


def _smooth(places: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Scale a map to the size of a picture and to [-1, 1]."""
    from PIL import Image

    most = np.abs(places).max() or 1.0
    image = Image.fromarray((places / most).astype(np.float32), mode=None)
    resized = image.resize((size[1], size[0]), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(resized, np.float64), -1, 1)
