"""Occlusion: the change of any answer when places of a cover are blurred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spotitags.explain.places.features import GRID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Answer = Callable[[NDArray[np.uint8]], float]


BLUR: Final = 0.08
"""Radius of the blur by the side of the cover."""
_REACH: Final = 1  # places around one that are blurred with it


def blurred(pixels: NDArray[np.uint8], places: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return a cover with the chosen places blurred.

    Args:
        pixels: (side, side, 3) RGB uint8.
        places: (`GRID`, `GRID`), True where the cover is blurred.
    """
    from PIL import Image, ImageFilter

    image = Image.fromarray(pixels)
    edges = np.rint(np.linspace(0, pixels.shape[0], GRID + 1)).astype(int)
    mask = np.repeat(np.repeat(places, np.diff(edges), axis=0), np.diff(edges), axis=1)
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(BLUR * pixels.shape[0])))
    return np.where(mask[..., np.newaxis], soft, pixels)


def occlusion_map(pixels: NDArray[np.uint8], answer: Answer) -> NDArray[np.float64]:
    """Return how much an answer falls when each place is blurred with its neighbours.

    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014), section 4.2.

    Args:
        pixels: (side, side, 3) RGB uint8.
        answer: Returns a number for a cover, such as a logit; called once for each place and once more.

    Returns:
        (`GRID`, `GRID`); above 0 where the place speaks for the answer.
    """
    whole = answer(pixels)
    falls = [whole - answer(changed) for changed in occluded(pixels)]
    return np.array(falls).reshape(GRID, GRID)


def occluded(pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Yield a cover with each place blurred in turn, row by row, together with its neighbours."""
    for row in range(GRID):
        for column in range(GRID):
            places = np.zeros((GRID, GRID), bool)
            above, left = max(row - _REACH, 0), max(column - _REACH, 0)
            places[above : row + _REACH + 1, left : column + _REACH + 1] = True
            yield blurred(pixels, places)
