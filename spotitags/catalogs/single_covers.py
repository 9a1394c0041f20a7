"""Catalogue of single labelled covers, for data sets without artists: each cover counts as one artist."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from spotitags.catalogs.csv_table import CsvTable, check_file
from spotitags.errors import ArtistNotFoundError
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from pathlib import Path


class SingleCovers:
    """Covers listed in a table with the columns ``file, genre``; each cover counts as one artist.

    A manifest of artists with genres can be used, too; the name is then its ``artist_name``, or else its
    ``artist_id``.

    Args:
        path: The table, read on first use; ``file`` is relative to it.
        labelled: False for covers to be tagged or predicted, which need no genre.
    """

    name: ClassVar[str] = "covers"

    def __init__(self, path: str | Path | CsvTable, *, labelled: bool = True) -> None:
        self._table = CsvTable.of(path)
        self.path = self._table.path
        self.labelled = labelled

    def artists(self) -> list[Artist]:
        """Return one "artist" per cover in the order of the table: its file as id, and its name if known.

        Raises:
            InputError: The table cannot be used, or lists a file twice.
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
        table = self._table
        required, optional = (["file", "genre"], []) if self.labelled else (["file"], ["genre"])
        for line, (file, genre, *names) in table.rows(required, [*optional, "artist_name", "artist_id"]):
            check_file(table, line, file)
            if file in listed:
                raise table.error(line, f"{file} is listed twice; keep one of its lines", "file")
            listed[file] = Artist(file, next(filter(None, names), None), genre or None)
        return listed
