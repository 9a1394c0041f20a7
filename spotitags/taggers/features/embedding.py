"""Embeddings of covers between taggers and voters: asked for like tags, kept in a byte a number."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spotitags.records import Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spotitags.records import Cover, TaggedCovers
    from spotitags.taggers.base import Embedder, Tagger


VERSION = "int8-1"
SUFFIX = " embedding"
"""Ends the names of readers of embeddings; before it stands whose they are."""
_LEVELS = 127
_SCALE = np.dtype("<f4")


class EmbeddingExtractor:
    """A tagger's embeddings in the shape of tags, so that they are kept like tags: the label is the numbers.

    A tagger remembers what it has just seen, so asking right after its tags runs no network again.

    Args:
        tagger: Its name, version and sizes are taken over.
        embedder: The same tagger by its other ability.
    """

    def __init__(self, tagger: Tagger, embedder: Embedder) -> None:
        self._embedder = embedder
        self.tagger = tagger
        self.name = tagger.name + SUFFIX
        self.image_size = tagger.image_size
        self.batch_size = tagger.batch_size

    @property
    def version(self) -> str:
        """The tagger's, and how the numbers are kept."""
        return f"{self.tagger.version} {VERSION}"

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """One tag of weight 1 a cover; its label is the embedding in base64, as `pack` gives it."""
        packed = pack(self._embedder.embed(covers))
        return [[Tag(base64.b64encode(row.tobytes()).decode("ascii"), 1.0)] for row in packed]


def embedding_extractors(taggers: Sequence[Tagger]) -> list[EmbeddingExtractor]:
    """One for each tagger that can embed and costs nothing."""
    from spotitags.taggers.base import Embedder, HasCost

    return [
        EmbeddingExtractor(tagger, tagger)
        for tagger in taggers
        if isinstance(tagger, Embedder) and not isinstance(tagger, HasCost)
    ]


def with_embeddings(seen: TaggedCovers) -> TaggedCovers:
    """What embedding readers saw, moved from the tags to ``embeddings``."""
    read = {name: tags for name, tags in seen.tags.items() if name.endswith(SUFFIX)}
    if not read:
        return seen
    embeddings = {
        name.removesuffix(SUFFIX): unpack(
            np.stack([np.frombuffer(base64.b64decode(cover[0].label), np.uint8) for cover in covers])
        )
        for name, covers in read.items()
    }
    tags = {name: covers for name, covers in seen.tags.items() if name not in read}
    return replace(seen, tags=tags, embeddings=embeddings)


def pack(embeddings: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Each row as a scale (4 bytes) and a signed byte a number, in equal steps up to its largest.

    The genres of 71 artists are told as well from these as from the numbers themselves (docs/ensemble.md).

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
    """(n, dim) numbers from (n, 4 + dim) bytes of `pack`, each within half a step of what it was."""
    packed = np.ascontiguousarray(packed)
    scale = np.ascontiguousarray(packed[:, : _SCALE.itemsize]).view(_SCALE)
    numbers: NDArray[np.float32] = packed[:, _SCALE.itemsize :].view(np.int8) * scale
    return numbers
