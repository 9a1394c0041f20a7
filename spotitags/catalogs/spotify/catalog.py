"""Catalogue of Spotify's Web API, by the rules of Development Mode (2026)."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeVar

from spotitags.catalogs.artist_ids import spotify_id
from spotitags.catalogs.base import Match
from spotitags.catalogs.spotify.editions import merge_editions
from spotitags.catalogs.spotify.responses import (
    ALBUM_PAGE,
    ARTIST_NAME,
    ROW_PAGE,
    parse_albums,
    parse_name,
    parse_playlist,
    parse_playlist_albums,
    parse_search,
)
from spotitags.errors import CatalogError, InputError
from spotitags.io.answers import flaw
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pydantic import TypeAdapter

    from spotitags.catalogs.spotify.client import SpotipyClient
    from spotitags.catalogs.spotify.responses import AlbumPage, Release
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
IMAGE_HOSTS: Final = ("i.scdn.co", "*.scdn.co", "*.spotifycdn.com")
"""Hosts of covers; an address elsewhere is refused, be it a file or a server of the user's network."""
_PLAYLIST: Final = re.compile(
    r"(?:spotify:playlist:|(?:https?://)?open\.spotify\.com/(?:intl-[a-z-]+/)?playlist/)?([0-9A-Za-z]{22})(?:[/?#].*)?"
)


class _Listed(NamedTuple):
    """A release, with the kind by which it was listed."""

    kind: str
    release: Release


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
        releases: list[_Listed] = []
        hosts = (*IMAGE_HOSTS, *self.client.own_origins)
        for kind in KINDS:
            for page in self._album_pages(artist_id, kind, limit // PAGE + 3):
                releases += [_Listed(kind, item) for item in page.items]
                albums = _ranked_albums(releases, artist_id, hosts)
                if len(albums) >= limit:
                    return self._with_artist_name(albums[:limit])
        return self._with_artist_name(_ranked_albums(releases, artist_id, hosts))

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
                ROW_PAGE,
                type="artist",
                limit=PAGE,
                offset=offset,
                market=self.client.market,
            )
            found += page.items
            if not page.more:
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
        names: dict[str, str] = {}
        for page in self._playlist_pages(playlist, parse_playlist, ROW_PAGE):
            for artist_id, name in page.items:
                names.setdefault(artist_id, name)
        return [Artist(artist_id, name) for artist_id, name in names.items()]

    def playlist_albums(self, playlist: str) -> list[Album]:
        """Return the album of each track of a playlist, each once, in the order of the playlist.

        Args:
            playlist: As for `playlist`.

        Raises:
            InputError, CatalogError, SettingsError, RateLimitError: As for `playlist`.
        """
        hosts = (*IMAGE_HOSTS, *self.client.own_origins)
        found: dict[str, Album] = {}
        pages = self._playlist_pages(
            playlist, parse_playlist_albums, ALBUM_PAGE, fields="items(item(album),track(album)),next"
        )
        for page in pages:
            for release in page.items:
                artist_id, name = release.artists[0] if release.artists else ("", "")
                artist = Artist(artist_id, name or None)
                found.setdefault(release.id, _album(_Listed("album", release), artist, hosts))
        return list(found.values())

    def _playlist_pages(
        self, playlist: str, parse: Callable[[dict[str, Any]], Any], schema: TypeAdapter[T], **query: str
    ) -> Iterator[T]:
        """Yield the pages of a playlist."""
        match = _PLAYLIST.fullmatch(playlist.strip())
        if not match:
            raise InputError(
                f"{playlist!r} is not a playlist: give the 22-character id, spotify:playlist:<id>, or its URL"
            )
        for number in range(MAX_PLAYLIST_PAGES):
            page: Any = self._call(
                "playlist_items", match[1], parse, schema,
                limit=PLAYLIST_PAGE, offset=number * PLAYLIST_PAGE, market=self.client.market, **query,
            )  # fmt: skip
            yield page
            if not page.more:
                return

    def _call(
        self,
        method: str,
        subject: str,
        parse: Callable[[dict[str, Any]], Any],
        schema: TypeAdapter[T],
        **query: str | int,
    ) -> T:
        """Return what ``parse`` selects of the response to a call, if it fits ``schema``; cached or fresh."""

        def call() -> T:
            if self.quota is not None:
                self.quota.spend(method)
            response = self.client.call(method, subject, **query)
            try:
                return schema.validate_python(parse(response))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise CatalogError(
                    f"Spotify's response is malformed ({flaw(error)}): try again later"
                ) from error

        if self.responses is None:
            return call()
        parameters = "&".join(f"{key}={value}" for key, value in sorted(query.items()))
        return self.responses.get_or_call(
            f"{method}/{subject}?{parameters}&for={self.client.market}", call, schema
        )

    def _album_pages(self, artist_id: str, kind: str, max_pages: int) -> Iterator[AlbumPage]:
        """Yield the pages of one kind of release, by offset: the URL in ``next`` could lead elsewhere."""
        for number in range(max_pages):
            page = self._call(
                "artist_albums", artist_id, parse_albums, ALBUM_PAGE,
                include_groups=kind, limit=PAGE, offset=number * PAGE,
            )  # fmt: skip
            yield page
            if not page.more:
                return

    def _with_artist_name(self, albums: list[Album]) -> list[Album]:
        """Request the artist's name if its albums name only others, as after a merge of two ids."""
        if not albums or albums[0].artist.name:
            return albums
        artist = albums[0].artist
        try:
            name = self._call("artist", artist.id, parse_name, ARTIST_NAME)
        except CatalogError:
            return albums  # the albums are useful without the name
        named = replace(artist, name=name) if name else artist
        return [replace(album, artist=named) for album in albums]


def _ranked_albums(releases: Sequence[_Listed], artist_id: str, hosts: tuple[str, ...]) -> list[Album]:
    """Sort by kind, then by popularity if known, and merge editions."""
    credits_ = (artist for _, release in releases for artist in release.artists)
    artist = Artist(artist_id, next((name for other_id, name in credits_ if other_id == artist_id), None))
    return merge_editions([_album(each, artist, hosts) for each in sorted(releases, key=_rank)])


def _rank(listed: _Listed) -> tuple[int, int]:
    return KINDS.index(listed.kind), -(listed.release.popularity or 0)


def _album(listed: _Listed, artist: Artist, hosts: tuple[str, ...]) -> Album:
    release = listed.release
    return Album(
        id=release.id,
        name=release.name,
        artist=artist,
        images=tuple(Image(image.url, image.width, image.height, hosts) for image in release.images or ()),
        kind=listed.kind,
        release_date=release.release_date or None,
    )
