"""Fetch covers from the web or from disk.

A cover that cannot be used never stops the others: a `Skipped` with one of `spotitags.errors.REASONS` takes
its place.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from spotitags.covers.decode import image_size, read_file, skipped_cover
from spotitags.covers.headers import image_format
from spotitags.covers.images import WANTED, in_order, is_remote
from spotitags.covers.memory import FileStore, room_for_file
from spotitags.errors import CoverError, FetchError, RateLimitError
from spotitags.records import SMALL_SIDE, CoverFile, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spotitags.io.http import HttpClient
    from spotitags.records import Album, Image


_OTHER_IMAGE = frozenset({"not-found", "address"})  # reasons for which the other sizes are tried


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


class _Fetched(NamedTuple):
    """Fields of a `CoverFile` but its album."""

    digest: str
    data: bytes
    load: Callable[[], bytes] | None = None
    length: int = 0
    size: tuple[int, int] | None = None


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
            One result per album, in the same order. Files beyond `spotitags.covers.memory.HELD` bytes are
            not held in memory.
        """
        images = [in_order(album.images, wanted) if album.images else () for album in albums]
        unique = list(dict.fromkeys(filter(None, images)))
        self._open_client([image for sizes in unique for image in sizes])
        fetch_first = partial(self._fetch_first, files=FileStore())
        with ThreadPoolExecutor(max_workers=self.limits.workers) as pool:
            fetched = dict(zip(unique, pool.map(fetch_first, unique), strict=True))
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

    def _fetch_first(self, images: Sequence[Image], files: FileStore) -> _Fetched | CoverError:
        """Fetch the first image that is not small, else the largest; return an error if there is none."""
        with _room(images):
            image, found = self._first(images)
            if isinstance(found, CoverError):
                return found
            read = None if is_remote(image) else partial(read_file, image.url, self.limits.bytes)
            load = files.add(*found, read)
            digest, data = found
            return (
                _Fetched(digest, b"", load, len(data), image_size(data)) if load else _Fetched(digest, data)
            )

    def _first(self, images: Sequence[Image]) -> tuple[Image, tuple[str, bytes] | CoverError]:
        best: tuple[Image, tuple[str, bytes] | CoverError] = images[0], CoverError("no-image")
        side = -1
        for image in images:
            if 0 < image.side <= side:
                continue
            result = self._fetch_one(image)
            if isinstance(result, CoverError):
                best = (image, result) if side < 0 else best
                if result.reason not in _OTHER_IMAGE:
                    break
                continue
            found = min(image_size(result[1]) or (0,)) if len(images) > 1 else SMALL_SIDE
            if found > side:
                best, side = (image, result), found
            if found >= SMALL_SIDE:
                break
        return best

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


def _room(images: Sequence[Image]) -> AbstractContextManager[None]:
    """Wait until there is memory for the largest of these images that is a file."""
    try:
        return room_for_file(
            max((Path(each.url).stat().st_size for each in images if not is_remote(each)), default=0)
        )
    except (OSError, ValueError):  # fetching it gives the reason
        return nullcontext()


def _cover_file(album: Album, fetched: _Fetched | CoverError) -> CoverFile | Skipped:
    if isinstance(fetched, CoverError):
        return skipped_cover(album, fetched)
    return CoverFile(album, *fetched)
