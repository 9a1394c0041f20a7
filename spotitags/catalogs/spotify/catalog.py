"""Spotify's Web API through spotipy, by the rules of Development Mode (2026)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from spotitags.catalogs.artist_ids import spotify_id
from spotitags.catalogs.base import Match
from spotitags.catalogs.spotify.client import SpotipyClient
from spotitags.catalogs.spotify.editions import merge_editions
from spotitags.errors import CatalogError, InputError
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spotitags.io.rate_limit import DailyQuota
    from spotitags.io.response_cache import ResponseCache


T = TypeVar("T")

PAGE: Final = 10
"""Albums or artists a call; Development Mode answers a larger ``limit`` with 400."""
PLAYLIST_PAGE: Final = 50
MOST_PAGES: Final = 100
KINDS: Final = ("album", "single", "compilation")
_FIELDS: Final = ("id", "name", "images", "release_date", "popularity")
_PLAYLIST: Final = re.compile(
    r"(?:spotify:playlist:|(?:https?://)?open\.spotify\.com/(?:intl-[a-z-]+/)?playlist/)?([0-9A-Za-z]{22})(?:[/?#].*)?"
)


class SpotifyCatalog:
    """An artist's releases as Spotify lists them, with as few calls as possible.

    Albums come first, then singles and compilations until there are enough, never ``appears_on``. Editions of
    one title count once. Where the answer has ``popularity`` (Extended Quota), it orders what was fetched;
    otherwise the catalogue's own order stands. Opens nothing before the first call of `albums`.

    Args:
        client_id: Of a Spotify app (developer.spotify.com).
        client_secret: Of the same app; appears in no message, log or repr.
        market: ISO 3166-1 alpha-2 country; without one Spotify's order is unstable and duplicates appear.
        api_url: Another server instead of https://api.spotify.com/v1/, always together with ``token_url``.
        token_url: Where that server hands out tokens.
        seconds: Time for one answer.
        backoff: Pause before the third try in seconds; it doubles with each further one, and the second comes
            at once.
        answers: Keeps what was answered; None keeps nothing and never waits.
        budget: Counts calls and stops before the day's quota; None counts nothing.
    """

    name: ClassVar[str] = "spotify"

    def __init__(  # noqa: PLR0913 — two keys and five independent settings
        self,
        client_id: str,
        client_secret: str,
        *,
        market: str = "US",
        api_url: str | None = None,
        token_url: str | None = None,
        seconds: float = 10.0,
        backoff: float = 0.5,
        answers: ResponseCache | None = None,
        budget: DailyQuota | None = None,
    ) -> None:
        self.market = market
        self._answers = answers
        self._budget = budget
        self._client = SpotipyClient(
            client_id,
            client_secret,
            market=market,
            api_url=api_url,
            token_url=token_url,
            seconds=seconds,
            backoff=backoff,
        )

    def __repr__(self) -> str:
        return f"SpotifyCatalog(market={self.market!r})"

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Up to ``limit`` releases, best first, with every image size; empty where the artist has none.

        One call where the first page holds enough titles; at most ``limit / 10 + 3`` calls a kind, because
        the daily quota is small.

        Args:
            artist: Spotify id, ``spotify:artist:`` URI or open.spotify.com URL.
            limit: Most albums, 1 or more.

        Raises:
            InputError: ``artist``, ``limit`` or the market is malformed.
            SettingsError: The keys are missing or refused.
            ArtistNotFoundError: Spotify does not know the artist.
            RateLimitError: Too many calls; raised at once, with the time to come back.
            CatalogError: Spotify could not be reached or answered nonsense.
        """
        artist_id = spotify_id(artist)
        if limit < 1:
            raise InputError(f"{limit} albums cannot be asked for: give 1 or more")
        listed: list[dict[str, Any]] = []
        for kind in KINDS:
            for page in self._pages(artist_id, kind, limit // PAGE + 3):
                listed += [item | {"kind": kind} for item in page]
                albums = _in_order(listed, artist_id)
                if len(albums) >= limit:
                    return self._named(albums[:limit])
        return self._named(_in_order(listed, artist_id))

    def search(self, name: str, limit: int = PAGE) -> list[Match]:
        """Up to ``limit`` artists whose names fit, in Spotify's order, ten a call.

        Raises:
            SettingsError, RateLimitError, CatalogError: As for `albums`.
        """
        found: list[list[str]] = []
        for offset in range(0, limit, PAGE):
            page = self._ask(
                "search", name, _read_search, type="artist", limit=PAGE, offset=offset, market=self.market
            )
            found += page["items"]
            if not page["more"]:
                break
        return [Match(*match) for match in found[:limit]]

    def playlist(self, playlist: str) -> list[Artist]:
        """The first artist of each track of a playlist, each once, in the playlist's order.

        Args:
            playlist: Spotify id, ``spotify:playlist:`` URI or open.spotify.com URL.

        Raises:
            InputError: ``playlist`` is none of the three.
            CatalogError: Spotify does not show it; in Development Mode to nobody but its owner.
            SettingsError, RateLimitError: As for `albums`.
        """
        match = _PLAYLIST.fullmatch(playlist.strip())
        if not match:
            raise InputError(
                f"{playlist!r} is no playlist: give the 22-character id, spotify:playlist:<id>, or its URL"
            )
        artists: dict[str, str] = {}
        for number in range(MOST_PAGES):
            offset = number * PLAYLIST_PAGE
            page = self._ask(
                "playlist_items", match[1], _read_playlist,
                limit=PLAYLIST_PAGE, offset=offset, market=self.market,
            )  # fmt: skip
            for artist_id, name in page["items"]:
                artists.setdefault(artist_id, name)
            if not page["more"]:
                break
        return [Artist(artist_id, name) for artist_id, name in artists.items()]

    def _ask(self, method: str, subject: str, read: Callable[[dict[str, Any]], T], **query: str | int) -> T:
        """What ``read`` makes of an answer: JSON, kept where there is a keeper, and counted."""

        def call() -> T:
            if self._budget is not None:
                self._budget.spend(method)
            answer = self._client.call(method, subject, **query)
            try:
                return read(answer)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise CatalogError(
                    f"Spotify's answer makes no sense ({type(error).__name__}): try again later"
                ) from error

        if self._answers is None:
            return call()
        words = "&".join(f"{key}={value}" for key, value in sorted(query.items()))
        return self._answers.get_or_call(f"{method}/{subject}?{words}&for={self.market}", call)

    def _pages(self, artist_id: str, kind: str, most: int) -> Iterator[list[dict[str, Any]]]:
        """Page after page of one kind. By offset, because the address in ``next`` could lead elsewhere."""
        for number in range(most):
            page = self._ask(
                "artist_albums", artist_id, _read_albums,
                include_groups=kind, limit=PAGE, offset=number * PAGE,
            )  # fmt: skip
            yield page["items"]
            if not page["more"]:
                return

    def _named(self, albums: list[Album]) -> list[Album]:
        """Ask for the artist's name where its albums name others only, as after a merger of ids."""
        if not albums or albums[0].artist.name:
            return albums
        artist = albums[0].artist
        try:
            name = self._ask("artist", artist.id, lambda answer: answer.get("name"))
        except CatalogError:
            return albums  # a name is not worth losing what was found
        named = replace(artist, name=name) if isinstance(name, str) else artist
        return [replace(album, artist=named) for album in albums]


def _read_albums(page: dict[str, Any]) -> dict[str, Any]:
    """What is used of a page of albums: the lists of markets alone are most of it."""
    items = page.get("items")
    if not isinstance(items, list):
        raise CatalogError("Spotify's answer has no list of albums: try again later")
    kept = [
        {field: item.get(field) for field in _FIELDS}
        | {"artists": [_id_and_name(artist) for artist in item.get("artists") or () if _is_named(artist)]}
        for item in items
        if _is_usable(item)
    ]
    return {"items": kept, "more": bool(page.get("next"))}


def _read_search(answer: dict[str, Any]) -> dict[str, Any]:
    page = answer["artists"]
    found = [[*_id_and_name(item), _detail(item)] for item in page["items"] if _is_named(item)]
    return {"items": found, "more": bool(page.get("next"))}


def _read_playlist(page: dict[str, Any]) -> dict[str, Any]:
    tracks = [entry.get("item") or entry.get("track") or {} for entry in page["items"] if entry]
    first = [next(filter(_is_named, track.get("artists") or ()), None) for track in tracks]
    return {
        "items": [_id_and_name(artist) for artist in first if artist],
        "more": bool(page.get("next")),
    }


def _is_named(item: object) -> bool:
    return isinstance(item, dict) and bool(item.get("id")) and bool(item.get("name"))


def _id_and_name(item: dict[str, Any]) -> list[str]:
    return [str(item["id"]), str(item["name"])]


def _detail(item: dict[str, Any]) -> str:
    """What Extended Quota says of an artist; in Development Mode there is nothing."""
    genres = [genre for genre in item.get("genres") or () if isinstance(genre, str)]
    followers = (item.get("followers") or {}).get("total")
    return ", ".join(genres[:3] + ([f"{followers:,} followers"] if isinstance(followers, int) else []))


def _in_order(listed: list[dict[str, Any]], artist_id: str) -> list[Album]:
    """Albums before singles before compilations, popular ones first where that is known, editions merged."""
    owner = Artist(artist_id, _artist_name(listed, artist_id))
    return merge_editions([_album(item, owner) for item in sorted(listed, key=_rank)])


def _rank(item: dict[str, Any]) -> tuple[int, float]:
    popularity = item.get("popularity")
    return KINDS.index(item["kind"]), -popularity if isinstance(popularity, int) else 0


def _is_usable(item: object) -> bool:
    """Spotify leaves null where a release is gone."""
    if not isinstance(item, dict) or item.get("album_group") == "appears_on":
        return False
    return isinstance(item.get("id"), str) and isinstance(item.get("name"), str)


def _artist_name(listed: list[dict[str, Any]], artist_id: str) -> str | None:
    names = (name for item in listed for known, name in item["artists"] if known == artist_id)
    return next(names, None)


def _album(item: dict[str, Any], owner: Artist) -> Album:
    images = (image for image in item["images"] or () if isinstance(image, dict) and image.get("url"))
    return Album(
        id=item["id"],
        name=item["name"],
        artist=owner,
        images=tuple(Image(image["url"], image.get("width"), image.get("height")) for image in images),
        kind=item["kind"],
        release_date=item["release_date"] or None,
    )
