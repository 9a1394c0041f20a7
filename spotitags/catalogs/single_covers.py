"""Catalogue of single labelled covers, for data sets without artists: each cover counts as one artist."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import ClassVar

from spotitags.catalogs.csv_table import CsvTable
from spotitags.errors import ArtistNotFoundError
from spotitags.records import Album, Artist, Image


class SingleCovers:
    """Covers listed in a CSV with the columns ``file, genre`` and optionally ``artist``.

    A manifest of artists with genres can be used, too; the artist is then its ``artist_name``, or else its
    ``artist_id``.

    Args:
        path: The CSV (commas, UTF-8), read on first use; ``file`` is relative to it.
    """

    name: ClassVar[str] = "covers"

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def artists(self) -> list[Artist]:
        """Return one "artist" per cover in the order of the CSV: its file as id, the artist's name if known.

        Raises:
            InputError: The CSV cannot be used, or lists a file twice.
        """
        return list(self._listed.values())

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return the one cover with this file as id.

        Raises:
            ArtistNotFoundError: The file is not listed.
            InputError: As for `artists`.
        """
        if artist not in self._listed:
            raise ArtistNotFoundError(f"{self.path} lists no file {artist!r}")
        image = Image(str(self.path.parent / artist))
        return [Album(id=artist, name=artist, artist=self._listed[artist], images=(image,))][: max(limit, 0)]

    @cached_property
    def _listed(self) -> dict[str, Artist]:
        listed: dict[str, Artist] = {}
        table = CsvTable(self.path)
        for line, (file, genre, *names) in table.rows(
            ["file", "genre"], ["artist", "artist_name", "artist_id"]
        ):
            if file in listed:
                raise table.error(line, f"{file} is listed twice; keep one of its lines")
            listed[file] = Artist(file, next(filter(None, names), None), genre)
        return listed
