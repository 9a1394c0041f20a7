"""Fetch the files of covers from the web or from disk.

A cover that cannot be used never stops the others: it comes back as `Skipped` with one of `REASONS`.
"""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from spotitags.covers.decode import MAX_PIXELS, MIN_SIDE, _skipped, image_format
from spotitags.errors import CoverError, FetchError, RateLimitError
from spotitags.records import CoverFile, Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotitags.io.http import HttpClient
    from spotitags.records import Album, Image


REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "no-image": "the catalogue names no image for this album",
        "address": "the image's address is neither http(s) nor a file path",
        "not-found": "no such address (404, 410) or no such file",
        "refused": "the server refuses (other 4xx, too many redirects) or the file may not be read",
        "server": "the server failed (5xx), also when asked again",
        "rate-limited": "the server asks for a longer pause than is reasonable for a cover",
        "connection": "the connection could not be made or broke, also when tried again",
        "timeout": "the bytes did not come in time",
        "too-many-bytes": "the file is larger than the limit",
        "empty": "0 bytes",
        "html": "a web page instead of an image",
        "unknown-format": "neither JPEG, PNG, WebP nor GIF",
        "too-small": f"a side of fewer than {MIN_SIDE} pixels, a placeholder",
        "too-many-pixels": "width times height in the header is over the limit; not decoded",
        "animated": "more than one frame",
        "cmyk": "four-colour print data, which has no agreed look on a screen",
        "palette": "indexed colours",
        "colours": "another colour space than RGB or grey",
        "truncated": "the file ends too early",
        "broken": "the file is damaged",
    }
)

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one cover may cost.

    Attributes:
        seconds: Time to fetch it, tries and pauses included.
        bytes: Size of the file.
        pixels: Width times height, as its header says.
        workers: Covers fetched at once.
    """

    seconds: float = 15.0
    bytes: int = 20_000_000
    pixels: int = MAX_PIXELS
    workers: int = 8


def choose_image(images: Sequence[Image], wanted: int = 300) -> Image:
    """The smallest image whose shorter side has ``wanted`` pixels, else the largest; unknown sizes last.

    Raises:
        CoverError: There is no image (reason ``no-image``).
    """
    if not images:
        raise CoverError("no-image")
    sides = [min(image.width or 0, image.height or 0) for image in images]
    enough = [index for index, side in enumerate(sides) if side >= max(wanted, 1)]
    if enough:
        return images[min(enough, key=sides.__getitem__)]
    return images[max(range(len(images)), key=sides.__getitem__)]


def _urls(images: Sequence[Image], wanted: int) -> tuple[str, ...]:
    """The address of `choose_image`, then the others, the largest first: a size may be missing alone."""
    first = choose_image(images, wanted)
    rest = sorted(images, key=lambda image: min(image.width or 0, image.height or 0), reverse=True)
    return tuple(dict.fromkeys([first.url, *(image.url for image in rest)]))


class CoverFetcher:
    """Fetches covers concurrently, over http(s) or from disk. A context manager; it opens on first use.

    Args:
        limits: What one cover may cost.
        client: Used instead of an own client, and left open; its own limits on time and bytes hold.
    """

    def __init__(self, limits: Limits | None = None, client: HttpClient | None = None) -> None:
        self.limits = limits or Limits()
        self._client = client
        self._owned = client is None

    def fetch(self, albums: Sequence[Album], wanted: int = 300) -> list[CoverFile | Skipped]:
        """One result an album, in the albums' order; an address that several albums share is fetched once.

        Where there is nothing at an address, the album's other sizes are tried.

        Args:
            albums: Whose covers.
            wanted: Shorter side, in pixels, that the tagger needs at least; see `choose_image`.
        """
        addresses = [_urls(album.images, wanted) if album.images else () for album in albums]
        wanted_once = list(dict.fromkeys(filter(None, addresses)))
        self._prepare([address for sizes in wanted_once for address in sizes])
        with ThreadPoolExecutor(max_workers=self.limits.workers) as pool:
            found = dict(zip(wanted_once, pool.map(self._first, wanted_once), strict=True))
        return [
            _file(album, found[sizes] if sizes else CoverError("no-image"))
            for album, sizes in zip(albums, addresses, strict=True)
        ]

    def close(self) -> None:
        """Close the own connections; the next fetch opens new ones."""
        if self._owned and self._client is not None:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _prepare(self, addresses: Sequence[str]) -> None:
        """Build the client where something is remote, so that local covers never import one."""
        if self._client is None and any(_SCHEME.match(address) for address in addresses):
            from spotitags.io.http import HttpClient

            self._client = HttpClient(
                seconds=self.limits.seconds,
                max_bytes=self.limits.bytes,
                connections=self.limits.workers,
                # Compressing an image gains nothing and would hide its size.
                headers={"Accept": "image/*", "Accept-Encoding": "identity"},
            )

    def _first(self, sizes: Sequence[str]) -> tuple[str, bytes] | CoverError:
        """SHA-256 and bytes of the first address where there is something, or why not."""
        for address in sizes:
            found = self._bytes(address)
            if not isinstance(found, CoverError) or found.reason != "not-found":
                break
        return found

    def _bytes(self, address: str) -> tuple[str, bytes] | CoverError:
        """SHA-256 and bytes of one address, or why not."""
        try:
            if self._client is not None and _SCHEME.match(address):
                data = self._client.get(address)
            else:
                data = _read(address, self.limits.bytes)
            image_format(data)
        except RateLimitError as error:
            return CoverError("rate-limited", str(error))
        except FetchError as error:
            return CoverError(error.reason, error.detail)
        except CoverError as error:
            return error
        return hashlib.sha256(data).hexdigest(), data


def _read(path: str, limit: int) -> bytes:
    try:
        file = Path(path)
        if file.exists() and not file.is_file():
            raise CoverError("refused", f"{path}: not a plain file")  # reading a pipe might never end
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CoverError("not-found", path) from error
    except (OSError, ValueError) as error:
        raise CoverError("refused", f"{path}: {error}") from error
    if len(data) > limit:
        raise CoverError("too-many-bytes", f"more than {limit} bytes")
    return data


def _file(album: Album, found: tuple[str, bytes] | CoverError) -> CoverFile | Skipped:
    if isinstance(found, CoverError):
        return _skipped(album, found)
    return CoverFile(album, *found)
