"""Embeddings of covers by a tagger, quantised to one byte per dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spotitags.taggers.base import Embedder, FeatureExtractor, HasCost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spotitags.records import Cover
    from spotitags.taggers.base import Tagger

PACKING_VERSION = "int8-1"
NAME_SUFFIX = " embedding"
"""End of the names of extractors of embeddings, in cache keys."""
_LEVELS = 127
_SCALE = np.dtype("<f4")


class EmbeddingExtractor(FeatureExtractor):
    """Extract a tagger's embeddings, quantised to int8 for the cache.

    Taggers remember the covers that they have just tagged, so extracting right after tagging runs no network.

    Args:
        tagger: Tagger whose name, version and sizes are used.
        embedder: The same tagger as an `Embedder`.
    """

    def __init__(self, tagger: Tagger, embedder: Embedder) -> None:
        self._embedder = embedder
        self.tagger = tagger
        self.feature = tagger.name
        self.name = tagger.name + NAME_SUFFIX
        self.image_size = tagger.image_size
        self.batch_size = tagger.batch_size

    @property
    def version(self) -> str:
        """Version of the tagger and of the packing."""
        return f"{self.tagger.version} {PACKING_VERSION}"

    def extract(self, covers: Sequence[Cover]) -> NDArray[np.uint8]:
        """Embed covers, packed by `pack` as (n_covers, 4 + dim)."""
        return pack(self._embedder.embed(covers))

    @staticmethod
    def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n_covers, dim) embeddings; see `unpack`."""
        return unpack(packed)


def embedding_extractors(taggers: Sequence[Tagger]) -> list[EmbeddingExtractor]:
    """Return an extractor for each tagger that can embed and costs nothing."""
    return [
        EmbeddingExtractor(tagger, tagger)
        for tagger in taggers
        if isinstance(tagger, Embedder) and not isinstance(tagger, HasCost)
    ]


def pack(embeddings: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Pack each row as a scale (4 bytes) and one signed byte per dimension, in equal steps up to its maximum.

    Votes on the genres of 71 artists are as good with packed embeddings as with the originals
    (docs/ensemble.md).

    Args:
        embeddings: (n, dim), finite.

    Returns:
        (n, 4 + dim).
    """
    scale = np.abs(embeddings).max(axis=1, keepdims=True, initial=0).astype(_SCALE) / _LEVELS
    steps = np.divide(embeddings, scale, out=np.zeros(embeddings.shape), where=scale > 0)
    levels = np.clip(np.rint(steps), -_LEVELS, _LEVELS).astype(np.int8)
    return np.hstack([scale.astype(_SCALE).view(np.uint8), levels.view(np.uint8)])


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (n, dim) embeddings from the (n, 4 + dim) bytes of `pack`, each value within half a step."""
    packed = np.ascontiguousarray(packed)
    scale = np.ascontiguousarray(packed[:, : _SCALE.itemsize]).view(_SCALE)
    embeddings: NDArray[np.float32] = packed[:, _SCALE.itemsize :].view(np.int8) * scale
    return embeddings


def split_packed(row: bytes) -> tuple[float, bytes]:
    """Return the scale and the (dim,) signed bytes of one row of `pack`."""
    (scale,) = np.frombuffer(row[: _SCALE.itemsize], _SCALE).tolist()
    return scale, row[_SCALE.itemsize :]


def joined_rows(scales: NDArray[np.float32], levels: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Return rows as of `pack` from (n,) scales and (n, dim) signed bytes."""
    head = np.ascontiguousarray(scales, _SCALE).reshape(-1, 1).view(np.uint8)
    return np.hstack([head, np.ascontiguousarray(levels).view(np.uint8)])
