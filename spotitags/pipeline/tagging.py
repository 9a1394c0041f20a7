"""From artists to the tags of each of their covers: catalogue, covers and taggers, and what is kept between.

A cover is opened only where a tagger has not seen it before. What was seen is kept batch by batch, so that an
interrupted run goes on where it stopped. The next artists are fetched, and the next covers decoded, while a
tagger is at work; a slow catalogue hands on what it has every few seconds. Covers for a tagger that costs
money wait until they fill its batches, and their artists with them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from spotitags.covers.decode import decode_many
from spotitags.covers.fetch import CoverFetchCache, cover_url
from spotitags.errors import SpotiTagsError, TaggerError, TaggerInterrupt
from spotitags.pipeline.artist_result import ArtistJob, build_result
from spotitags.pipeline.paid_calls import PaidQueue
from spotitags.pipeline.tag_cache import TagCache
from spotitags.pipeline.tagger_pool import TaggerPool
from spotitags.records import Skipped, TaggedCovers
from spotitags.taggers.base import HasCost
from spotitags.taggers.validation import as_tagger_error, valid_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    from spotitags.catalogs.base import Catalog
    from spotitags.covers.fetch import CoverFetcher, CoverRequest
    from spotitags.io.cache import Cache
    from spotitags.records import Cover, CoverFile
    from spotitags.taggers.base import FeatureExtractor


__all__ = ["ARTISTS_AT_ONCE", "ARTISTS_WAITING", "TaggedCovers", "TaggingRun"]

ARTISTS_AT_ONCE = 16  # about 160 covers: fills a GPU's batch, and is the most that an interruption costs
ARTISTS_WAITING = 512  # for a paid tagger's batch to fill; then an unfilled one goes out
SECONDS_AT_ONCE = 5.0  # of listing artists, after which fewer will do: somebody watches
COVERS_AT_ONCE = 64  # decoded together where no free tagger says how many it takes

A = TypeVar("A")
B = TypeVar("B")


class TaggingRun:
    """Runs artists through a catalogue, the covers and the taggers.

    Args:
        catalog: Where albums come from.
        readers: Who looks at the covers: the pool's taggers and whoever else; each name once.
        covers: Fetches and checks covers.
        cache: Keeps tags by cover and tagger version.
        albums: Most albums an artist.
        refresh: Fetch covers anew.
        pool: The taggers among the readers; None takes all as such.
    """

    def __init__(  # noqa: PLR0913 — four rooms and three settings
        self,
        catalog: Catalog,
        readers: Sequence[FeatureExtractor],
        covers: CoverFetcher,
        cache: Cache,
        *,
        albums: int = 10,
        refresh: bool = False,
        pool: TaggerPool | None = None,
    ) -> None:
        self.catalog = catalog
        self.readers = readers
        self.fetcher = CoverFetchCache(covers, cache, refresh=refresh)
        self.albums = albums
        self.pool = pool or TaggerPool(readers)
        self._tag_cache = TagCache(readers, cache)
        self._unreadable: dict[str, Skipped] = {}
        self._queue: deque[ArtistJob] = deque()
        self._paid_queues = [PaidQueue(reader, reader) for reader in readers if isinstance(reader, HasCost)]
        self._to_come: int | None = None

    def run(self, artists: Iterable[str]) -> Generator[tuple[str, TaggedCovers | SpotiTagsError]]:
        """What was seen on each artist's covers, or why nothing was, in the order given.

        Raises:
            TaggerError: No tagger can work; what was finished before is kept.
        """
        refs, over = iter(artists), Event()
        self._to_come = len(artists) if isinstance(artists, Sized) else None
        with closing(_prefetched(lambda _: self._fetch_batch(refs, over), iter(int, 1))) as prepared:
            try:
                for jobs in prepared:
                    yield from self._finished(partial(self._tag_batch, jobs))
                    if not jobs:
                        break
            finally:
                over.set()  # whoever stops early, as by Ctrl-C, waits for one artist at most
                self.pool.report()

    def _fetch_batch(self, refs: Iterator[str], over: Event) -> list[ArtistJob]:
        """List the next artists' albums and fetch covers that some tagger has not seen; [] at the end."""
        began = time.monotonic()
        jobs: list[ArtistJob] = []
        for ref in islice(refs, ARTISTS_AT_ONCE):
            if over.is_set():
                return []
            jobs.append(self._list_albums(ref))
            if time.monotonic() - began > SECONDS_AT_ONCE:
                break
        requests = [request for job in jobs for request in job.requests]
        tags = TagCache(self.readers, self._tag_cache.cache)
        tags.load([request.digest for request in requests if request.digest])
        self.fetcher.fetch(
            [request for request in requests if not request.skipped and self._needs_fetch(request, tags)]
        )
        return jobs

    def _list_albums(self, ref: str) -> ArtistJob:
        try:
            return ArtistJob(ref, self.fetcher.requests(self.catalog.albums(ref, self.albums)))
        except SpotiTagsError as error:
            return ArtistJob(ref, error=error)

    def _needs_fetch(self, request: CoverRequest, tags: TagCache) -> bool:
        """Whether the cover has to be fetched: somebody has to look, or nobody can know which cover it is."""
        if request.digest is None:
            return cover_url(request.album) is None or any(map(self.pool.is_active, self.readers))
        return self._missing_anywhere(request.digest, tags)

    def _missing(self, reader: FeatureExtractor, digest: str, tags: TagCache) -> bool:
        """Whether the reader has yet to look at a cover."""
        return (
            tags.get(reader, digest) is None
            and self.pool.is_active(reader)
            and (reader.name, digest) not in self.pool.unreadable
            and digest not in self._unreadable
        )

    def _missing_anywhere(self, digest: str, tags: TagCache) -> bool:
        """Whether some reader has yet to look at a cover."""
        return any(self._missing(reader, digest, tags) for reader in self.readers)

    def _finished(self, work: Callable[[], None]) -> Generator[tuple[str, TaggedCovers | SpotiTagsError]]:
        """Do something, then give the answers that are there; what stops the run comes after them."""
        stopped = None
        try:
            work()
        except SpotiTagsError as error:
            stopped = error
        while self._queue and not self._is_waiting(self._queue[0], stopped):
            job = self._queue.popleft()
            yield job.ref, build_result(job, self.readers, self._tag_cache, self.pool, self._unreadable)
        if stopped:
            raise stopped
        self._tag_cache.retain({digest for job in self._queue for digest in job.digests()})

    def _is_waiting(self, job: ArtistJob, stopped: SpotiTagsError | None) -> bool:
        """Whether a cover of the artist waits for a batch to fill or, in a run that stops, for anyone."""
        if stopped:
            return any(self._missing_anywhere(digest, self._tag_cache) for digest in job.digests())
        return any(digest in queue for queue in self._paid_queues for digest in job.digests())

    def _tag_batch(self, jobs: Sequence[ArtistJob]) -> None:
        """Have the next artists' covers looked at; without any, also those that wait for a whole batch."""
        self._queue.extend(jobs)
        if self._to_come is not None:
            self._to_come -= len(jobs)
        requests = [request for job in jobs for request in job.requests]
        self._tag_cache.load([request.digest for request in requests if request.digest])
        files = {request.digest: request.file for request in requests if request.digest and request.file}
        bad = self._decode_and_tag(
            [file for digest, file in files.items() if self._missing_anywhere(digest, self._tag_cache)]
        )
        self.fetcher.store_undecodable(bad, requests)
        self._unreadable |= bad
        for request in requests:
            request.file = None
        self._flush_paid(whole=bool(jobs) and len(self._queue) < ARTISTS_WAITING)

    def _decode_and_tag(self, files: Sequence[CoverFile]) -> dict[str, Skipped]:
        """Decode files and have them looked at; gives back, by digest, those that no decoder can read."""
        bad: dict[str, Skipped] = {}
        free = [reader for reader in self.readers if not isinstance(reader, HasCost)]
        most = max((reader.batch_size for reader in free), default=COVERS_AT_ONCE)
        # Closed here: collected as garbage, in whatever thread, it might wait for that very thread.
        with closing(_prefetched(self._decode, _chunks(files, most))) as decoded:
            for sizes in decoded:
                bad |= {
                    digest: skipped
                    for covers in sizes.values()
                    for digest, skipped in covers.items()
                    if isinstance(skipped, Skipped)
                }
                for reader in free:
                    for batch in _chunks(self._untagged(reader, sizes), reader.batch_size):
                        if self.pool.is_active(reader):
                            self._tag(reader, batch)
                for queue in self._paid_queues:
                    queue.add(self._untagged(queue.tagger, sizes))
        return bad

    def _decode(self, files: Sequence[CoverFile]) -> dict[int, dict[str, Cover | Skipped]]:
        """Covers by digest in each size that is wanted: what one reader sees depends on no other reader."""
        wanted = {
            reader.image_size
            for reader in self.readers
            if any(self._missing(reader, file.digest, self._tag_cache) for file in files)
        }
        return {
            size: dict(zip((file.digest for file in files), decode_many(files, size), strict=True))
            for size in wanted
        }

    def _untagged(
        self, reader: FeatureExtractor, sizes: Mapping[int, Mapping[str, Cover | Skipped]]
    ) -> list[Cover]:
        """The covers that a reader has yet to look at."""
        return [
            cover
            for digest, cover in sizes.get(reader.image_size, {}).items()
            if not isinstance(cover, Skipped) and self._missing(reader, digest, self._tag_cache)
        ]

    def _tag(self, reader: FeatureExtractor, covers: Sequence[Cover]) -> None:
        """Have a reader look, and keep what it says."""
        try:
            found = self.pool.tag(reader, covers)
        except SpotiTagsError as error:
            if isinstance(error, TaggerError):
                self._tag_cache.store(reader, valid_tags(error.answered))
            self.pool.drop(reader, error)
        except TaggerInterrupt as stop:
            self._tag_cache.store(reader, valid_tags(stop.answered))
            raise
        else:
            self._tag_cache.store(reader, found)

    def _flush_paid(self, *, whole: bool) -> None:
        """Send covers that fill batches to taggers that cost money, or all that wait."""
        for queue in self._paid_queues:
            while self.pool.is_active(queue.tagger) and (covers := self._next_paid_batch(queue, whole=whole)):
                self._tag(queue.tagger, covers)
            if not self.pool.is_active(queue.tagger):
                queue.clear()

    def _next_paid_batch(self, queue: PaidQueue, *, whole: bool) -> list[Cover]:
        """The covers to be paid for now; none where no batch is full, or no more calls are allowed."""
        try:
            with as_tagger_error(queue.tagger.name):
                if not (batch := queue.next(whole=whole)):
                    return []
                self._announce(queue)
                queue.remove(batch)
                return self.pool.reserve_calls(queue.tagger, batch)
        except TaggerError as error:
            self.pool.drop(queue.tagger, error)
            return []

    def _announce(self, queue: PaidQueue) -> None:
        coming = None if self._to_come is None else self._to_come * self.albums
        if line := queue.announcement(coming, self.pool.max_calls):
            self.pool.notify(line)


def _chunks(items: Iterable[A], size: int) -> Iterator[list[A]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _prefetched(work: Callable[[A], B], items: Iterable[A]) -> Generator[B]:
    """``map(work, items)``, one item ahead in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        pending: Future[B] | None = None
        for item in items:
            coming = pool.submit(work, item)
            if pending is not None:
                yield pending.result()
            pending = coming
        if pending is not None:
            yield pending.result()
