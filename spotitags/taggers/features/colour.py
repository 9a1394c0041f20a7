"""What is measured on a cover's pixels, without any network: its colours, and a small picture of it.

Readers give it in the shape of tags, as `spotitags.taggers.features.embedding` does; it arrives
in ``TaggedCovers.embeddings`` under the name of the measure.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from spotitags.errors import InputError
from spotitags.records import Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from spotitags.records import Cover, TaggedCovers


BINS: Final = 8
"""Of hue, of saturation and of value."""
SIDE: Final = 32
"""Pixels a side of the small picture."""
_BITS = 3  # of a byte that name its bin
_LEVELS = 255


class ColourHistogram:
    """A histogram of a cover's colours: hue, saturation and value in 8 x 8 x 8 bins.

    HSV is Pillow's; hue is the slowest of the three in a row, value the fastest. A bin is kept as the square
    root of its share in a byte, so that rare colours are kept as well as common ones.
    """

    name: ClassVar[str] = "colours"
    version: ClassVar[str] = "hsv-8x8x8-1"
    image_size: ClassVar[int] = 128
    batch_size: ClassVar[int] = 64

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """One tag of weight 1 a cover; its label is the packed histogram in base64."""
        return [[_tag(pack_colours(histogram(cover.pixels)))] for cover in covers]

    @staticmethod
    def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, 512) shares, each row summing to 1."""
        return unpack_colours(packed)


class Thumbnail:
    """A picture of 32 x 32 pixels, each the mean of what lies under it; a byte a number."""

    name: ClassVar[str] = "thumbnail"
    version: ClassVar[str] = "rgb-32x32-1"
    image_size: ClassVar[int] = 128
    batch_size: ClassVar[int] = 64

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """One tag of weight 1 a cover; its label is the picture's bytes in base64."""
        return [[_tag(thumbnail(cover.pixels).ravel())] for cover in covers]

    @staticmethod
    def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, 3072): rows of red, green and blue in [0, 1]."""
        numbers: NDArray[np.float32] = packed.astype(np.float32) / np.float32(_LEVELS)
        return numbers


READERS: Final[Mapping[str, type[ColourHistogram | Thumbnail]]] = {
    kind.name: kind for kind in (ColourHistogram, Thumbnail)
}
"""Name of a measure to its reader; the names are those of `classifiers.image.PIXEL_FEATURES`."""


def appearance_readers(names: Iterable[str]) -> list[ColourHistogram | Thumbnail]:
    """A reader for each measure that is named, once.

    Raises:
        InputError: There is no such measure.
    """
    wanted = list(dict.fromkeys(names))
    if unknown := sorted(set(wanted) - set(READERS)):
        raise InputError(f"no measure is called {unknown[0]!r}; there are: {', '.join(sorted(READERS))}")
    return [READERS[name]() for name in wanted]


def with_appearance(seen: TaggedCovers) -> TaggedCovers:
    """What readers of appearance saw, moved from the tags to ``embeddings``."""
    read = {name: tags for name, tags in seen.tags.items() if name in READERS}
    if not read:
        return seen
    measured = {
        name: READERS[name].unpack(
            np.stack([np.frombuffer(base64.b64decode(cover[0].label), np.uint8) for cover in covers])
        )
        for name, covers in read.items()
    }
    tags = {name: covers for name, covers in seen.tags.items() if name not in read}
    return replace(seen, tags=tags, embeddings={**seen.embeddings, **measured})


def histogram(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(512,) shares of (height, width, 3) RGB pixels in each bin of hue, saturation and value."""
    from PIL import Image

    hue, saturation, value = np.asarray(Image.fromarray(pixels).convert("HSV")).reshape(-1, 3).T >> 8 - _BITS
    bins = (hue.astype(np.intp) * BINS + saturation) * BINS + value
    shares: NDArray[np.float64] = np.bincount(bins, minlength=BINS**3) / bins.size
    return shares


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(SIDE, SIDE, 3) means of (height, width, 3) RGB pixels; what is not square is squeezed."""
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX))


def pack_colours(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Shares in [0, 1] as bytes: 255 times their square roots, rounded; a share under 4e-6 is lost."""
    packed: NDArray[np.uint8] = np.rint(np.sqrt(shares) * _LEVELS).astype(np.uint8)
    return packed


def unpack_colours(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 512) shares from bytes of `pack_colours`, each row summing to 1 again; a row of zeros stays one."""
    shares = (packed.astype(np.float64) / _LEVELS) ** 2
    total = shares.sum(axis=1, keepdims=True)
    np.divide(shares, total, out=shares, where=total > 0)
    scaled: NDArray[np.float32] = shares.astype(np.float32)
    return scaled


def _tag(packed: NDArray[np.uint8]) -> Tag:
    return Tag(base64.b64encode(packed.tobytes()).decode("ascii"), 1.0)
