"""MusicBrainz and the Cover Art Archive: albums and covers of a Spotify artist, without a key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from spotitags.catalogs.artist_ids import spotify_id
from spotitags.catalogs.base import Match
from spotitags.errors import ArtistNotFoundError, InputError
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from collections.abc import Collection

    from spotitags.catalogs.musicbrainz.client import MusicBrainzClient


ALSO: Final = ("live", "compilation", "ep", "single")
"""Releases that are left out unless asked for."""
ARCHIVE: Final = "https://coverartarchive.org"
SIZES: Final = (500, 250)
PAGE: Final = 100
MOST_PAGES: Final = 10

_MBID = re.compile(
    r"(?:(?:https?://)?(?:beta\.)?musicbrainz\.org/artist/)?"
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:[/?#].*)?",
    re.IGNORECASE,
)
_LUCENE = re.compile(r'([+\-&|!(){}\[\]^"~*?:\\/])')
_PRIMARY = ("Album", "EP", "Single")
_ON_ITS_PAGE = "an artist's page on musicbrainz.org takes such a link (External links)"


class MusicBrainzCatalog:
    """An artist's albums as MusicBrainz lists them, with front covers of the Cover Art Archive.

    Two requests an artist: which artist a Spotify id is (by its link to Spotify), and its release groups, a
    hundred at a time. Whether a release group has a cover shows when that is fetched.

    Args:
        client: Asks MusicBrainz.
        also: Of `ALSO`, what to list besides.
        archive: Another address than `ARCHIVE` for covers.

    Raises:
        InputError: ``also`` names something else.
    """

    name: ClassVar[str] = "musicbrainz"

    def __init__(
        self, client: MusicBrainzClient, *, also: Collection[str] = (), archive: str | None = None
    ) -> None:
        if unknown := set(also) - set(ALSO):
            raise InputError(
                f"no releases are called {', '.join(sorted(unknown))}: there are {', '.join(ALSO)}"
            )
        self.client = client
        self.also = frozenset(also)
        self.archive = (archive or ARCHIVE).rstrip("/")

    def __repr__(self) -> str:
        return f"MusicBrainzCatalog({self.client!r}, also={sorted(self.also)})"

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Up to ``limit`` release groups: albums before EPs before singles, plain ones first, then by age.

        Args:
            artist: Spotify id, URI or URL; or a MusicBrainz id (MBID) or its page's address.
            limit: Most albums, 1 or more.

        Raises:
            InputError: ``artist`` or ``limit`` is malformed.
            SettingsError: No contact is set, or the service refuses it.
            ArtistNotFoundError: No such artist, no link to this Spotify id, or no releases of these kinds.
            RateLimitError: The service asks for a long pause.
            CatalogError: It could not be reached or answered nonsense.
        """
        if limit < 1:
            raise InputError(f"{limit} albums cannot be asked for: give 1 or more")
        known, mbid = self._identify(artist)
        groups = [group for group in self._groups(mbid) if self._is_wanted(group)]
        if not groups:
            raise ArtistNotFoundError(
                f"MusicBrainz lists no albums of artist {known.id}, live recordings and compilations apart: "
                f"ask for more with --also {','.join(ALSO)}"
            )
        credited = next((group["artist"] for group in groups if group["artist"]), None)
        owner = Artist(known.id, known.name or credited)
        groups.sort(key=_rank)
        return [self._album(group, owner) for group in groups[:limit]]

    def search(self, name: str, limit: int = 10) -> list[Match]:
        """Artists whose names, sort names or aliases fit, the best first, by MBID.

        Raises:
            SettingsError: No contact is set, or the service refuses it.
            CatalogError: MusicBrainz could not answer.
        """

        def read(answer: dict[str, Any]) -> list[list[str]]:
            return [[found["id"], found["name"], _detail(found)] for found in answer["artists"]]

        query = _LUCENE.sub(r"\\\1", name.strip().lower())  # in capitals AND, OR and NOT would be operators
        found = self.client.ask("artist", read, f"no {name}", query=query, limit=limit)
        return [Match(*match) for match in found]

    def genres(self, artist: str) -> tuple[Artist, dict[str, int]]:
        """The artist as MusicBrainz names it, and its genres with the votes that each got, most first.

        Raises:
            Like `albums`.
        """
        known, mbid = self._identify(artist)

        def read(answer: dict[str, Any]) -> list[Any]:
            votes = [[genre["name"], int(genre["count"])] for genre in answer["genres"]]
            return [answer["name"], sorted(votes, key=lambda vote: (-vote[1], vote[0]))]

        missing = f"MusicBrainz has no artist {mbid}: check the id"
        name, votes = self.client.ask(f"artist/{mbid}", read, missing, inc="genres")
        return Artist(known.id, known.name or name), dict(votes)

    def _identify(self, artist: str) -> tuple[Artist, str]:
        """The artist, its id as it was asked for, and its MBID."""
        if match := _MBID.fullmatch(artist.strip()):
            mbid = match[1].lower()
            return Artist(mbid), mbid
        try:
            wanted = spotify_id(artist)
        except InputError as error:
            raise InputError(
                f"{artist!r} is no artist: give a Spotify id, URI or URL, an MBID, or a --name"
            ) from error
        address = f"https://open.spotify.com/artist/{wanted}"
        missing = f"MusicBrainz links no artist to {address}: give --name, or its MBID; {_ON_ITS_PAGE}"
        found = self.client.ask("url", _linked, missing, resource=address, inc="artist-rels")
        if not found:
            raise ArtistNotFoundError(missing)
        return Artist(wanted, found[1]), found[0]

    def _groups(self, mbid: str) -> list[dict[str, Any]]:
        """All release groups of the wanted types, page by page: their order is MusicBrainz's own affair."""
        groups: list[dict[str, Any]] = []
        kinds = [kind for kind in _PRIMARY if kind == "Album" or kind.lower() in self.also]
        for number in range(MOST_PAGES):
            page = self.client.ask(
                "release-group",
                lambda answer: _page(answer, mbid),
                f"MusicBrainz has no artist {mbid}: check the id",
                **{
                    "artist": mbid,
                    "type": "|".join(kinds).lower(),
                    "release-group-status": "website-default",
                },
                inc="artist-credits",
                limit=PAGE,
                offset=number * PAGE,
            )
            groups += page["groups"]
            if not page["groups"] or (number + 1) * PAGE >= page["count"]:
                break
        return groups

    def _is_wanted(self, group: dict[str, Any]) -> bool:
        kinds = {kind.lower() for kind in group["secondary"]}
        return not (kinds & {"live", "compilation"}) - self.also

    def _album(self, group: dict[str, Any], owner: Artist) -> Album:
        front = f"{self.archive}/release-group/{group['id']}/front"
        kind = "single" if group["primary"] in {"EP", "Single"} else "album"
        return Album(
            id=group["id"],
            name=group["title"],
            artist=owner,
            images=tuple(Image(f"{front}-{size}", size, size) for size in SIZES),
            kind="compilation" if "Compilation" in group["secondary"] else kind,
            release_date=group["date"] or None,
        )


