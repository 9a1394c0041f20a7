"""Single covers with a genre each, for sets that know no artists: every cover is an artist of its own."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import ClassVar

from spotitags.catalogs.csv_table import csv_rows
from spotitags.errors import ArtistNotFoundError, InputError
from spotitags.records import Album, Artist, Image


class SingleCovers:
    """Covers listed in a CSV with the columns ``file, genre`` and, where known, ``artist``.

    A manifest of artists with genres serves, too: its ``artist_name``, else its ``artist_id``, is the artist.

    Args:
        path: The CSV (commas, UTF-8); ``file`` is relative to it; read on first use.
    """

    name: ClassVar[str] = "covers"

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def artists(self) -> list[Artist]:
        """One "artist" a cover in the CSV's order: its file as id, the artist's name where it is known.

        Raises:
            InputError: The CSV cannot be used, or lists a file twice.
        """
        return list(self._listed.values())

    def albums(self, artist: str, limit: int) -> list[Album]:
        """The one cover that this id stands for.

        Raises:
            ArtistNotFoundError: No such file is listed.
            InputError: As for `artists`.
        """
        if artist not in self._listed:
            raise ArtistNotFoundError(f"{self.path} lists no file {artist!r}")
        image = Image(str(self.path.parent / artist))
        return [Album(id=artist, name=artist, artist=self._listed[artist], images=(image,))][: max(limit, 0)]

    @cached_property
    def _listed(self) -> dict[str, Artist]:
        listed: dict[str, Artist] = {}
        artist_columns = ("artist", "artist_name", "artist_id")
        rows = csv_rows(self.path, required=("file", "genre"), optional=artist_columns)
        for number, (file, genre, *names) in rows:
            if file in listed:
                raise InputError(
                    f"{self.path}, line {number}: {file} stands here twice; keep one of its lines"
                )
            listed[file] = Artist(file, next(filter(None, names), None), genre)
        return listed
