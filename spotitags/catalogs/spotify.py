"""Spotify's Web API through spotipy, by the rules of Development Mode (2026)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from spotitags.catalogs import spotify_id
from spotitags.catalogs._spotipy import SpotipyClient
from spotitags.catalogs.editions import merge_editions
from spotitags.errors import CatalogError, InputError
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = 10
"""Albums a call; Development Mode answers a larger ``limit`` with 400."""
KINDS: Final = ("album", "single", "compilation")


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
    ) -> None:
        self.market = market
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
                listed += [item | {"kind": kind} for item in page if _is_usable(item)]
                albums = _in_order(listed, artist_id)
                if len(albums) >= limit:
                    return self._named(albums[:limit])
        return self._named(_in_order(listed, artist_id))

    def _pages(self, artist_id: str, kind: str, most: int) -> Iterator[list[Any]]:
        """Page after page of one kind. By offset, because the address in ``next`` could lead elsewhere."""
        for number in range(most):
            page = self._client.call(
                "artist_albums", artist_id, include_groups=kind, limit=PAGE, offset=number * PAGE
            )
            items = page.get("items")
            if not isinstance(items, list):
                raise CatalogError("Spotify's answer has no list of albums: try again later")
            yield items
            if not page.get("next"):
                return

    def _named(self, albums: list[Album]) -> list[Album]:
        """Ask for the artist's name where its albums name others only, as after a merger of ids."""
        if not albums or albums[0].artist.name:
            return albums
        artist = albums[0].artist
        try:
            name = self._client.call("artist", artist.id).get("name")
        except CatalogError:
            return albums  # a name is not worth losing what was found
        named = replace(artist, name=name) if isinstance(name, str) else artist
        return [replace(album, artist=named) for album in albums]


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
    for item in listed:
        for artist in item.get("artists") or ():
            if isinstance(artist, dict) and artist.get("id") == artist_id and artist.get("name"):
                return str(artist["name"])
    return None


def _album(item: dict[str, Any], owner: Artist) -> Album:
    images = (image for image in item.get("images") or () if isinstance(image, dict) and image.get("url"))
    return Album(
        id=item["id"],
        name=item["name"],
        artist=owner,
        images=tuple(Image(image["url"], image.get("width"), image.get("height")) for image in images),
        kind=item["kind"],
        release_date=item.get("release_date") or None,
    )
