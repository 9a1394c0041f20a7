"""Inputs that list files of covers: a folder with all folders below it, or a table."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from spotitags.catalogs.csv_table import check_file
from spotitags.catalogs.manifest import UNNAMED
from spotitags.catalogs.pictures import is_picture
from spotitags.errors import InputError
from spotitags.pipeline.corpus.items import CoverItem, ListShard, missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.io.corpus import Part

_OPTIONAL = ("artist_id", "artist_name", "genre", "album_id", "album_name", "release_date")


class ListedSource(ABC):
    """Cover files in one order, listed anew for each use: memory does not grow with their number."""

    kind: ClassVar[str]

    def __init__(self, path: Path) -> None:
        self.path = path
        self._count: int | None = None

    @abstractmethod
    def listed(self) -> Iterator[CoverItem]:
        """Yield the covers in the same order each time."""

    def describe(self) -> dict[str, int | str | None]:
        """Count the covers, and hash names and columns."""
        digest = hashlib.sha256()
        count = 0
        for item in self.listed():
            digest.update("\0".join([*item[:7], ""]).encode("utf-8", "surrogateescape"))
            count += 1
        self._count = count
        return {"covers": count, "sha256": digest.hexdigest()}

    def estimate(self) -> int:
        """Return the number of covers."""
        if self._count is None:
            self.describe()
        return self._count or 0

    def shards(self, done: Sequence[Part], size: int) -> Iterator[ListShard]:
        """Yield the covers that are not done, ``size`` at a time."""
        items = self.listed()
        position = 0
        for start, stop in missing(done, 0, self.estimate(), size):
            chunk = list(islice(items, start - position, stop - position))
            position = stop
            yield ListShard(0, start, chunk)


class FolderSource(ListedSource):
    """Pictures in a folder and in all folders below it, in the order of their names.

    The artist is the folder of the picture, or the folder above if the picture has no name of its own
    (``cover.jpg``); a picture directly in the given folder has none. In ``genre/artist/*.jpg`` the upper
    folder is the genre. An artist further down is named by its whole path, for its name alone may not be
    unique.
    """

    kind: ClassVar[str] = "folder"

    def listed(self) -> Iterator[CoverItem]:
        """Yield the pictures, folder by folder; a folder's own come before those below it."""
        for folder, folders, files in os.walk(self.path, onerror=_raise):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if not name.startswith(".") and is_picture(Path(name)):
                    yield _item(self.path, Path(folder) / name)


def _raise(error: OSError) -> None:
    raise InputError(f"{error.filename} cannot be read: {error.strerror or error}") from error


def _item(root: Path, file: Path) -> CoverItem:
    relative = file.relative_to(root)
    unnamed = file.stem.lower() in UNNAMED
    folders = relative.parts[:-1]
    artist = folders[:-1] if unnamed and len(folders) > 1 else folders
    genre = artist[0] if len(artist) == 2 and not unnamed else ""  # noqa: PLR2004
    named = _printable(relative.as_posix())
    below = len(artist) > 1 and not genre  # its name alone may not be unique
    return CoverItem(
        id=named,
        file=named,
        artist_id=_printable("/".join(artist) if below else "".join(artist[-1:])),
        artist_name=_printable(artist[-1]) if below else "",
        genre=_printable(genre),
        album_name=_printable(folders[-1] if unnamed and folders else file.stem),
        path=str(file),
    )


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


class TableSource(ListedSource):
    """Cover files of a table with the column ``file``, relative to it; artist columns are optional."""

    kind: ClassVar[str] = "table"

    def __init__(self, table: CsvTable) -> None:
        super().__init__(table.path)
        self.table = table

    def listed(self) -> Iterator[CoverItem]:
        """Yield the covers in the order of the table."""
        for line, (file, artist, name, genre, album, title, date) in self.table.rows(["file"], _OPTIONAL):
            check_file(self.table, line, file)
            path = str(self.path.parent / file)
            yield CoverItem(album or file, file, artist, name, genre, title, date, path)
