"""Fetch covers from the web or from disk, remembering by URL their digest or why they cannot be used.

A cover that cannot be used never stops the others: a `Skipped` with one of `spotitags.errors.REASONS` takes
its place.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self, TypeGuard, TypeVar

from spotitags.covers.decode import image_size, read_file, skipped_cover
from spotitags.covers.headers import image_format
from spotitags.covers.images import WANTED, cover_url, in_order, is_remote
from spotitags.errors import REASONS, CoverError, FetchError, RateLimitError
from spotitags.records import SMALL_SIDE, CoverFile, Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotitags.io.cache import Cache
    from spotitags.io.http import HttpClient
    from spotitags.records import Album, Image


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
_OTHER_IMAGE = frozenset({"not-found", "address"})  # reasons for which the other sizes are tried

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for fetching one cover.

    Attributes:
        seconds: Time to fetch it, retries and pauses included.
        bytes: Size of its file.
        workers: Number of covers that are fetched at once.
    """

    seconds: float = 15.0
    bytes: int = 20_000_000
    workers: int = 8


class CoverFetcher:
    """Fetches covers concurrently, over http(s) or from disk. A context manager; it connects on first use.

    Args:
        limits: Limits for one cover.
        client: Client to use instead of a new one. It is not closed, and its own limits on time and bytes
            apply.
    """

    def __init__(self, limits: Limits | None = None, client: HttpClient | None = None) -> None:
        self.limits = limits or Limits()
        self._client = client
        self._owns_client = client is None

    def fetch(self, albums: Sequence[Album], wanted: int = WANTED) -> list[CoverFile | Skipped]:
        """Fetch the cover of each album; a URL that several albums share is fetched once.

        Where a URL does not exist, or its picture is smaller than `spotitags.records.SMALL_SIDE`, the other
        image sizes of the album are tried, and the largest picture is taken.

        Args:
            albums: Albums to fetch the covers of.
            wanted: Minimum of the shorter side, in pixels, that the tagger needs; see `choose_image`.

        Returns:
            One result per album, in the same order.
        """
        images = [in_order(album.images, wanted) if album.images else () for album in albums]
        unique = list(dict.fromkeys(filter(None, images)))
        self._open_client([image for sizes in unique for image in sizes])
        with ThreadPoolExecutor(max_workers=self.limits.workers) as pool:
            fetched = dict(zip(unique, pool.map(self._fetch_first, unique), strict=True))
        return [
            _cover_file(album, fetched[sizes] if sizes else CoverError("no-image"))
            for album, sizes in zip(albums, images, strict=True)
        ]

    def close(self) -> None:
        """Close the connections; the next fetch opens new ones."""
        if self._owns_client and self._client is not None:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _open_client(self, images: Sequence[Image]) -> None:
        """Build the client if a URL needs one, so that local covers import no HTTP library."""
        if self._client is None and any(map(is_remote, images)):
            from spotitags.io.http import HttpClient

            self._client = HttpClient(
                seconds=self.limits.seconds,
                max_bytes=self.limits.bytes,
                connections=self.limits.workers,
                # Compressing an image gains nothing and would hide its size.
                headers={"Accept": "image/*", "Accept-Encoding": "identity"},
            )

    def _fetch_first(self, images: Sequence[Image]) -> tuple[str, bytes] | CoverError:
        """Return SHA-256 and bytes of the first image that is not small, else of the largest, or an error."""
        best: tuple[str, bytes] | CoverError | None = None
        side = -1
        for image in images:
            if 0 < image.side <= side:
                continue
            result = self._fetch_one(image)
            if isinstance(result, CoverError):
                best = result if side < 0 else best
                if result.reason not in _OTHER_IMAGE:
                    break
                continue
            found = min(image_size(result[1]) or (0,)) if len(images) > 1 else SMALL_SIDE
            if found > side:
                best, side = result, found
            if found >= SMALL_SIDE:
                break
        return best or CoverError("no-image")

    def _fetch_one(self, image: Image) -> tuple[str, bytes] | CoverError:
        try:
            if self._client is not None and is_remote(image):
                data = self._client.get(image.url, image.hosts)
            else:
                data = read_file(image.url, self.limits.bytes)
            image_format(data)
        except RateLimitError as error:
            return CoverError("rate-limited", str(error))
        except FetchError as error:
            return CoverError(error.reason, error.detail)
        except CoverError as error:
            return error
        return hashlib.sha256(data).hexdigest(), data


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
        return [
            CoverRequest(
                album,
                digest=digests.get(url) if url else album.digest,
                size=sizes.get(digests.get(url) or "") if url else album.size,
                skipped=_from_cache(unusable.get(url)) if url else None,
            )
            for album, url in zip(albums, urls, strict=True)
        ]

    def fetch(self, requests: Sequence[CoverRequest]) -> None:
        """Fetch the cover of each request; set its ``file``, ``digest`` and ``size``, or ``skipped``."""
        digests: dict[str, str] = {}
        unusable: dict[str, Skipped] = {}
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

    def _set_sizes(self, requests: Sequence[CoverRequest]) -> None:
        """Set the size of each fetched cover: from the cache, or from its file's header."""
        files = {request.digest: request.file for request in requests if request.digest and request.file}
        sizes = self._cached_sizes(list(files))
        read = {digest: image_size(file.data) for digest, file in files.items() if digest not in sizes}
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


def _cover_file(album: Album, fetched: tuple[str, bytes] | CoverError) -> CoverFile | Skipped:
    if isinstance(fetched, CoverError):
        return skipped_cover(album, fetched)
    return CoverFile(album, *fetched)
