"""Pixel features of covers, extracted without any network: a colour histogram and a thumbnail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spotitags.taggers.base import FeatureExtractor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spotitags.records import Cover

BINS: Final = 8
"""Number of bins of hue, of saturation and of value."""
SIDE: Final = 32
"""Side of the thumbnail in pixels."""
_BITS = 3  # upper bits of a byte, which number its bin
_LEVELS = 255


class ColourHistogram(FeatureExtractor):
    """Histogram of a cover's colours: hue, saturation and value in 8 x 8 x 8 bins.

    HSV is Pillow's; hue varies slowest along a row, value fastest. A bin is stored as the square root of its
    share in one byte, so that rare colours are as precise as common ones.
    """

    name = feature = "colours"
    version = "hsv-8x8x8-1"
    image_size = 128
    batch_size = 64

    def extract(self, covers: Sequence[Cover]) -> NDArray[np.uint8]:
        """Return packed histograms, (n_covers, 512)."""
        return pack_colours(np.stack([histogram(cover.pixels) for cover in covers]))

    @staticmethod
    def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n_covers, 512) shares, each row summing to 1."""
        return unpack_colours(packed)


class Thumbnail(FeatureExtractor):
    """Cover scaled to 32 x 32 pixels by averaging."""

    name = feature = "thumbnail"
    version = "rgb-32x32-1"
    image_size = 128
    batch_size = 64

    def extract(self, covers: Sequence[Cover]) -> NDArray[np.uint8]:
        """Return thumbnails, (n_covers, 3072) with red, green and blue of each pixel in turn."""
        return np.stack([thumbnail(cover.pixels).ravel() for cover in covers])

    @staticmethod
    def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n_covers, 3072) intensities in [0, 1]."""
        intensities: NDArray[np.float32] = packed.astype(np.float32) / np.float32(_LEVELS)
        return intensities


def histogram(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the (512,) share of (height, width, 3) RGB pixels in each bin of hue, saturation and value."""
    from PIL import Image

    hue, saturation, value = np.asarray(Image.fromarray(pixels).convert("HSV")).reshape(-1, 3).T >> 8 - _BITS
    bins = (hue.astype(np.intp) * BINS + saturation) * BINS + value
    shares: NDArray[np.float64] = np.bincount(bins, minlength=BINS**3) / bins.size
    return shares


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale (height, width, 3) RGB pixels to (SIDE, SIDE, 3); other shapes than a square are squeezed."""
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX))


def pack_colours(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Pack (n, 512) shares in [0, 1] as bytes: 255 times the square root, rounded; under 4e-6 it is 0."""
    packed: NDArray[np.uint8] = np.rint(np.sqrt(shares) * _LEVELS).astype(np.uint8)
    return packed


def unpack_colours(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (n, 512) shares from bytes of `pack_colours`, each row summing to 1; a row of zeros stays."""
    shares = (packed.astype(np.float64) / _LEVELS) ** 2
    total = shares.sum(axis=1, keepdims=True)
    np.divide(shares, total, out=shares, where=total > 0)
    scaled: NDArray[np.float32] = shares.astype(np.float32)
    return scaled
