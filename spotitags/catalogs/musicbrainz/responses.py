"""Parts of MusicBrainz's responses that are used and cached.

Each function raises KeyError, TypeError, ValueError or AttributeError if a response is not as documented.
"""

from __future__ import annotations

from typing import Any


def parse_linked_artist(response: dict[str, Any]) -> list[str]:
    """Return MBID and name of the artist that a URL is linked to, or nothing; current links come first."""
    links = [link for link in response["relations"] if link.get("target-type", "artist") == "artist"]
    links.sort(key=lambda link: (bool(link.get("ended")), str(link["artist"]["id"])))
    return [links[0]["artist"]["id"], links[0]["artist"]["name"]] if links else []


def parse_release_groups(response: dict[str, Any], mbid: str) -> dict[str, Any]:
    """Return ``count`` (of all pages) and ``groups`` of a page of release groups of one artist."""
    return {
        "count": int(response["release-group-count"]),
        "groups": [
            {
                "id": group["id"],
                "title": str(group["title"]),
                "primary": group.get("primary-type"),
                "secondary": list(group.get("secondary-types") or ()),
                "date": str(group.get("first-release-date") or ""),
                "artist": _credited_name(group, mbid),
            }
            for group in response["release-groups"]
        ],
    }


def parse_search(response: dict[str, Any]) -> list[list[str]]:
    """Return MBID, name and detail of each artist of a search."""
    return [[artist["id"], artist["name"], _detail(artist)] for artist in response["artists"]]


def parse_genres(response: dict[str, Any]) -> list[Any]:
    """Return the name of an artist, and its genres with their votes, most votes first."""
    votes = [[genre["name"], int(genre["count"])] for genre in response["genres"]]
    return [response["name"], sorted(votes, key=lambda vote: (-vote[1], vote[0]))]


def _credited_name(group: dict[str, Any], mbid: str) -> str | None:
    for credit in group.get("artist-credit") or ():
        if credit["artist"]["id"] == mbid:
            return str(credit["artist"]["name"])
    return None


def _detail(artist: dict[str, Any]) -> str:
    """Return country or area, year of birth or foundation, and MusicBrainz's note on artists of one name."""
    year = str((artist.get("life-span") or {}).get("begin") or "")[:4]
    area = artist.get("country") or (artist.get("area") or {}).get("name") or ""
    return ", ".join(part for part in (area, year, artist.get("disambiguation") or "") if part)
