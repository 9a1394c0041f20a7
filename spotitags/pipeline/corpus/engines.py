"""Run a corpus: the local engine, the Ray engine, and what both have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import numpy as np

from spotitags.errors import InputError
from spotitags.io.corpus import Card, is_corpus, read_card
from spotitags.pipeline.corpus.digests import DigestIndex
from spotitags.pipeline.corpus.output import opened
from spotitags.pipeline.corpus.worker import ShardTagger
from spotitags.pipeline.tagger_pool import TaggerPool
from spotitags.records import Album, Artist, Cover
from spotitags.taggers.base import HasCost
from spotitags.taggers.features.embedding import embedding_extractors, split_packed
from spotitags.taggers.validation import as_tagger_error, checked_version

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spotitags.io.corpus import Part
    from spotitags.pipeline.corpus.items import Source
    from spotitags.pipeline.corpus.worker import Finished
    from spotitags.taggers.base import Tagger

PART_COVERS: Final = 2000
"""Default for the maximum number of covers in a part: half a minute of `lite` on two cores."""

Step = Callable[[int], None]


@dataclass
class Summary:
    """Numbers of covers of a run.

    Attributes:
        before: Covers that earlier runs had finished.
        tagged: Covers with tags, copies included.
        skipped: Covers that could not be used.
        copies: Covers whose bytes had occurred before.
    """

    before: int = 0
    tagged: int = 0
    skipped: int = 0
    copies: int = 0

    def add(self, finished: Finished) -> None:
        """Count a part."""
        self.tagged += finished.tagged
        self.skipped += finished.skipped
        self.copies += finished.copies


@dataclass(frozen=True)
class Corpus:
    """Input, output and tagger of a run.

    Args:
        source: The input.
        folder: Folder to write.
        build: Builds the tagger; it can be pickled.
        size: Maximum number of covers in a part.
    """

    source: Source
    folder: Path
    build: Callable[[], Tagger]
    size: int = PART_COVERS
    _tagger: list[Tagger] = field(default_factory=list, init=False, repr=False)

    @property
    def tagger(self) -> Tagger:
        """The tagger of this process."""
        if not self._tagger:
            self._tagger.append(self.build())
        return self._tagger[0]

    def card(self) -> Card:
        """Describe the run. The tagger is loaded, to find out what it gives.

        Raises:
            InputError: The tagger costs money.
            TaggerError: The tagger cannot work.
        """
        if isinstance(self.tagger, HasCost):
            raise InputError(
                f"the tagger {self.tagger.name} is paid for by the call, and a corpus has no limit of calls: "
                "tag artists with 'spotitags tag --max-calls', or take another --tagger"
            )
        source = {"path": str(self.source.path), "kind": self.source.kind} | self.source.describe()
        known = read_card(self.folder).dimensions if is_corpus(self.folder) else None
        dimensions = _dimensions(self.tagger) if known is None else known
        return Card(self.tagger.name, checked_version(self.tagger), dimensions, source, version("spotitags"))


def run_local(corpus: Corpus, step: Callable[[int, int], None] = lambda _done, _of: None) -> Summary:
    """Tag what is missing of a corpus in this process.

    Args:
        corpus: The corpus.
        step: Called with the number of covers done so far, those of earlier runs included, and of all.

    Raises:
        InputError: Input or output cannot be used, or do not belong together.
        TaggerError: The tagger cannot work; what is finished is kept.
    """
    card = corpus.card()
    with opened(corpus.folder, card) as done:
        summary = Summary(before=covers_in(done))
        count = counted(summary.before, corpus.source.estimate(), step)
        index = DigestIndex(corpus.folder)
        try:
            tagger = ShardTagger(
                corpus.folder, corpus.tagger, TaggerPool([corpus.tagger]), index,
                card=card, size=corpus.size,
            )  # fmt: skip
            shards = corpus.source.shards(done, corpus.size)
            with closing(tagger.run(shards, count)) as finished:
                for part in finished:
                    summary.add(part)
        finally:
            index.close()
    return summary


def covers_in(parts: Sequence[Part]) -> int:
    """Return the number of covers in parts."""
    return sum(part.stop - part.start for part in parts)


def counted(before: int, total: int, step: Callable[[int, int], None]) -> Step:
    """Return a function that counts covers, and reports them with those before and the total."""
    done = before
    step(done, max(done, total))

    def count(covers: int) -> None:
        nonlocal done
        done += covers
        step(done, max(done, total))

    return count


def _dimensions(tagger: Tagger) -> int:
    """Return the dimensions of a tagger's embeddings; 0 if it gives none."""
    extractors = embedding_extractors([tagger])
    if not extractors:
        return 0
    side = max(tagger.image_size, 1)
    pixels = np.full((side, side, 3), 128, np.uint8)
    with as_tagger_error(tagger.name):
        (row,) = extractors[0].extract([Cover(Album("", "", Artist("")), "", pixels)])
    return len(split_packed(row.tobytes())[1])
