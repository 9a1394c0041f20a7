"""A wrapper round a remote catalogue: answers are kept, and a service that said wait is left alone."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from spotitags.catalogs import bare_id
from spotitags.errors import RateLimitError
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.cache import Cache
    from spotitags.catalogs import Catalog

WEEK = 7 * 24 * 3600.0


class CachedCatalog:
    """The same catalogue, asked once a week an artist.

    Args:
        inner: The catalogue that is asked.
        cache: Where answers are kept.
        scope: Whatever else changes the answers, such as the market.
        seconds: How long an answer stays good.
    """

    def __init__(self, inner: Catalog, cache: Cache, *, scope: str = "", seconds: float = WEEK) -> None:
        self.inner = inner
        self.cache = cache
        self.scope = scope
        self.seconds = seconds
        self._wait: RateLimitError | None = None

    def __repr__(self) -> str:
        return f"CachedCatalog({self.inner!r}, scope={self.scope!r})"

    @property
    def name(self) -> str:
        """Name of the catalogue inside."""
        return self.inner.name

    def albums(self, artist: str, limit: int) -> list[Album]:
        """The kept answer, else the catalogue's own, which is then kept.

        Raises:
            RateLimitError: The service asked to wait and that time is not over; it is not asked again.
            CatalogError: As the catalogue inside raises it.
        """
        key = f"{self.name}:{self.scope}:{limit}:{bare_id(artist)}"
        kept = self.cache.get("albums", key)
        if kept is not None:
            return [_album(row) for row in kept]
        if self._wait is not None and self._wait.retry_at and datetime.now(UTC) < self._wait.retry_at:
            raise self._wait
        try:
            albums = self.inner.albums(artist, limit)
        except RateLimitError as error:
            self._wait = error
            raise
        self.cache.put("albums", key, _rows(albums), seconds=self.seconds)
        return albums


def _rows(albums: Sequence[Album]) -> list[dict[str, Any]]:
    return [asdict(album) for album in albums]


def _album(row: dict[str, Any]) -> Album:
    images = tuple(Image(**image) for image in row["images"])
    return Album(**row | {"artist": Artist(**row["artist"]), "images": images})
