"""Catalogue of MusicBrainz and the Cover Art Archive: albums and covers of Spotify artists, without a key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from spotitags.catalogs.artist_ids import musicbrainz_id, spotify_id
from spotitags.catalogs.base import Match
from spotitags.catalogs.musicbrainz.responses import (
    FOUND_ARTISTS,
    GENRES,
    GROUP_PAGE,
    LINKED_ARTIST,
    parse_genres,
    parse_linked_artist,
    parse_release_groups,
    parse_search,
)
from spotitags.errors import ArtistNotFoundError, InputError
from spotitags.io.addresses import setting_origin
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from collections.abc import Collection

    from spotitags.catalogs.musicbrainz.client import MusicBrainzClient
    from spotitags.catalogs.musicbrainz.responses import Group


ALSO: Final = ("live", "compilation", "ep", "single")
"""Types of releases that are left out by default."""
COVER_ART_URL: Final = "https://coverartarchive.org"
COVER_ART_HOSTS: Final = ("coverartarchive.org", "archive.org", "*.archive.org")
"""Hosts of covers: the archive redirects to the Internet Archive, which keeps the files."""
SIZES: Final = (500, 250)
"""Sides of the covers in pixels."""
PAGE: Final = 100
"""Release groups per request."""
MAX_PAGES: Final = 10

_LUCENE = re.compile(r'([+\-&|!(){}\[\]^"~*?:\\/])')
_PRIMARY = ("Album", "EP", "Single")
_HOW_TO_LINK = "anyone can add such a link to the artist's page on musicbrainz.org (External links)"


class MusicBrainzCatalog:
    """Albums of artists as MusicBrainz lists them, with front covers of the Cover Art Archive.

    An artist takes two requests: one for the artist that has a link to the Spotify id, one for its release
    groups, up to a hundred of them. Whether a release group has a cover is known only when it is fetched.

    Args:
        client: Client for MusicBrainz.
        also: Types of `ALSO` to list as well.
        archive: URL to use instead of `COVER_ART_URL` for covers.

    Raises:
        InputError: ``also`` has a type that is not in `ALSO`.
        SettingsError: ``archive`` is not an http or https address.
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
        self.archive = (archive or COVER_ART_URL).rstrip("/")
        self._hosts = (*COVER_ART_HOSTS, *setting_origin(archive, "SPOTITAGS_COVERART_URL"))

    def __repr__(self) -> str:
        return f"MusicBrainzCatalog({self.client!r}, also={sorted(self.also)})"

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return up to ``limit`` release groups: albums, then EPs, then singles.

        Within each, plain ones come before live recordings and compilations, older ones before newer ones.

        Args:
            artist: Spotify id, URI or URL; or a MusicBrainz id (MBID) or its page's address.
            limit: Maximum number of albums, 1 or more.

        Raises:
            InputError: ``artist`` or ``limit`` is malformed.
            SettingsError: No contact is set, or the service refuses it.
            ArtistNotFoundError: No such artist, no link to this Spotify id, or no releases of these kinds.
            RateLimitError: The service asks for a long pause.
            CatalogError: The service could not be reached, or its response is malformed.
        """
        if limit < 1:
            raise InputError(f"{limit} albums cannot be requested: give 1 or more")
        known, mbid = self._identify(artist)
        groups = [group for group in self._groups(mbid) if self._is_wanted(group)]
        if not groups:
            raise ArtistNotFoundError(
                f"MusicBrainz lists no albums of artist {known.id} except live recordings and compilations: "
                f"list more with --also {','.join(ALSO)}"
            )
        credited = next((group.artist for group in groups if group.artist), None)
        named = Artist(known.id, known.name or credited)
        groups.sort(key=_rank)
        return [self._album(group, named) for group in groups[:limit]]

    def search(self, name: str, limit: int = 10) -> list[Match]:
        """Return up to ``limit`` artists with a similar name, sort name or alias, best first; ids are MBIDs.

        Raises:
            SettingsError: No contact is set, or the service refuses it.
            CatalogError: MusicBrainz could not answer.
        """
        query = _LUCENE.sub(r"\\\1", name.strip().lower())  # upper-case AND, OR and NOT are operators
        found = self.client.get("artist", parse_search, FOUND_ARTISTS, f"no {name}", query=query, limit=limit)
        return [Match(*match) for match in found]

    def genres(self, artist: str) -> tuple[Artist, dict[str, int]]:
        """Return the artist as MusicBrainz names it, and its genres with their votes, most votes first.

        Raises:
            SpotiTagsError: As for `albums`.
        """
        known, mbid = self._identify(artist)
        missing = f"MusicBrainz has no artist {mbid}: check the id"
        name, votes = self.client.get(f"artist/{mbid}", parse_genres, GENRES, missing, inc="genres")
        return Artist(known.id, known.name or name), dict(votes)

    def _identify(self, artist: str) -> tuple[Artist, str]:
        """Return the artist, with the requested id, and its MBID."""
        if mbid := musicbrainz_id(artist):
            return Artist(mbid), mbid
        try:
            wanted = spotify_id(artist)
        except InputError as error:
            raise InputError(
                f"{artist!r} is not an artist: give a Spotify id, URI or URL, an MBID, or a --name"
            ) from error
        url = f"https://open.spotify.com/artist/{wanted}"
        missing = f"MusicBrainz links no artist to {url}: give --name, or its MBID; {_HOW_TO_LINK}"
        found = self.client.get(
            "url", parse_linked_artist, LINKED_ARTIST, missing, resource=url, inc="artist-rels"
        )
        if not found:
            raise ArtistNotFoundError(missing)
        mbid, name = found
        return Artist(wanted, name), mbid

    def _groups(self, mbid: str) -> list[Group]:
        """Return all release groups of the wanted types; MusicBrainz gives the pages in no useful order."""
        groups: list[Group] = []
        types = [name for name in _PRIMARY if name == "Album" or name.lower() in self.also]
        for number in range(MAX_PAGES):
            page = self.client.get(
                "release-group",
                lambda response: parse_release_groups(response, mbid),
                GROUP_PAGE,
                f"MusicBrainz has no artist {mbid}: check the id",
                **{
                    "artist": mbid,
                    "type": "|".join(types).lower(),
                    "release-group-status": "website-default",
                },
                inc="artist-credits",
                limit=PAGE,
                offset=number * PAGE,
            )
            groups += page.groups
            if not page.groups or (number + 1) * PAGE >= page.count:
                break
        return groups

    def _is_wanted(self, group: Group) -> bool:
        types = {name.lower() for name in group.secondary}
        return not (types & {"live", "compilation"}) - self.also

    def _album(self, group: Group, artist: Artist) -> Album:
        front = f"{self.archive}/release-group/{group.id}/front"
        kind = "single" if group.primary in {"EP", "Single"} else "album"
        return Album(
            id=group.id,
            name=group.title,
            artist=artist,
            images=tuple(Image(f"{front}-{size}", size, size, self._hosts) for size in SIZES),
            kind="compilation" if "Compilation" in group.secondary else kind,
            release_date=group.date or None,
        )


def _rank(group: Group) -> tuple[int, bool, str, str, str]:
    primary = group.primary if group.primary and group.primary in _PRIMARY else "Album"
    date = group.date or "9999"
    return _PRIMARY.index(primary), bool(group.secondary), date, group.title.casefold(), group.id
