"""Near-identical covers: a perceptual hash of each cover, and which covers look the same by it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from spotitags.records import Tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from spotitags.records import Cover


SIDE = 32  # pixels of the grey picture that the hash reads
LOW = 8  # rows and columns of low frequencies kept
THUMB = 4  # pixels a side of the colour thumbnail
MOST_BITS = 10  # of LOW * LOW; on 1,014 real covers pairs within are editions, and beyond 16 strangers
MOST_COLOUR = 20.0  # mean difference of thumbnails, of 255


class PerceptualHash:
    """A reader of covers whose one "tag" is the cover's fingerprint in hex, so that it is kept like tags.

    The hash is the signs of the low frequencies of the discrete cosine transform against their median (pHash:
    Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010), 64 bits; a 4 x 4
    colour thumbnail follows, since plain covers of two colours have the same frequencies: none.
    """

    name: ClassVar[str] = "fingerprint"
    version: ClassVar[str] = "dct-1"
    image_size: ClassVar[int] = 64
    batch_size: ClassVar[int] = 64

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """One tag of weight 1 a cover; its label is the fingerprint."""
        return [[Tag(perceptual_hash(cover.pixels), 1.0)] for cover in covers]


def perceptual_hash(pixels: NDArray[np.uint8]) -> str:
    """Hex of the hash (64 bits) and the thumbnail of (height, width, 3) RGB pixels."""
    from PIL import Image

    image = Image.fromarray(pixels)
    grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    low = (_cosines() @ np.asarray(grey, dtype=np.float64) @ _cosines().T).ravel().round(3)
    bits = low > np.median(low[1:])
    bits[0] = False  # brightness itself says nothing of shape
    thumb = np.asarray(image.resize((THUMB, THUMB), Image.Resampling.BOX), dtype=np.uint8)
    return np.packbits(bits).tobytes().hex() + thumb.tobytes().hex()


def near_identical(fingerprints: Mapping[str, str]) -> list[frozenset[str]]:
    """Find groups of two or more covers that look the same.

    Looking the same is transitive: if A looks like B and B like C, all three are one group.

    Args:
        fingerprints: Key of each cover to its `perceptual_hash`.

    Returns:
        Disjoint sets of keys, in the order of their first keys.
    """
    from scipy.cluster.hierarchy import DisjointSet

    keys = list(fingerprints)
    if not keys:
        return []
    data = np.frombuffer(bytes.fromhex("".join(fingerprints.values())), dtype=np.uint8).reshape(len(keys), -1)
    hashes = np.ascontiguousarray(data[:, : LOW * LOW // 8]).view(np.uint64)[:, 0]
    thumbs = data[:, LOW * LOW // 8 :].astype(np.int16)
    groups = DisjointSet(keys)
    for i in range(1, len(keys)):
        near = np.flatnonzero(np.bitwise_count(hashes[:i] ^ hashes[i]) <= MOST_BITS)
        for j in near[np.abs(thumbs[near] - thumbs[i]).mean(axis=1) <= MOST_COLOUR].tolist():
            groups.merge(keys[i], keys[j])
    return [frozenset(group) for group in groups.subsets() if len(group) > 1]


@cache
def _cosines() -> NDArray[np.float64]:
    """(LOW, SIDE) rows of the discrete cosine transform II."""
    k, x = np.arange(LOW)[:, None], np.arange(SIDE)[None]
    return np.asarray(np.cos(np.pi * (2 * x + 1) * k / (2 * SIDE)))
