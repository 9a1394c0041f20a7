"""Catalogue of albums that are judged one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from spotitags.errors import ArtistNotFoundError
from spotitags.records import Artist

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spotitags.records import Album


class AlbumList:
    """Albums, each of which counts as one artist.

    Args:
        albums: Albums; equal ones of one artist count once.
    """

    name: ClassVar[str] = "albums"

    def __init__(self, albums: Iterable[Album]) -> None:
        self.listed: dict[str, Album] = {}
        for album in albums:
            self.listed.setdefault(f"{album.artist.id} {album.id}".strip(), album)

    def artists(self) -> list[Artist]:
        """Return one "artist" for each album, with the name of its artist."""
        return [Artist(ref, album.artist.name or album.artist.id) for ref, album in self.listed.items()]

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return the album with this reference.

        Raises:
            ArtistNotFoundError: There is no such album.
        """
        if artist not in self.listed:
            raise ArtistNotFoundError(f"there is no album {artist!r} among the {len(self.listed)} listed")
        album = self.listed[artist]
        name = album.artist.name or album.artist.id
        return [replace(album, artist=Artist(artist, name))][: max(limit, 0)]
