"""Parts of Spotify's responses that are used and cached.

Each function selects them from a response of any form, and its schema checks them: `parse_albums` gives an
`AlbumPage`, `parse_search` and `parse_playlist` a `RowPage`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter

from spotitags.io.answers import Answer, Count, Name, Text, as_list, text_of

_ALBUM_FIELDS: Final = ("id", "name", "images", "release_date", "popularity")


class Token(Answer):
    """Answer to a request for a token."""

    access_token: str = Field(pattern="^[!-~]+$", max_length=10_000)
    token_type: Text
    expires_in: int = Field(gt=0, le=7 * 24 * 3600)


class Picture(Answer):
    """One size of a cover; Spotify leaves out sizes of old ones."""

    url: Name
    width: Count | None = None
    height: Count | None = None


class Release(Answer):
    """One release; ``artists`` has id and name of each."""

    id: Name
    name: Name
    images: list[Picture] | None = None
    release_date: Text | None = None
    popularity: Count | None = None
    artists: list[Annotated[list[Text], Field(min_length=2, max_length=2)]] = Field(default=[])


class AlbumPage(Answer):
    """A page of albums, and whether there are more."""

    items: list[Release] = Field(max_length=50)
    more: bool


class RowPage(Answer):
    """A page of artists with id, name and possibly a detail, and whether there are more."""

    items: list[Annotated[list[Text], Field(min_length=2, max_length=3)]] = Field(max_length=100)
    more: bool


TOKEN: Final = TypeAdapter(Token)
ALBUM_PAGE: Final = TypeAdapter(AlbumPage)
ROW_PAGE: Final = TypeAdapter(RowPage)
ARTIST_NAME: Final[TypeAdapter[str | None]] = TypeAdapter(Text | None)


def parse_albums(response: dict[str, Any]) -> dict[str, Any]:
    """Return ``items`` and ``more`` of a page of albums; lists of markets, most of the page, are left out."""
    albums = [
        {field: item.get(field) for field in _ALBUM_FIELDS}
        | {
            "images": _with_url(item.get("images")),
            "artists": [
                _id_and_name(artist) for artist in as_list(item.get("artists") or []) if _has_name(artist)
            ],
        }
        for item in as_list(response["items"])
        if _is_release(item)
    ]
    return {"items": albums, "more": _has_next(response)}


def parse_search(response: dict[str, Any]) -> dict[str, Any]:
    """Return ``items``, each with id, name and detail of an artist, and ``more`` of a page of a search."""
    page = response["artists"]
    found = [
        [*_id_and_name(artist), _detail(artist)] for artist in as_list(page["items"]) if _has_name(artist)
    ]
    return {"items": found, "more": _has_next(page)}


def parse_playlist(response: dict[str, Any]) -> dict[str, Any]:
    """Return ``items``, id and name of the first artist of each track, and ``more`` of a playlist's page."""
    tracks = [entry.get("item") or entry.get("track") or {} for entry in as_list(response["items"]) if entry]
    artists = [next(filter(_has_name, as_list(track.get("artists") or [])), None) for track in tracks]
    return {"items": [_id_and_name(artist) for artist in artists if artist], "more": _has_next(response)}


def parse_playlist_albums(response: dict[str, Any]) -> dict[str, Any]:
    """Return ``items``, the album of each track with its artists, and ``more`` of a playlist's page."""
    tracks = [entry.get("item") or entry.get("track") or {} for entry in as_list(response["items"]) if entry]
    albums = [album for track in tracks if _is_release(album := track.get("album"))]
    return parse_albums({"items": albums, "next": response.get("next")})


def parse_name(response: dict[str, Any]) -> Any:  # noqa: ANN401
    """Return the name of an artist, or None."""
    return response.get("name")


def _has_next(page: dict[str, Any]) -> bool:
    return bool(text_of(page, "next"))


def _has_name(item: Any) -> bool:  # noqa: ANN401
    """Return whether an entry has id and name, which are null, or the entry is, where something is gone.

    Raises:
        KeyError, TypeError: It is something else.
    """
    return item is not None and bool(item["id"]) and bool(item["name"])


def _id_and_name(item: dict[str, Any]) -> list[Any]:
    return [item["id"], item["name"]]


def _with_url(images: Any) -> Any:  # noqa: ANN401
    """Leave out images without a URL, which are null where a cover is gone."""
    if not isinstance(images, list):
        return images
    return [image for image in images if image is not None and image["url"]]


def _is_release(item: Any) -> bool:  # noqa: ANN401
    """Return whether an entry is a release of the artist; Spotify sends null where a release is gone."""
    return _has_name(item) and text_of(item, "album_group") != "appears_on"


def _detail(artist: dict[str, Any]) -> str:
    """Return genres and followers of an artist, which only apps with Extended Quota receive."""
    genres = [genre for genre in as_list(artist.get("genres") or []) if isinstance(genre, str)]
    followers = (artist.get("followers") or {}).get("total")
    return ", ".join(genres[:3] + ([f"{followers:,} followers"] if isinstance(followers, int) else []))
