"""Sentence embeddings by text, computed once and cached."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from spotitags.taggers.array_cache import cached_arrays
from spotitags.taggers.lite.sentence_encoder import VERSION, SentenceEncoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


class SentenceEmbeddings:
    """Embeddings of sentences, from a cache file if it exists.

    Args:
        sentences: All sentences that will be needed.
        cache_dir: Folder of the cache file.

    Attributes:
        row: The row of each sentence in `vectors`.
        vectors: (n, 1536) from `SentenceEncoder.layers`.

    Raises:
        NotInstalledError: The extra ``words`` is not installed.
    """

    def __init__(self, sentences: Iterable[str], cache_dir: Path) -> None:
        self.sentences = tuple(sorted(set(sentences)))
        self.row = {sentence: row for row, sentence in enumerate(self.sentences)}
        name = hashlib.sha256("\n".join((VERSION, "layers", *self.sentences)).encode()).hexdigest()[:16]
        encoder = SentenceEncoder("the training of lite's head")
        (self.vectors,) = cached_arrays(
            cache_dir / f"sentences-{name}.npz",
            [len(self.sentences)],
            lambda: [encoder.layers(self.sentences)],
        )

    def rows(self, sentences: Sequence[str]) -> NDArray[np.intp]:
        """Return the rows of some sentences in `vectors`: (n,)."""
        return np.array([self.row[sentence] for sentence in sentences], dtype=np.intp)

    def of(self, sentences: Sequence[str]) -> Floats:
        """Return the embeddings of some sentences: (n, 1536)."""
        vectors: Floats = self.vectors[self.rows(sentences)]
        return vectors
