"""Sentence embeddings by text, computed once and kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from spotitags.taggers._arrays import kept
from spotitags.taggers._sentences import VERSION, SentenceEncoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


class Wording:
    """Vectors of sentences, from a file where that is there.

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
        name = hashlib.sha256("\n".join((VERSION, *self.sentences)).encode()).hexdigest()[:16]
        encoder = SentenceEncoder("the training of lite's head")
        (self.vectors,) = kept(
            cache_dir / f"sentences-{name}.npz",
            [len(self.sentences)],
            lambda: [encoder.encode(self.sentences)],
        )
        """(n, 384) of length 1 each."""

    def of(self, sentences: Sequence[str]) -> Floats:
        """(n, 384) vectors of some of the sentences."""
        vectors: Floats = self.vectors[[self.row[sentence] for sentence in sentences]]
        return vectors
