"""Parts of Spotify's responses that are used and cached.

Each function raises KeyError, TypeError, ValueError or AttributeError if a response is not as documented.
"""

from __future__ import annotations

from typing import Any, Final

from spotitags.errors import CatalogError

_ALBUM_FIELDS: Final = ("id", "name", "images", "release_date", "popularity")


def parse_albums(response: dict[str, Any]) -> dict[str, Any]:
    """Return ``items`` and ``more`` of a page of albums; lists of markets, most of the page, are left out.

    Raises:
        CatalogError: The response has no list of albums.
    """
    items = response.get("items")
    if not isinstance(items, list):
        raise CatalogError("Spotify's response has no list of albums: try again later")
    albums = [
        {field: item.get(field) for field in _ALBUM_FIELDS}
        | {"artists": [_id_and_name(artist) for artist in item.get("artists") or () if _has_name(artist)]}
        for item in items
        if _is_release(item)
    ]
    return {"items": albums, "more": _has_next(response)}


def parse_search(response: dict[str, Any]) -> dict[str, Any]:
    """Return ``items``, each with id, name and detail of an artist, and ``more`` of a page of a search."""
    page = response["artists"]
    found = [[*_id_and_name(artist), _detail(artist)] for artist in page["items"] if _has_name(artist)]
    return {"items": found, "more": _has_next(page)}


def parse_playlist(response: dict[str, Any]) -> dict[str, Any]:
    """Return ``items``, id and name of the first artist of each track, and ``more`` of a playlist's page."""
    tracks = [entry.get("item") or entry.get("track") or {} for entry in response["items"] if entry]
    artists = [next(filter(_has_name, track.get("artists") or ()), None) for track in tracks]
    return {"items": [_id_and_name(artist) for artist in artists if artist], "more": _has_next(response)}


def _has_next(page: dict[str, Any]) -> bool:
    return bool(page.get("next"))


def _has_name(item: object) -> bool:
    return isinstance(item, dict) and bool(item.get("id")) and bool(item.get("name"))


def _id_and_name(item: dict[str, Any]) -> list[str]:
    return [str(item["id"]), str(item["name"])]


def _is_release(item: object) -> bool:
    """Return whether an entry is a release of the artist; Spotify sends null where a release is gone."""
    if not isinstance(item, dict) or item.get("album_group") == "appears_on":
        return False
    return isinstance(item.get("id"), str) and isinstance(item.get("name"), str)


def _detail(artist: dict[str, Any]) -> str:
    """Return genres and followers of an artist, which only apps with Extended Quota receive."""
    genres = [genre for genre in artist.get("genres") or () if isinstance(genre, str)]
    followers = (artist.get("followers") or {}).get("total")
    return ", ".join(genres[:3] + ([f"{followers:,} followers"] if isinstance(followers, int) else []))
