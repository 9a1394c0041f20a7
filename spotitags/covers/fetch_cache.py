"""Cache of fetched covers: by URL their digest, or why they cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeGuard, TypeVar

from spotitags.covers.decode import image_size
from spotitags.covers.images import WANTED, cover_url
from spotitags.covers.known_files import file_states, known_files, store_files
from spotitags.errors import REASONS
from spotitags.records import CoverFile, Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotitags.covers.fetch import CoverFetcher
    from spotitags.io.cache import Cache
    from spotitags.records import Album


WEEK: Final = 7 * 24 * 3600.0
MONTH: Final = 30 * 24 * 3600.0
TRANSIENT: Final = frozenset(
    {
        "server",
        "rate-limited",
        "connection",
        "timeout",
        "address",
        "empty",
        "html",
        "unknown-format",
        "too-slow",
    }
)
"""Those of `spotitags.errors.REASONS` that may not be the cover's fault: the next run fetches it again.

An address that one service may not give may be the user's own next time.
"""

_USED_NOW: Final = frozenset({"animated", "cmyk", "palette"})  # of earlier versions
T = TypeVar("T")


@dataclass(slots=True)
class CoverRequest:
    """The cover of one album, on its way from the catalogue to the taggers.

    Attributes:
        album: Album of the cover.
        digest: SHA-256 (hex) of the cover's bytes, once it is known.
        size: Width and height of the cover in pixels, once they are known.
        file: The bytes, if they had to be fetched.
        skipped: Why the cover cannot be used, if so.
    """

    album: Album
    digest: str | None = None
    size: tuple[int, int] | None = None
    file: CoverFile | None = None
    skipped: Skipped | None = None


@dataclass(eq=False, repr=False)
class CoverFetchCache:
    """Fetches covers, and remembers by URL what came.

    Args:
        fetcher: Fetches and checks the covers.
        cache: Stores digests for a month, why covers cannot be used for a week, and sizes by digest.
        refresh: Fetch covers of earlier runs again.
        wanted: As for `choose_image`.
    """

    fetcher: CoverFetcher
    cache: Cache
    refresh: bool = field(default=False, kw_only=True)
    wanted: int = field(default=WANTED, kw_only=True)
    _refreshed: set[str] = field(default_factory=set, init=False)

    def requests(self, albums: Sequence[Album]) -> list[CoverRequest]:
        """Build one request per album, with what the cache has of its cover."""
        urls = [cover_url(album, self.wanted) for album in albums]
        usable = [url for url in urls if url and (not self.refresh or url in self._refreshed)]
        cached = zip(usable, self.cache.get_many("digest", usable), strict=True)
        digests = {url: digest for url, digest in cached if isinstance(digest, str)}
        unusable = dict(zip(usable, self.cache.get_many("unusable", usable), strict=True))
        sizes = self._cached_sizes(list(digests.values()))
        files = {} if self.refresh else known_files(self.cache, albums)
        found = []
        for album, url in zip(albums, urls, strict=True):
            if url:
                digest = digests.get(url)
                found.append(
                    CoverRequest(
                        album, digest, sizes.get(digest or ""), skipped=_from_cache(unusable.get(url))
                    )
                )
            else:
                path = album.images[0].url if album.images else ""
                found.append(CoverRequest(album, *files.get(path, (album.digest, album.size))))
        return found

    def fetch(self, requests: Sequence[CoverRequest]) -> None:
        """Fetch the cover of each request; set its ``file``, ``digest`` and ``size``, or ``skipped``."""
        digests: dict[str, str] = {}
        unusable: dict[str, Skipped] = {}
        begin = file_states([request.album for request in requests])
        results = self.fetcher.fetch([request.album for request in requests], self.wanted)
        for request, result in zip(requests, results, strict=True):
            url = cover_url(request.album, self.wanted)
            if isinstance(result, CoverFile):
                request.digest, request.file = result.digest, result
                digests |= {url: result.digest} if url else {}
            else:
                request.skipped = result
                unusable |= {url: result} if url and result.code not in TRANSIENT else {}
        self.cache.put_many("digest", digests, seconds=MONTH)
        self._store_unusable(unusable)
        self._refreshed |= digests.keys() | unusable.keys()
        self._set_sizes([request for request in requests if request.file])
        store_files(
            self.cache,
            begin,
            {
                each.album.images[0].url: (each.digest, each.size)
                for each in requests
                if each.digest and each.size and each.album.images
            },
        )

    def _set_sizes(self, requests: Sequence[CoverRequest]) -> None:
        """Set the size of each fetched cover: from the cache, or from its file's header."""
        files = {request.digest: request.file for request in requests if request.digest and request.file}
        sizes = self._cached_sizes(list(files))
        read = {
            digest: file.size if file.load else image_size(file.data)
            for digest, file in files.items()
            if digest not in sizes
        }
        new = {digest: size for digest, size in read.items() if size}
        self.cache.put_many("size", new)
        for request in requests:
            request.size = (sizes | new).get(request.digest or "")

    def _cached_sizes(self, digests: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return width and height by the digest of each cover whose size is cached."""
        cached = zip(digests, self.cache.get_many("size", digests), strict=True)
        return {digest: (size[0], size[1]) for digest, size in cached if _is_pair_of(size, int)}

    def store_undecodable(self, undecodable: Mapping[str, Skipped], requests: Sequence[CoverRequest]) -> None:
        """Store, by URL, which of the requested covers cannot be decoded, given by digest."""
        found = [(request.album, undecodable.get(request.digest or "")) for request in requests]
        self._store_unusable(
            {
                url: skipped._replace(cover=album.name)
                for album, skipped in found
                if skipped and skipped.code not in TRANSIENT and (url := cover_url(album, self.wanted))
            }
        )

    def _store_unusable(self, unusable: Mapping[str, Skipped]) -> None:
        values = {url: [skipped.cover, skipped.reason] for url, skipped in unusable.items()}
        self.cache.put_many("unusable", values, seconds=WEEK)


def _from_cache(value: object) -> Skipped | None:
    """Build a `Skipped` from a cached cover and reason, which begins with its code; None to try it again."""
    if not _is_pair_of(value, str):
        return None
    cover, reason = value
    code = reason.partition(":")[0]
    if not reason or code in _USED_NOW:
        return None
    return Skipped(cover, reason, code if code in REASONS else "")


def _is_pair_of(value: object, kind: type[T]) -> TypeGuard[list[T]]:
    """Return whether a cached value is a pair, and not damaged."""
    return isinstance(value, list) and len(value) == 2 and all(isinstance(each, kind) for each in value)  # noqa: PLR2004
