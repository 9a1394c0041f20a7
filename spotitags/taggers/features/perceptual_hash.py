"""Perceptual hashes of covers, and groups of near-identical covers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from spotitags.io.groups import joined
from spotitags.taggers.base import FeatureExtractor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from spotitags.records import Cover


SIDE = 32  # pixels of the grey picture that the hash reads
LOW = 8  # rows and columns of low frequencies kept
THUMB = 4  # pixels a side of the colour thumbnail
MOST_BITS = 10  # of LOW * LOW; on 1,014 real covers pairs within are editions, and beyond 16 unrelated covers
MOST_COLOUR = 20.0  # mean difference of thumbnails, of 255


class PerceptualHash(FeatureExtractor):
    """Perceptual hash of a cover: 8 bytes of pHash and a 4 x 4 colour thumbnail of 48 bytes.

    pHash is the signs of the low frequencies of the discrete cosine transform against their median (Zauner,
    "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010). The thumbnail tells plain
    covers of one colour apart, which have no frequencies.
    """

    name = feature = "fingerprint"
    version = "dct-1"
    image_size = 64
    batch_size = 64
    encoding = "hex"

    def extract(self, covers: Sequence[Cover]) -> NDArray[np.uint8]:
        """Return the hashes, (n_covers, 56)."""
        return np.stack([perceptual_hash(cover.pixels) for cover in covers])

    @staticmethod
    def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the (n_covers, 56) bytes as numbers."""
        return packed.astype(np.float32)


def perceptual_hash(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the (56,) hash of (height, width, 3) RGB pixels."""
    from PIL import Image

    image = Image.fromarray(pixels)
    grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    low = (_cosines() @ np.asarray(grey, dtype=np.float64) @ _cosines().T).ravel().round(3)
    bits = low > np.median(low[1:])
    bits[0] = False  # brightness itself says nothing of shape
    thumb = np.asarray(image.resize((THUMB, THUMB), Image.Resampling.BOX), dtype=np.uint8)
    return np.concatenate([np.packbits(bits), thumb.ravel()])


def near_identical(hashes_by_key: Mapping[str, NDArray[np.float32 | np.uint8]]) -> list[frozenset[str]]:
    """Find groups of two or more covers that look the same.

    Looking the same is transitive: if A looks like B and B like C, all three are one group.

    Args:
        hashes_by_key: Key of each cover to its `perceptual_hash`.

    Returns:
        Disjoint sets of keys, in the order of their first keys.
    """
    keys = list(hashes_by_key)
    if not keys:
        return []
    data = np.stack(list(hashes_by_key.values())).astype(np.uint8)
    hashes = np.ascontiguousarray(data[:, : LOW * LOW // 8]).view(np.uint64)[:, 0]
    thumbs = data[:, LOW * LOW // 8 :].astype(np.int16)
    links = [[key] for key in keys]
    for i in range(1, len(keys)):
        near = np.flatnonzero(np.bitwise_count(hashes[:i] ^ hashes[i]) <= MOST_BITS)
        alike = near[np.abs(thumbs[near] - thumbs[i]).mean(axis=1) <= MOST_COLOUR]
        links += [[keys[j], keys[i]] for j in alike.tolist()]
    groups: dict[str, set[str]] = {}
    for key, leader in joined(links).items():
        groups.setdefault(leader, set()).add(key)
    return [frozenset(group) for group in groups.values() if len(group) > 1]


@cache
def _cosines() -> NDArray[np.float64]:
    """(LOW, SIDE) rows of the discrete cosine transform II."""
    k, x = np.arange(LOW)[:, None], np.arange(SIDE)[None]
    return np.asarray(np.cos(np.pi * (2 * x + 1) * k / (2 * SIDE)))
