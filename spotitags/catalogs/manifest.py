"""Covers on disk: a manifest CSV, or a folder with a folder of images for each artist."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from spotitags.catalogs.artist_ids import bare_id
from spotitags.catalogs.csv_table import csv_rows
from spotitags.catalogs.labels import _add
from spotitags.errors import ArtistNotFoundError, InputError
from spotitags.records import Album, Artist, Image

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_OPTIONAL: Final = ("artist_name", "genre", "album_id", "album_name", "release_date")


class _Line(NamedTuple):
    """One cover of a manifest; empty strings for what it does not say."""

    file: str
    album_id: str
    album_name: str
    release_date: str


class FolderCatalog:
    """Albums whose covers lie on disk.

    Args:
        path: A manifest: CSV (commas, UTF-8) with the columns ``artist_id, file`` and, where known,
            ``artist_name, genre, album_id, album_name, release_date``; ``file`` is relative to the manifest,
            other columns are ignored. Or a folder with one folder an artist, named by the artist's id, that
            holds ``*.jpg``, ``*.jpeg``, ``*.png`` or ``*.webp``. An id may be any text. Read on first use.
    """

    name: ClassVar[str] = "folder"

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._read: tuple[dict[str, Artist], dict[str, list[_Line]]] | None = None

    def artists(self) -> list[Artist]:
        """Every artist, in the manifest's order (folders: by name).

        Raises:
            InputError: The manifest or folder cannot be used; the message names the file and the line.
        """
        return list(self._load()[0].values())

    def albums(self, artist: str, limit: int) -> list[Album]:
        """The first ``limit`` albums of one artist, in the manifest's order (folders: by file name).

        Whether a file is there shows when its cover is read, so that one lost file costs one cover.

        Args:
            artist: An id as listed, or the Spotify URI or URL of a listed id.
            limit: Most albums.

        Raises:
            ArtistNotFoundError: No such artist is listed.
            InputError: As for `artists`.
        """
        artists, lines = self._load()
        key = artist if artist in artists else bare_id(artist)
        if key not in artists:
            raise ArtistNotFoundError(
                f"{self.path} has no artist {artist!r}; it has {len(artists)}, among them "
                f"{', '.join(list(artists)[:3])}"
            )
        base = self.path if self.path.is_dir() else self.path.parent
        return [_album(artists[key], line, base) for line in lines[key][: max(limit, 0)]]

    def _load(self) -> tuple[dict[str, Artist], dict[str, list[_Line]]]:
        if self._read is None:
            try:
                self._read = _read_folder(self.path) if self.path.is_dir() else _read_manifest(self.path)
            except OSError as error:
                reason = error.strerror or error
                raise InputError(f"{error.filename or self.path} cannot be read: {reason}") from error
        return self._read


def _read_manifest(path: Path) -> tuple[dict[str, Artist], dict[str, list[_Line]]]:
    artists: dict[str, Artist] = {}
    lines: dict[str, list[_Line]] = {}
    for number, row in csv_rows(path, required=("artist_id", "file"), optional=_OPTIONAL):
        artist_id, file, name, genre, album_id, album_name, date = row
        if file.lower().startswith(("http://", "https://")):
            raise InputError(
                f"{path}, line {number}: the file is a web address; fetch the covers first and name the files"
            )
        _add(artists, Artist(artist_id, name or None, genre or None), path, number)
        lines.setdefault(artist_id, []).append(_Line(file, album_id, album_name, date))
    return artists, lines


def _read_folder(path: Path) -> tuple[dict[str, Artist], dict[str, list[_Line]]]:
    lines: dict[str, list[_Line]] = {}
    for folder in sorted(path.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            images = sorted(file.name for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES)
            if images:
                # A name that is no UTF-8 could be printed nowhere.
                artist_id = folder.name.encode("utf-8", "replace").decode()
                lines[artist_id] = [_Line(f"{folder.name}/{image}", "", "", "") for image in images]
    if not lines:
        raise InputError(
            f"{path} has no covers: give each artist a folder of its own, named by the artist's id, with "
            f"{', '.join(sorted(_SUFFIXES))} files in it, or pass a manifest CSV"
        )
    return {artist_id: Artist(artist_id) for artist_id in lines}, lines


def _album(artist: Artist, line: _Line, base: Path) -> Album:
    return Album(
        id=line.album_id or line.file,
        name=line.album_name or Path(line.file).stem,
        artist=artist,
        images=(Image(str(base / line.file)),),
        release_date=line.release_date or None,
    )
