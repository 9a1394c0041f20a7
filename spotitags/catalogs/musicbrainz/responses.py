"""Parts of MusicBrainz's responses that are used and cached.

Each function selects them from a response of any form, and its schema checks them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field, TypeAdapter

from spotitags.io.answers import Answer, Count, Text, as_list, text_of

Mbid = Annotated[Text, Field(pattern="^[0-9A-Za-z-]{1,64}$")]
"""Id of an artist or release group, which becomes part of an address."""


class Group(Answer):
    """A release group; ``artist`` is the name by which it credits the requested artist."""

    id: Mbid
    title: Text
    primary: Text | None
    secondary: list[Text]
    date: Text
    artist: Text | None = None


class GroupPage(Answer):
    """A page of release groups, and the number on all pages."""

    count: Count
    groups: list[Group]


class _Vote(NamedTuple):
    """A genre with its votes; in JSON a list."""

    genre: Text
    votes: Count


class _ArtistGenres(NamedTuple):
    """Name of an artist, and its genres, most votes first; in JSON a list."""

    name: Text
    votes: list[_Vote]


LINKED_ARTIST: Final = TypeAdapter(tuple[Mbid, Text] | tuple[()])
"""MBID and name of an artist, or nothing."""
GROUP_PAGE: Final = TypeAdapter(GroupPage)
FOUND_ARTISTS: Final = TypeAdapter(list[tuple[Mbid, Text, Text]])
"""MBID, name and detail of each artist of a search."""
GENRES: Final = TypeAdapter(_ArtistGenres)


def parse_linked_artist(response: dict[str, Any]) -> list[Any]:
    """Return MBID and name of the artist that a URL is linked to, or nothing; current links come first."""
    links = [
        link for link in as_list(response["relations"]) if text_of(link, "target-type") in {"", "artist"}
    ]
    links.sort(key=lambda link: (bool(link.get("ended")), str(link["artist"]["id"])))
    return [links[0]["artist"]["id"], links[0]["artist"]["name"]] if links else []


def parse_release_groups(response: dict[str, Any], mbid: str) -> dict[str, Any]:
    """Return ``count`` (of all pages) and ``groups`` of a page of release groups of one artist."""
    return {
        "count": response["release-group-count"],
        "groups": [
            {
                "id": group["id"],
                "title": group["title"],
                "primary": group.get("primary-type"),
                "secondary": group.get("secondary-types") or [],
                "date": group.get("first-release-date") or "",
                "artist": _credited_name(group, mbid),
            }
            for group in as_list(response["release-groups"])
        ],
    }


def parse_search(response: dict[str, Any]) -> list[list[Any]]:
    """Return MBID, name and detail of each artist of a search."""
    return [[artist["id"], artist["name"], _detail(artist)] for artist in as_list(response["artists"])]


def parse_genres(response: dict[str, Any]) -> list[Any]:
    """Return the name of an artist, and its genres with their votes, most votes first."""
    votes = [[genre["name"], genre["count"]] for genre in as_list(response["genres"])]
    return [response["name"], sorted(votes, key=lambda vote: (-vote[1], vote[0]))]


def _credited_name(group: dict[str, Any], mbid: str) -> Any:  # noqa: ANN401
    for credit in as_list(group.get("artist-credit") or []):
        if text_of(credit["artist"], "id") == mbid:
            return credit["artist"]["name"]
    return None


def _detail(artist: dict[str, Any]) -> str:
    """Return country or area, year of birth or foundation, and MusicBrainz's note on artists of one name."""
    year = text_of(artist.get("life-span") or {}, "begin")[:4]
    area = artist.get("country") or (artist.get("area") or {}).get("name") or ""
    return ", ".join(part for part in (area, year, artist.get("disambiguation") or "") if part)
