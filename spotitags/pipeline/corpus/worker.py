"""Tag shards of covers: read, decode and tag them at the same time, and write finished parts.

One thread reads covers and finds out which were tagged before, a second decodes the next batch on all cores,
a third writes parts, and the tagger runs in the caller's thread. Memory is bounded by two parts and a few
batches.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from spotitags.covers.decode import decode_many
from spotitags.covers.worker import Cancellation
from spotitags.io.corpus import Part
from spotitags.io.interrupts import allow
from spotitags.pipeline.corpus.digests import TaggedRows
from spotitags.pipeline.corpus.output import write_part
from spotitags.pipeline.corpus.reader import BatchReader
from spotitags.pipeline.corpus.rows import Bad, TaggedRow
from spotitags.pipeline.prefetch import chunks, prefetched
from spotitags.records import Cover, Skipped
from spotitags.taggers.features.embedding import embedding_extractors, split_packed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from spotitags.io.corpus import Card
    from spotitags.pipeline.corpus.items import Index, Place, Shard
    from spotitags.pipeline.corpus.reader import Batch
    from spotitags.pipeline.corpus.rows import Rows
    from spotitags.pipeline.tagger_pool import TaggerPool
    from spotitags.records import CoverFile
    from spotitags.taggers.base import Tagger

WRITE_SECONDS = 10.0
"""Time after Ctrl-C in which finished covers are written."""


class Finished(NamedTuple):
    """A finished part, and numbers of its covers.

    Attributes:
        part: The part.
        tagged: Covers with tags, copies included.
        skipped: The others.
        copies: Covers whose bytes had occurred before.
    """

    part: Part
    tagged: int
    skipped: int
    copies: int


@dataclass
class _Work:
    """Part in work: its rows so far, and the result on each of their covers by digest."""

    unit: int = 0
    rows: Rows = field(default_factory=list)
    results: dict[str, TaggedRow | Bad] = field(default_factory=dict)
    copies: int = 0


class ShardTagger:
    """Tags shards.

    Args:
        folder: The corpus.
        tagger: The tagger.
        pool: Pool of this tagger.
        index: Places of the covers that were tagged before.
        card: Card of the corpus.
        size: Maximum number of covers in a part.
    """

    def __init__(  # noqa: PLR0913 (all of them are independent)
        self, folder: Path, tagger: Tagger, pool: TaggerPool, index: Index, *, card: Card, size: int
    ) -> None:
        self.folder = folder
        self.tagger = tagger
        self.pool = pool
        self.index = index
        self.card = card
        self.size = size
        self._embedders = embedding_extractors([tagger]) if card.dimensions else []
        self._tagged_rows = TaggedRows(folder)
        self._works = [_Work()]

    def run(
        self, shards: Iterable[Shard], step: Callable[[int], None] = lambda _covers: None
    ) -> Generator[Finished]:
        """Tag shards, and yield each part that is finished.

        After Ctrl-C or an error, the tagged covers of the last part are written as a shorter part.

        Args:
            shards: The shards.
            step: Called with the number of covers after each batch.

        Raises:
            TaggerError: The tagger cannot work.
            InputError: A part cannot be written, or the input cannot be read.
        """
        stop = Cancellation()
        reader = BatchReader(shards, self.tagger, self.index, self.size)
        decode = partial(self._decode, cancellation=stop)
        with (
            ThreadPoolExecutor(1) as writer,
            closing(reader.batches()) as batches,
            closing(prefetched(decode, batches, stop.cancel)) as decoded,
        ):
            writing: Future[Finished] | None = None
            try:
                for batch, covers in decoded:
                    self._tag(batch, covers)
                    step(len(batch.entries))
                    if batch.ends:
                        if writing:
                            yield writing.result()
                        writing = writer.submit(self._write, batch.ends, self._works[-1], reader)
                        self._works.append(_Work())
                if writing:
                    yield writing.result()
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    allow(WRITE_SECONDS)
                self._write_rest(reader)
                raise

    def _decode(
        self, batch: Batch, cancellation: Cancellation
    ) -> tuple[Batch, Mapping[str, Cover | Skipped]]:
        return batch, self._decoded(batch.new, cancellation)

    def _decoded(
        self, files: Sequence[CoverFile], cancellation: Cancellation | None = None
    ) -> dict[str, Cover | Skipped]:
        covers = decode_many(files, self.tagger.image_size, cancellation=cancellation)
        return {file.digest: cover for file, cover in zip(files, covers, strict=True)}

    def _tag(self, batch: Batch, covers: Mapping[str, Cover | Skipped]) -> None:
        """Tag decoded covers, and add the rows of a batch to the part in work."""
        work = self._works[-1]
        work.unit = batch.unit
        sizes = batch.sizes()
        work.results |= self._results(covers, sizes)
        digests = batch.digests()
        elsewhere = {digest for digest in digests if digest and self._found(digest) is None}
        work.results |= self._read_rows(elsewhere, batch.known)
        late = [batch.file_of(digest) for digest in sorted(elsewhere - work.results.keys())]
        work.results |= self._results(self._decoded(late), sizes)
        rows: Rows = []
        tagged = set(covers).union(file.digest for file in late)
        for (position, item), digest, file in zip(batch.entries, digests, batch.files, strict=True):
            result = self._found(digest) if digest else None
            if isinstance(file, Skipped):
                result = Bad(file.code, file.reason)
            assert result is not None  # noqa: S101 (each digest was tagged, read or found)
            rows.append((position, item._replace(data=b""), result))
            if isinstance(result, TaggedRow):
                work.copies += digest not in tagged
                tagged.discard(digest)
        work.rows += rows

    def _found(self, digest: str) -> TaggedRow | Bad | None:
        """Return the result on a cover of a part in work."""
        works = tuple(self._works)  # another thread removes those that are written
        return next((work.results[digest] for work in works if digest in work.results), None)

    def _read_rows(self, digests: set[str], known: Mapping[str, Place]) -> dict[str, TaggedRow]:
        """Return the results on covers that are in finished parts."""
        places = {digest: known[digest] for digest in digests if digest in known}
        if unknown := sorted(digests - places.keys()):
            places |= self.index.find(unknown)
        return self._tagged_rows.read(places)

    def _results(
        self, covers: Mapping[str, Cover | Skipped], sizes: Mapping[str, tuple[int, int] | None]
    ) -> dict[str, TaggedRow | Bad]:
        """Run the tagger; return its result, or the reason against it, by digest."""
        found: dict[str, TaggedRow | Bad] = {
            digest: Bad(cover.code, cover.reason)
            for digest, cover in covers.items()
            if isinstance(cover, Skipped)
        }
        usable = [cover for cover in covers.values() if isinstance(cover, Cover)]
        for batch in chunks(usable, self.tagger.batch_size):
            tags = self.pool.extract(self.tagger, batch)
            packed = [self.pool.extract(each, batch) for each in self._embedders]
            for digest, result in tags.items():
                if isinstance(result, Skipped):
                    found[digest] = Bad(result.code, result.reason)
                elif isinstance(result, list):
                    row = packed[0][digest] if packed else b""
                    scale, vector = split_packed(row) if isinstance(row, bytes) and row else (0.0, b"")
                    labels, weights = [tag.label for tag in result], [tag.weight for tag in result]
                    found[digest] = TaggedRow(digest, sizes.get(digest), labels, weights, scale, vector)
        return found

    def _write(self, part: Part, work: _Work, reader: BatchReader) -> Finished:
        """Write a part, and let its covers go."""
        write_part(self.folder, part, work.rows, self.card)
        digests = [row.digest for _, _, row in work.rows if isinstance(row, TaggedRow)]
        self.index.add(part.name, digests)
        reader.forget(work.results)
        self._works.remove(work)
        return Finished(part, len(digests), len(work.rows) - len(digests), work.copies)

    def _write_rest(self, reader: BatchReader) -> None:
        """Write the rows of the part in work, which is shorter than it was to be."""
        work = self._works[-1]
        if work.rows:
            start, stop = work.rows[0][0], work.rows[-1][0] + 1
            self._write(Part(work.unit, start, stop), work, reader)
