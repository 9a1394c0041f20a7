"""Read the covers of shards ahead of the tagger, and find those that were tagged before."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Final

from spotitags.covers.decode import image_size, skipped_cover
from spotitags.covers.fetch import CoverFetcher
from spotitags.errors import CoverError
from spotitags.io.corpus import Part
from spotitags.pipeline.corpus.items import MAX_BYTES
from spotitags.pipeline.cover_batches import cover_batches
from spotitags.pipeline.prefetch import prefetched
from spotitags.records import CoverFile, Skipped

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator, Mapping

    from spotitags.pipeline.corpus.items import CoverItem, Index, Place, Shard
    from spotitags.taggers.base import Tagger

HELD: Final = 32_000_000
"""Bytes of covers that a batch takes, if they are not files of their own."""


@dataclass
class Batch:
    """Covers that are read together, all of one part.

    Attributes:
        unit: Unit of the part.
        entries: Position and cover.
        ends: The part, if these are its last covers.
        files: Bytes of each cover, or the reason why there are none.
        new: Files that no earlier cover has.
        known: Places of covers in finished parts.
    """

    unit: int
    entries: list[tuple[int, CoverItem]]
    ends: Part | None = None
    files: list[CoverFile | Skipped] = field(default_factory=list)
    new: list[CoverFile] = field(default_factory=list)
    known: Mapping[str, Place] = field(default_factory=dict)

    def digests(self) -> list[str]:
        """Digest of each cover; empty for those that could not be read."""
        return [file.digest if isinstance(file, CoverFile) else "" for file in self.files]

    def file_of(self, digest: str) -> CoverFile:
        """Return the file of a cover."""
        return next(file for file in self.files if isinstance(file, CoverFile) and file.digest == digest)

    def sizes(self) -> dict[str, tuple[int, int] | None]:
        """Return width and height of each file in pixels, by digest; None where they are unknown."""
        return {file.digest: _size(file) for file in self.files if isinstance(file, CoverFile)}


class BatchReader:
    """Reads shards in batches.

    Args:
        shards: The shards.
        tagger: Tagger whose batches and image size count.
        index: Places of the covers that were tagged before.
        size: Maximum number of covers in a part.
    """

    def __init__(self, shards: Iterable[Shard], tagger: Tagger, index: Index, size: int) -> None:
        self.shards = shards
        self.tagger = tagger
        self.index = index
        self.size = size
        self._seen: set[str] = set()  # digests of parts in work

    def batches(self) -> Generator[Batch]:
        """Yield batches with their files, read one batch ahead in a thread."""
        planned = self._planned()
        with (
            CoverFetcher() as fetcher,
            closing(prefetched(lambda _: self._read(next(planned, None), fetcher), repeat(None))) as read,
        ):
            for batch in read:
                if batch is None:
                    return
                yield from self._pieces(batch)

    def forget(self, digests: Collection[str]) -> None:
        """Forget the covers of a part that is written: the index has them."""
        self._seen.difference_update(digests)

    def _planned(self) -> Iterator[Batch]:
        """Yield batches without files: they end with a batch of the tagger, or with a part."""
        for shard in self.shards:
            start = position = shard.start
            entries: list[tuple[int, CoverItem]] = []
            held = 0
            for item, more in _with_more(shard.items()):
                entries.append((position, item))
                position += 1
                held += len(item.data)
                ends = None
                if position - start == self.size or not more:
                    ends = Part(shard.unit, start, position, last=shard.open_end and not more)
                if ends or len(entries) == self.tagger.batch_size or held > HELD:
                    yield Batch(shard.unit, entries, ends)
                    start, entries, held = position if ends else start, [], 0
            if shard.open_end and position == shard.start:  # nothing behind the last part
                yield Batch(shard.unit, [], Part(shard.unit, position, position, last=True))

    def _read(self, batch: Batch | None, fetcher: CoverFetcher) -> Batch | None:
        """Read the files of a batch, and find out which are new."""
        if batch is None:
            return None
        items = [item for _, item in batch.entries]
        fetched = iter(fetcher.fetch([item.album for item in items if item.path]))
        batch.files = [next(fetched) if item.path else _from_bytes(item) for item in items]
        files = {file.digest: file for file in batch.files if isinstance(file, CoverFile)}
        unseen = [digest for digest in files if digest not in self._seen]
        batch.known = self.index.find(unseen) if unseen else {}
        batch.new = [files[digest] for digest in unseen if digest not in batch.known]
        self._seen.update(files)
        return batch

    def _pieces(self, batch: Batch) -> Iterator[Batch]:
        """Divide a batch with large covers, whose pixels would take too much memory together."""
        sizes: dict[str | None, tuple[int, int] | None] = {}
        sizes.update(batch.sizes())
        groups = list(cover_batches(batch.new, self.tagger.batch_size, {self.tagger.image_size}, sizes))
        if len(groups) < 2:  # noqa: PLR2004
            yield batch
            return
        digests = batch.digests()
        borders = [digests.index(group[0].digest) for group in groups[1:]]
        for start, stop, group in zip([0, *borders], [*borders, len(digests)], groups, strict=True):
            yield Batch(
                batch.unit, batch.entries[start:stop], batch.ends if stop == len(digests) else None,
                batch.files[start:stop], group, batch.known,
            )  # fmt: skip


def _with_more(items: Iterable[CoverItem]) -> Iterator[tuple[CoverItem, bool]]:
    """Yield each item, and whether there is another one behind it."""
    rest = iter(items)
    for item in rest:
        current = item
        for following in rest:
            yield current, True
            current = following
        yield current, False


def _from_bytes(item: CoverItem) -> CoverFile | Skipped:
    """Build the file of a cover whose bytes the input has."""
    if item.error:
        code, _, detail = item.error.partition(": ")
        return skipped_cover(item.album, CoverError(code, detail))
    if len(item.data) > MAX_BYTES:
        return skipped_cover(item.album, CoverError("too-many-bytes", f"more than {MAX_BYTES} bytes"))
    return CoverFile(item.album, hashlib.sha256(item.data).hexdigest(), item.data)


def _size(file: CoverFile) -> tuple[int, int] | None:
    return file.size or (image_size(file.data) if file.data else None)
