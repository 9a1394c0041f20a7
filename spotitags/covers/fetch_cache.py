"""Albums to cover bytes, and what is kept of that: by address a cover's digest, or why it cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotitags.covers.fetch import choose_image
from spotitags.records import CoverFile, Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotitags.covers.fetch import CoverFetcher
    from spotitags.io.cache import Cache
    from spotitags.records import Album


MONTH: Final = 30 * 24 * 3600.0
WEEK: Final = 7 * 24 * 3600.0
PASSING: Final = frozenset({"server", "rate-limited", "connection", "timeout"})
"""Of `spotitags.covers.fetch.REASONS`, those that say nothing of the cover itself: it is asked for again."""


@dataclass(slots=True)
class CoverRequest:
    """One album on its way to tags: in the end with a digest, or skipped.

    Attributes:
        album: Whose cover.
        digest: SHA-256 of the cover's bytes, where known.
        file: The bytes, where they were needed.
        skipped: Why there is no cover.
    """

    album: Album
    digest: str | None = None
    file: CoverFile | None = None
    skipped: Skipped | None = None


class CoverFetchCache:
    """Fetches covers, and remembers by address what came.

    Args:
        covers: Fetches and checks.
        cache: Keeps digests for a month and reasons for a week.
        refresh: Fetch anew what was fetched in earlier runs.
    """

    def __init__(self, covers: CoverFetcher, cache: Cache, *, refresh: bool = False) -> None:
        self.covers = covers
        self.cache = cache
        self.refresh = refresh
        self._renewed: set[str] = set()

    def requests(self, albums: Sequence[Album]) -> list[CoverRequest]:
        """A request an album, with what is remembered of its cover."""
        urls = [cover_url(album) for album in albums]
        known = [url for url in urls if url and (not self.refresh or url in self._renewed)]
        digests = dict(zip(known, self.cache.get_many("digest", known), strict=True))
        reasons = dict(zip(known, self.cache.get_many("unusable", known), strict=True))
        requests = []
        for album, url in zip(albums, urls, strict=True):
            request = CoverRequest(album, digests.get(url or "", None if url else album.digest))
            if reason := reasons.get(url or ""):
                request.skipped = Skipped(reason[0], reason[1])
            requests.append(request)
        return requests

    def fetch(self, requests: Sequence[CoverRequest]) -> None:
        """Fetch each request's cover into its ``file`` and ``digest``, or say in ``skipped`` why not."""
        digests: dict[str, str] = {}
        reasons: dict[str, Skipped] = {}
        results = self.covers.fetch([request.album for request in requests])
        for request, result in zip(requests, results, strict=True):
            url = cover_url(request.album)
            if isinstance(result, CoverFile):
                request.digest, request.file = result.digest, result
                digests |= {url: result.digest} if url else {}
            else:
                request.skipped = result
                reasons |= {url: result} if url and _reason(result) not in PASSING else {}
        self.cache.put_many("digest", digests, seconds=MONTH)
        self.cache.put_many("unusable", reasons, seconds=WEEK)
        self._renewed |= digests.keys() | reasons.keys()

    def store_undecodable(self, bad: Mapping[str, Skipped], requests: Sequence[CoverRequest]) -> None:
        """Remember covers, by digest, that came but that no decoder can read."""
        reasons = {
            url: Skipped(request.album.name, bad[request.digest].reason)
            for request in requests
            if request.digest and request.digest in bad and (url := cover_url(request.album))
        }
        self.cache.put_many("unusable", reasons, seconds=WEEK)


def cover_url(album: Album) -> str | None:
    """Where the album's cover is fetched; None for a local file or where there is none."""
    if not album.images:
        return None
    url = choose_image(album.images).url
    return url if url.startswith(("http://", "https://")) else None


def _reason(skipped: Skipped) -> str:
    return skipped.reason.partition(":")[0]