def _linked(answer: dict[str, Any]) -> list[str]:
    """MBID and name of the artist that an address is linked to, a link that still holds first; else empty."""
    relations = [
        relation for relation in answer["relations"] if relation.get("target-type", "artist") == "artist"
    ]
    relations.sort(key=lambda relation: (bool(relation.get("ended")), str(relation["artist"]["id"])))
    return [relations[0]["artist"]["id"], relations[0]["artist"]["name"]] if relations else []


def _page(answer: dict[str, Any], mbid: str) -> dict[str, Any]:
    """What is used of a page of release groups."""
    return {
        "count": int(answer["release-group-count"]),
        "groups": [
            {
                "id": group["id"],
                "title": str(group["title"]),
                "primary": group.get("primary-type"),
                "secondary": list(group.get("secondary-types") or ()),
                "date": str(group.get("first-release-date") or ""),
                "artist": _credited(group, mbid),
            }
            for group in answer["release-groups"]
        ],
    }


def _credited(group: dict[str, Any], mbid: str) -> str | None:
    for credit in group.get("artist-credit") or ():
        if credit["artist"]["id"] == mbid:
            return str(credit["artist"]["name"])
    return None


def _rank(group: dict[str, Any]) -> tuple[int, bool, str, str, str]:
    primary = group["primary"] if group["primary"] in _PRIMARY else "Album"
    date = group["date"] or "9999"
    return _PRIMARY.index(primary), bool(group["secondary"]), date, group["title"].casefold(), group["id"]


def _detail(found: dict[str, Any]) -> str:
    began = str((found.get("life-span") or {}).get("begin") or "")[:4]
    where = found.get("country") or (found.get("area") or {}).get("name") or ""
    return ", ".join(part for part in (where, began, found.get("disambiguation") or "") if part)
