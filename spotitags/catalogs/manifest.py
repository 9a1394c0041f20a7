"""Catalogue of covers on disk: a manifest CSV, or a folder with one subfolder of images per artist."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from spotitags.catalogs.artist_ids import bare_id
from spotitags.catalogs.csv_table import CsvTable, add_artist, check_file
from spotitags.errors import ArtistNotFoundError, InputError
from spotitags.records import Album, Artist, Image

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_OPTIONAL: Final = ("artist_name", "genre", "album_id", "album_name", "release_date")


class _CoverEntry(NamedTuple):
    """One cover of a manifest; empty strings for what the manifest leaves out."""

    file: str
    album_id: str = ""
    album_name: str = ""
    release_date: str = ""


class FolderCatalog:
    """Catalogue of covers on disk.

    Args:
        path: A manifest, which is a table with the columns ``artist_id, file`` and optionally
            ``artist_name, genre, album_id, album_name, release_date``; ``file`` is relative to the manifest,
            other columns are ignored. Or a folder with one subfolder per artist, named by the artist's id,
            with ``*.jpg``, ``*.jpeg``, ``*.png`` or ``*.webp`` in it. An id may be any text. The manifest or
            folder is read on first use.
    """

    name: ClassVar[str] = "folder"

    def __init__(self, path: str | Path | CsvTable) -> None:
        self._table = CsvTable.of(path)
        self.path = self._table.path

    def artists(self) -> list[Artist]:
        """Return all artists, in the order of the manifest (folders: by name).

        Raises:
            InputError: The manifest or folder cannot be used; the message names the file and the line.
        """
        artists, _ = self._listing
        return list(artists.values())

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return the first albums of one artist, in the order of the manifest (folders: by file name).

        Files are not opened here, so that a missing file costs one cover and not the artist.

        Args:
            artist: An id as listed, or the Spotify URI or URL of a listed id.
            limit: Maximum number of albums.

        Raises:
            ArtistNotFoundError: The artist is not listed.
            InputError: As for `artists`.
        """
        artists, entries = self._listing
        key = artist if artist in artists else bare_id(artist)
        if key not in artists:
            raise ArtistNotFoundError(
                f"{self.path} has no artist {artist!r}; it has {len(artists)}, among them "
                f"{', '.join(list(artists)[:3])}"
            )
        base = self.path if self.path.is_dir() else self.path.parent
        return [_album(artists[key], entry, base) for entry in entries[key][: max(limit, 0)]]

    @cached_property
    def _listing(self) -> tuple[dict[str, Artist], dict[str, list[_CoverEntry]]]:
        """Artists, and the entries of their covers, by artist id."""
        try:
            return _read_folder(self.path) if self.path.is_dir() else _read_manifest(self._table)
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"{error.filename or self.path} cannot be read: {reason}") from error


def _read_manifest(table: CsvTable) -> tuple[dict[str, Artist], dict[str, list[_CoverEntry]]]:
    artists: dict[str, Artist] = {}
    entries: dict[str, list[_CoverEntry]] = {}
    for line, row in table.rows(["artist_id", "file"], _OPTIONAL):
        artist_id, file, name, genre, album_id, album_name, date = row
        check_file(table, line, file)
        add_artist(artists, Artist(artist_id, name or None, genre or None), table, line)
        entries.setdefault(artist_id, []).append(_CoverEntry(file, album_id, album_name, date))
    return artists, entries


def _read_folder(path: Path) -> tuple[dict[str, Artist], dict[str, list[_CoverEntry]]]:
    entries: dict[str, list[_CoverEntry]] = {}
    for folder in sorted(path.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            images = sorted(file.name for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES)
            if images:
                # A name that is not UTF-8 could not be printed.
                artist_id = folder.name.encode("utf-8", "replace").decode()
                entries[artist_id] = [_CoverEntry(f"{folder.name}/{image}") for image in images]
    if not entries:
        raise InputError(
            f"{path} has no covers: give each artist a folder of its own, named by the artist's id, with "
            f"{', '.join(sorted(_SUFFIXES))} files in it, or pass a manifest CSV"
        )
    return {artist_id: Artist(artist_id) for artist_id in entries}, entries


def _album(artist: Artist, entry: _CoverEntry, base: Path) -> Album:
    return Album(
        id=entry.album_id or entry.file,
        name=entry.album_name or Path(entry.file).stem,
        artist=artist,
        images=(Image(str(base / entry.file)),),
        release_date=entry.release_date or None,
    )
