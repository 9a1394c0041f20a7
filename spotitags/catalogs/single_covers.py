"""Catalogue of single labelled covers, for data sets without artists: each cover counts as one artist."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from spotitags.catalogs.csv_table import CsvTable, check_file
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.errors import ArtistNotFoundError
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from pathlib import Path


class SingleCovers:
    """Covers listed in a table with the columns ``file, genre``, or in a folder; each counts as one artist.

    A manifest of artists with genres can be used, too; the name is then its ``artist_name``, or else its
    ``artist_id``.

    Args:
        path: The table, whose ``file`` is relative to it; or a folder ``genre/*.jpg`` or
            ``genre/artist/*.jpg``. Read on first use.
        labelled: False for covers to be tagged or predicted, which need no genre.
    """

    name: ClassVar[str] = "covers"
    key: ClassVar[str] = "file"
    """Column with the ids of its artists."""

    def __init__(self, path: str | Path | CsvTable, *, labelled: bool = True) -> None:
        self.table = CsvTable.of(path)
        self.path = self.table.path
        self.labelled = labelled

    def artists(self) -> list[Artist]:
        """Return one "artist" per cover in the order of the table: its file as id, and its name if known.

        Raises:
            InputError: The table or folder cannot be used, or the table lists a file twice.
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
        folder = self.path if self.path.is_dir() else self.path.parent
        image = Image(str(folder / artist))
        return [Album(id=artist, name=artist, artist=self._listed[artist], images=(image,))][: max(limit, 0)]

    @cached_property
    def _listed(self) -> dict[str, Artist]:
        if self.path.is_dir():
            return self._in_folder()
        listed: dict[str, Artist] = {}
        table = self.table
        if not {"artist_id", "artist_name"} & table.columns.keys() and len(table.header) > len(table.columns):
            table.notify(
                f"{self.path} has no column artist_id or artist_name, so each cover counts by itself; its "
                f"columns are {table.named_columns()}"
            )
        required, optional = (["file", "genre"], []) if self.labelled else (["file"], ["genre"])
        for line, (file, genre, *names) in table.rows(required, [*optional, "artist_name", "artist_id"]):
            check_file(table, line, file)
            if file in listed:
                raise table.error(line, f"{file} is listed twice; keep one of its lines", "file")
            listed[file] = Artist(file, next(filter(None, names), None), genre or None)
        return listed

    def _in_folder(self) -> dict[str, Artist]:
        """List the covers of a folder; with one level of folders, these are genres."""
        catalog, listed = FolderCatalog(self.path), {}
        for artist in catalog.artists():
            name, genre = (artist.id, artist.genre) if artist.genre else (None, artist.id)
            for album in catalog.albums(artist.id, sys.maxsize):
                listed[album.id] = Artist(album.id, name, genre)
        return listed
