"""Sentence embeddings by text, computed once and kept."""

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
    """What the encoder's layers make of sentences, from a file where that is there.

    Args:
        sentences: All that will be asked for.
        cache_dir: Folder for the file.

    Raises:
        NotInstalledError: The extra ``words`` is missing.
    """

    def __init__(self, sentences: Iterable[str], cache_dir: Path) -> None:
        self.sentences = tuple(sorted(set(sentences)))
        self.row = {sentence: row for row, sentence in enumerate(self.sentences)}
        """Sentence to its row in `vectors`."""
        name = hashlib.sha256("\n".join((VERSION, "layers", *self.sentences)).encode()).hexdigest()[:16]
        encoder = SentenceEncoder("the training of lite's head")
        (self.vectors,) = cached_arrays(
            cache_dir / f"sentences-{name}.npz",
            [len(self.sentences)],
            lambda: [encoder.layers(self.sentences)],
        )
        """(n, 1536), as `SentenceEncoder.layers` gives them."""

    def rows(self, sentences: Sequence[str]) -> NDArray[np.intp]:
        """(n,) where some of the sentences stand in `vectors`."""
        return np.array([self.row[sentence] for sentence in sentences], dtype=np.intp)

    def of(self, sentences: Sequence[str]) -> Floats:
        """(n, 1536) of some of the sentences."""
        vectors: Floats = self.vectors[self.rows(sentences)]
        return vectors
