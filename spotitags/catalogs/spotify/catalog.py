"""Catalogue of Spotify's Web API, by the rules of Development Mode (2026)."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from spotitags.catalogs.artist_ids import spotify_id
from spotitags.catalogs.base import Match
from spotitags.catalogs.spotify.editions import merge_editions
from spotitags.catalogs.spotify.responses import parse_albums, parse_playlist, parse_search
from spotitags.errors import CatalogError, InputError
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spotitags.catalogs.spotify.client import SpotipyClient
    from spotitags.io.rate_limit import DailyQuota
    from spotitags.io.response_cache import ResponseCache


T = TypeVar("T")

PAGE: Final = 10
"""Albums or artists per call; in Development Mode, Spotify rejects a larger ``limit`` with status 400."""
PLAYLIST_PAGE: Final = 50
"""Tracks of a playlist per call."""
MAX_PLAYLIST_PAGES: Final = 100
KINDS: Final = ("album", "single", "compilation")
"""Kinds of releases, in the order in which they are listed."""
_PLAYLIST: Final = re.compile(
    r"(?:spotify:playlist:|(?:https?://)?open\.spotify\.com/(?:intl-[a-z-]+/)?playlist/)?([0-9A-Za-z]{22})(?:[/?#].*)?"
)


@dataclass(eq=False)
class SpotifyCatalog:
    """Releases of artists as Spotify lists them, with as few calls as possible.

    Albums come first, then singles and compilations until there are enough, never ``appears_on``. Editions of
    one title count once. Releases are sorted by ``popularity`` if the response has it (Extended Quota), and
    keep Spotify's order otherwise. No connection is opened before the first call.

    Args:
        client: Client for Spotify.
        responses: Cache of the responses; None caches nothing and never waits.
        quota: Counts calls and refuses them before the daily quota is used up; None counts nothing.
    """

    name: ClassVar[str] = "spotify"

    client: SpotipyClient
    _: KW_ONLY
    responses: ResponseCache | None = None
    quota: DailyQuota | None = None

    def __repr__(self) -> str:
        return f"SpotifyCatalog(market={self.client.market!r})"

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return up to ``limit`` releases, best first, with all image sizes; empty if the artist has none.

        One call is enough if the first page has ``limit`` titles. At most ``limit / 10 + 3`` calls are made
        per kind of release, because the daily quota is small.

        Args:
            artist: Spotify id, ``spotify:artist:`` URI or open.spotify.com URL.
            limit: Maximum number of albums, 1 or more.

        Raises:
            InputError: ``artist``, ``limit`` or the market is malformed.
            SettingsError: The keys are missing or refused.
            ArtistNotFoundError: Spotify does not have the artist.
            RateLimitError: Too many calls; it says when to come back.
            CatalogError: Spotify could not be reached, or its response is malformed.
        """
        artist_id = spotify_id(artist)
        if limit < 1:
            raise InputError(f"{limit} albums cannot be requested: give 1 or more")
        items: list[dict[str, Any]] = []
        for kind in KINDS:
            for page in self._album_pages(artist_id, kind, limit // PAGE + 3):
                items += [item | {"kind": kind} for item in page]
                albums = _ranked_albums(items, artist_id)
                if len(albums) >= limit:
                    return self._with_artist_name(albums[:limit])
        return self._with_artist_name(_ranked_albums(items, artist_id))

    def search(self, name: str, limit: int = PAGE) -> list[Match]:
        """Return up to ``limit`` artists with similar names, in Spotify's order, ten per call.

        Raises:
            SettingsError, RateLimitError, CatalogError: As for `albums`.
        """
        found: list[list[str]] = []
        for offset in range(0, limit, PAGE):
            page = self._call(
                "search",
                name,
                parse_search,
                type="artist",
                limit=PAGE,
                offset=offset,
                market=self.client.market,
            )
            found += page["items"]
            if not page["more"]:
                break
        return [Match(*match) for match in found[:limit]]

    def playlist(self, playlist: str) -> list[Artist]:
        """Return the first artist of each track of a playlist, each once, in the order of the playlist.

        Args:
            playlist: Spotify id, ``spotify:playlist:`` URI or open.spotify.com URL.

        Raises:
            InputError: ``playlist`` is none of the three.
            CatalogError: Spotify does not show the playlist; in Development Mode only its owner may see it.
            SettingsError, RateLimitError: As for `albums`.
        """
        match = _PLAYLIST.fullmatch(playlist.strip())
        if not match:
            raise InputError(
                f"{playlist!r} is not a playlist: give the 22-character id, spotify:playlist:<id>, or its URL"
            )
        names: dict[str, str] = {}
        for number in range(MAX_PLAYLIST_PAGES):
            page = self._call(
                "playlist_items", match[1], parse_playlist,
                limit=PLAYLIST_PAGE, offset=number * PLAYLIST_PAGE, market=self.client.market,
            )  # fmt: skip
            for artist_id, name in page["items"]:
                names.setdefault(artist_id, name)
            if not page["more"]:
                break
        return [Artist(artist_id, name) for artist_id, name in names.items()]

    def _call(self, method: str, subject: str, parse: Callable[[dict[str, Any]], T], **query: str | int) -> T:
        """Return the parsed response to a call, from the cache if it is there; ``parse`` returns JSON."""

        def call() -> T:
            if self.quota is not None:
                self.quota.spend(method)
            response = self.client.call(method, subject, **query)
            try:
                return parse(response)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise CatalogError(
                    f"Spotify's response is malformed ({type(error).__name__}): try again later"
                ) from error

        if self.responses is None:
            return call()
        parameters = "&".join(f"{key}={value}" for key, value in sorted(query.items()))
        return self.responses.get_or_call(f"{method}/{subject}?{parameters}&for={self.client.market}", call)

    def _album_pages(self, artist_id: str, kind: str, max_pages: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the pages of one kind of release, by offset: the URL in ``next`` could lead elsewhere."""
        for number in range(max_pages):
            page = self._call(
                "artist_albums", artist_id, parse_albums,
                include_groups=kind, limit=PAGE, offset=number * PAGE,
            )  # fmt: skip
            yield page["items"]
            if not page["more"]:
                return

    def _with_artist_name(self, albums: list[Album]) -> list[Album]:
        """Request the artist's name if its albums name only others, as after a merge of two ids."""
        if not albums or albums[0].artist.name:
            return albums
        artist = albums[0].artist
        try:
            name = self._call("artist", artist.id, lambda response: response.get("name"))
        except CatalogError:
            return albums  # the albums are useful without the name
        named = replace(artist, name=name) if isinstance(name, str) else artist
        return [replace(album, artist=named) for album in albums]


def _ranked_albums(items: list[dict[str, Any]], artist_id: str) -> list[Album]:
    """Sort by kind, then by popularity if known, and merge editions."""
    names = (name for item in items for other_id, name in item["artists"] if other_id == artist_id)
    artist = Artist(artist_id, next(names, None))
    return merge_editions([_album(item, artist) for item in sorted(items, key=_rank)])


def _rank(item: dict[str, Any]) -> tuple[int, float]:
    popularity = item.get("popularity")
    return KINDS.index(item["kind"]), -popularity if isinstance(popularity, int) else 0


def _album(item: dict[str, Any], artist: Artist) -> Album:
    images = (image for image in item["images"] or () if isinstance(image, dict) and image.get("url"))
    return Album(
        id=item["id"],
        name=item["name"],
        artist=artist,
        images=tuple(Image(image["url"], image.get("width"), image.get("height")) for image in images),
        kind=item["kind"],
        release_date=item["release_date"] or None,
    )
