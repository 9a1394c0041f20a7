"""List the albums of the next artists, and fetch the covers that have no cached results."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from spotitags.errors import SpotiTagsError
from spotitags.pipeline.artist_result import ArtistJob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from threading import Event

    from spotitags.catalogs.base import Catalog
    from spotitags.covers.fetch_cache import CoverFetchCache, CoverRequest
    from spotitags.pipeline.tagger_pool import TagCache
    from spotitags.records import Album

ARTISTS_AT_ONCE = 16  # about 160 covers: fills a GPU's batch, and bounds what an interruption loses
MOST_AT_ONCE = 128  # while all results are cached
SECONDS_AT_ONCE = 5.0  # of listing albums, after which fewer artists are passed on, for a person waits


@dataclass(eq=False)
class ArtistListing:
    """Lists artists in batches, which grow while all results are cached.

    Args:
        catalog: Source of albums.
        fetcher: Fetcher of covers.
        albums: Maximum number of albums per artist, not counting those whose cover is a copy.
        results: Builds an empty cache of results.
        needs_fetch: Returns whether a cover must be fetched, given the results that are cached.
    """

    catalog: Catalog
    fetcher: CoverFetchCache
    albums: int
    results: Callable[[], TagCache]
    needs_fetch: Callable[[CoverRequest, TagCache], bool]
    _at_once: int = field(default=ARTISTS_AT_ONCE, init=False)

    def next_batch(self, refs: Iterator[str], stop: Event) -> tuple[list[ArtistJob], TagCache]:
        """List the next artists' albums, and fetch covers without cached results; [] at the end.

        A release whose cover is a copy is followed by a further release, where the catalogue has one.
        """
        results = self.results()
        jobs = self._list_albums(refs, stop)
        requests = [request for job in jobs for request in job.requests]
        self._at_once = min(2 * self._at_once, MOST_AT_ONCE)
        while requests:
            results.load([request.digest for request in requests if request.digest])
            needed = [each for each in requests if not each.skipped and self.needs_fetch(each, results)]
            if needed:
                self._at_once = ARTISTS_AT_ONCE
                self.fetcher.fetch(needed)
            requests = [] if stop.is_set() else [each for job in jobs for each in self._replace_copies(job)]
        return jobs, results

    def _list_albums(self, refs: Iterator[str], stop: Event) -> list[ArtistJob]:
        """List the albums of the next artists, until it takes long; [] if the run is to stop."""
        began = time.monotonic()
        listed: list[tuple[ArtistJob, Sequence[Album]]] = []
        for ref in islice(refs, self._at_once):
            if stop.is_set():
                return []
            try:
                listed.append((ArtistJob(ref, limit=self.albums), self.catalog.albums(ref, self.albums)))
            except SpotiTagsError as error:
                listed.append((ArtistJob(ref, error=error), ()))
            if time.monotonic() - began > SECONDS_AT_ONCE:
                break
        requests = iter(self.fetcher.requests([album for _, albums in listed for album in albums]))
        for job, albums in listed:
            job.requests = list(islice(requests, len(albums)))
        return [job for job, _ in listed]

    def _replace_copies(self, job: ArtistJob) -> list[CoverRequest]:
        """List a further album for each copy; return the covers that this adds."""
        while not job.error and len(job.requests) >= job.limit < self.albums + job.copies():
            job.limit = self.albums + job.copies()
            try:
                albums = self.catalog.albums(job.ref, job.limit)
            except SpotiTagsError as error:
                job.error = error  # fewer covers than in an undisturbed run would be another result
                break
            known = {(request.album.id, request.album.images): request for request in job.requests}
            added = self.fetcher.requests([each for each in albums if (each.id, each.images) not in known])
            known |= {(request.album.id, request.album.images): request for request in added}
            job.requests = [known[each.id, each.images] for each in albums]
            if added:
                return added
        return []
