"""Tag the covers of many artists: list albums, fetch and decode covers, run extractors, cache results.

A cover is decoded only if an extractor lacks a cached result. Results are cached batch by batch, so that an
interrupted run continues where it stopped. The next artists are fetched, and the next covers decoded, while
extractors run; a slow catalogue passes on its artists every few seconds. Covers for paid taggers, and their
artists, wait until they fill the batches of these.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sized
from contextlib import closing
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from spotitags.covers.decode import decode_many
from spotitags.covers.fetch_cache import CoverFetchCache
from spotitags.covers.images import WANTED, cover_url
from spotitags.covers.worker import Cancellation
from spotitags.errors import SpotiTagsError, TaggerError, TaggerInterrupt
from spotitags.pipeline.artist_result import ArtistJob, build_result
from spotitags.pipeline.cover_batches import cover_batches
from spotitags.pipeline.listing import ArtistListing
from spotitags.pipeline.payments import Payments
from spotitags.pipeline.prefetch import chunks, prefetched
from spotitags.pipeline.tagger_pool import TagCache, TaggerPool
from spotitags.records import Skipped
from spotitags.taggers.base import HasCost
from spotitags.taggers.validation import valid_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from spotitags.catalogs.base import Catalog
    from spotitags.covers.fetch import CoverFetcher
    from spotitags.covers.fetch_cache import CoverRequest
    from spotitags.io.cache import Cache
    from spotitags.records import Cover, CoverFile, TaggedCovers
    from spotitags.taggers.base import Extractor

    Batch = list[tuple[str, TaggedCovers | SpotiTagsError]]

ARTISTS_WAITING = 512  # for a paid tagger's batch to fill; then an unfilled batch is sent
COVERS_AT_ONCE = 64  # decoded together if no free extractor sets a batch size
QUEUE_BYTES = 100_000_000  # of covers for paid taggers, from which on full batches are sent at once


class TaggingRun:
    """Run of many artists through a catalogue, the covers and the extractors.

    Args:
        catalog: Source of albums.
        extractors: Taggers and feature extractors, each name once.
        covers: Fetcher of covers.
        cache: Cache of results, and of what was fetched.
        albums: Maximum number of albums per artist, not counting those whose cover is a copy.
        refresh: True fetches covers again that earlier runs fetched.
        pool: Pool of the taggers among the extractors; None takes all as taggers.
    """

    def __init__(  # noqa: PLR0913 — four collaborators and three settings
        self,
        catalog: Catalog,
        extractors: Sequence[Extractor],
        covers: CoverFetcher,
        cache: Cache,
        *,
        albums: int = 10,
        refresh: bool = False,
        pool: TaggerPool | None = None,
    ) -> None:
        self.catalog = catalog
        self.extractors = extractors
        self.fetcher = CoverFetchCache(covers, cache, refresh=refresh, wanted=_wanted(extractors))
        self.albums = albums
        self.pool = pool or TaggerPool(extractors)
        self._results = TagCache(extractors, cache)
        self._undecodable: dict[str, Skipped] = {}
        self._queue: deque[ArtistJob] = deque()
        self._payments = Payments(self.pool, self._results, self._extract)
        self._artists_left: int | None = None
        self._listing = ArtistListing(
            catalog, self.fetcher, albums, lambda: TagCache(extractors, cache), self._needs_fetch
        )

    def run(self, artists: Iterable[str]) -> Generator[tuple[str, TaggedCovers | SpotiTagsError]]:
        """Yield for each artist in turn its tagged covers, or the error that prevents them; as `batches`."""
        with closing(self.batches(artists)) as batches:
            for batch in batches:
                yield from batch

    def batches(self, artists: Iterable[str]) -> Generator[Batch]:
        """Yield for each artist in turn its tagged covers, or the error, as lists of what is finished.

        Raises:
            TaggerError: No tagger can work; finished results are cached.
        """
        self._results.move_paid()
        refs, stop = iter(artists), Event()
        self._artists_left = len(artists) if isinstance(artists, Sized) else None
        with closing(
            prefetched(lambda _: self._listing.next_batch(refs, stop), iter(int, 1), stop.set)
        ) as batches:
            try:
                for jobs, results in batches:
                    self._results.add(results)
                    yield from self._finished(partial(self._tag_batch, jobs))
                    if not jobs:
                        break
            finally:
                stop.set()  # after an early end, as by Ctrl-C, at most one more artist is listed
                self._payments.close()
                self.pool.report()

    def _needs_fetch(self, request: CoverRequest, results: TagCache) -> bool:
        """Return whether a cover must be fetched: a result is missing, or its digest is unknown."""
        if request.digest is None:
            return cover_url(request.album) is None or any(map(self.pool.is_active, self.extractors))
        return self._missing_anywhere(request.digest, results)

    def _missing(self, extractor: Extractor, digest: str, results: TagCache) -> bool:
        """Return whether an extractor has yet to process a cover."""
        return (
            results.get(extractor, digest) is None
            and self.pool.is_active(extractor)
            and (extractor.name, digest) not in self.pool.unreadable
            and digest not in self._undecodable
        )

    def _missing_anywhere(self, digest: str, results: TagCache) -> bool:
        """Return whether some extractor has yet to process a cover."""
        return any(self._missing(extractor, digest, results) for extractor in self.extractors)

    def _finished(self, work: Callable[[], None]) -> Generator[Batch]:
        """Do some work, then yield the results that are complete; an error of the work is raised last."""
        done: Batch = []
        failure = None
        try:
            work()
        except SpotiTagsError as error:
            failure = error
        while self._queue and not self._is_waiting(self._queue[0], failure):
            job = self._queue.popleft()
            result = build_result(job, self.extractors, self._results, self.pool, self._undecodable)
            done.append((job.ref, result))
        if done:
            yield done
        if failure:
            raise failure
        self._results.retain({digest for job in self._queue for digest in job.digests()})

    def _is_waiting(self, job: ArtistJob, failure: SpotiTagsError | None) -> bool:
        """Return whether covers of the artist wait for a batch or, after a failure, for any extractor."""
        if failure:
            return any(self._missing_anywhere(digest, self._results) for digest in job.digests())
        return any(digest in queue for queue in self._payments.queues for digest in job.digests())

    def _tag_batch(self, jobs: Sequence[ArtistJob]) -> None:
        """Process the covers of the next artists; without artists, also those queued for paid taggers."""
        self._queue.extend(jobs)
        if self._artists_left is not None:
            self._artists_left -= len(jobs)
        requests = [request for job in jobs for request in job.requests]
        self._results.load([request.digest for request in requests if request.digest])
        files = {request.digest: request.file for request in requests if request.digest and request.file}
        missing = [file for digest, file in files.items() if self._missing_anywhere(digest, self._results)]
        coming = None if self._artists_left is None else self._artists_left * self.albums
        undecodable = self._decode_and_tag(missing, {each.digest: each.size for each in requests}, coming)
        self.fetcher.store_undecodable(undecodable, requests)
        self._undecodable |= undecodable
        for request in requests:
            request.file = None
        self._payments.send(whole=bool(jobs) and len(self._queue) < ARTISTS_WAITING, coming=coming)

    def _decode_and_tag(
        self,
        files: Sequence[CoverFile],
        sizes: Mapping[str | None, tuple[int, int] | None],
        coming: int | None,
    ) -> dict[str, Skipped]:
        """Decode files and run the free extractors; return the files that no decoder can read, by digest.

        Args:
            files: Files to decode.
            sizes: As for `cover_batches`.
            coming: As for `Payments.send`.
        """
        undecodable, left = dict[str, Skipped](), len(files)
        free = [extractor for extractor in self.extractors if not isinstance(extractor, HasCost)]
        most = max((extractor.batch_size for extractor in free), default=COVERS_AT_ONCE)
        batches = cover_batches(files, most, {extractor.image_size for extractor in self.extractors}, sizes)
        # Closed here: garbage collection, in whatever thread, might wait for that very thread.
        stop = Cancellation()
        with closing(prefetched(partial(self._decode, cancellation=stop), batches, stop.cancel)) as decoded:
            for by_size in decoded:
                undecodable |= self._tag_decoded(by_size, free)
                left -= max(map(len, by_size.values()), default=0)
                by_size.clear()  # before the next batch comes
                if self._payments.memory() > QUEUE_BYTES:
                    self._payments.send(whole=True, coming=None if coming is None else coming + left)
        return undecodable

    def _tag_decoded(
        self, by_size: Mapping[int, Mapping[str, Cover | Skipped]], free: Sequence[Extractor]
    ) -> dict[str, Skipped]:
        """Run the free extractors on decoded covers and queue them for the others; return those skipped."""
        for extractor in free:
            for batch in chunks(self._unprocessed(extractor, by_size), extractor.batch_size):
                if self.pool.is_active(extractor):
                    self._extract(extractor, batch)
        for queue in self._payments.queues:
            queue.add(self._unprocessed(queue.tagger, by_size))
        return {
            digest: cover
            for covers in by_size.values()
            for digest, cover in covers.items()
            if isinstance(cover, Skipped)
        }

    def _decode(
        self, files: Sequence[CoverFile], cancellation: Cancellation
    ) -> dict[int, dict[str, Cover | Skipped]]:
        """Decode covers in each size that an extractor needs, so that no extractor depends on another."""
        sizes = {
            extractor.image_size
            for extractor in self.extractors
            if any(self._missing(extractor, file.digest, self._results) for file in files)
        }
        digests = [file.digest for file in files]
        return {
            size: dict(zip(digests, decode_many(files, size, cancellation=cancellation), strict=True))
            for size in sizes
        }

    def _unprocessed(
        self, extractor: Extractor, by_size: Mapping[int, Mapping[str, Cover | Skipped]]
    ) -> list[Cover]:
        """Return the decoded covers that an extractor has yet to process."""
        return [
            cover
            for digest, cover in by_size.get(extractor.image_size, {}).items()
            if not isinstance(cover, Skipped) and self._missing(extractor, digest, self._results)
        ]

    def _extract(self, extractor: Extractor, covers: Sequence[Cover]) -> None:
        """Run an extractor on covers and store its results, also those before a failure."""
        try:
            found = self.pool.extract(extractor, covers, partial(self._results.store, extractor))
        except SpotiTagsError as error:
            if isinstance(error, TaggerError):
                self._results.store(extractor, valid_tags(error.answered))
            self.pool.drop(extractor, error)
        except TaggerInterrupt as interrupt:
            self._results.store(extractor, valid_tags(interrupt.answered))
            raise
        else:
            self._results.store(extractor, found)


def _wanted(extractors: Sequence[Extractor]) -> int:
    """Return the shorter side in pixels that covers should have.

    With a paid tagger it is always the same, so that no cover is sent a second time in another size.
    """
    paid = any(isinstance(extractor, HasCost) for extractor in extractors)
    return WANTED if paid else max([WANTED, *(extractor.image_size for extractor in extractors)])
