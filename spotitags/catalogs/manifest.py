"""Catalogue of covers on disk: a manifest CSV, a folder of images or of folders of images, or one image."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from spotitags.catalogs.artist_ids import bare_id
from spotitags.catalogs.csv_table import CsvTable, add_artist, check_file
from spotitags.catalogs.pictures import SUFFIXES, is_picture
from spotitags.errors import ArtistNotFoundError, InputError
from spotitags.records import Album, Artist, Image

UNNAMED: Final = frozenset({"cover", "folder", "front"})
"""Names of cover files in music collections, where only the folder names the album."""
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
            other columns are ignored. Or a folder of images (``*.jpg`` and the other `SUFFIXES`), which is
            one artist; a folder of such folders, also under folders of genres, ``genre/artist/*.jpg``; or an
            artist's folders of albums, each with ``cover.jpg``, ``folder.jpg`` or ``front.jpg``,
            ``artist/album/cover.jpg``. The name of an artist's folder is its id, which may be any text. Or
            one image, which is an artist with one cover. Read on first use.
    """

    name: ClassVar[str] = "folder"
    key: ClassVar[str] = "artist_id"
    """Column with the ids of its artists."""

    def __init__(self, path: str | Path | CsvTable) -> None:
        self.table = CsvTable.of(path)
        self.path = self.table.path

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
            if self.path.is_dir():
                return _read_folder(self.path)
            if is_picture(self.path):
                return _one_cover(self.path)
            return _read_manifest(self.table)
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


def _one_cover(path: Path) -> tuple[dict[str, Artist], dict[str, list[_CoverEntry]]]:
    artist = Artist(_printable(str(path)), _printable(path.stem))
    return {artist.id: artist}, {artist.id: [_CoverEntry(path.name)]}


def _read_folder(path: Path) -> tuple[dict[str, Artist], dict[str, list[_CoverEntry]]]:
    artists: dict[str, Artist] = {}
    entries: dict[str, list[_CoverEntry]] = {}
    for artist, covers in _artists_below(path) or _one_artist(path.resolve(), path):
        if artist.id in artists:
            raise InputError(
                f"{path} has the artist {artist.id!r} in two folders, {artists[artist.id].genre} and "
                f"{artist.genre}: give each artist one genre"
            )
        artists[artist.id] = artist
        entries[artist.id] = [
            _CoverEntry(file.relative_to(path).as_posix(), album_name=_album_name(file)) for file in covers
        ]
    if not artists:
        raise InputError(
            f"{path} has no covers: give a folder of {', '.join(sorted(SUFFIXES))} files for one artist, a "
            "folder with such a folder for each artist, or a manifest CSV"
        )
    return artists, entries


def _artists_below(path: Path) -> list[tuple[Artist, list[Path]]]:
    """List the artists whose folders are in this folder, or in folders of genres in it, with their covers."""
    found = []
    for folder in _folders(path):
        if _covers_in(folder):
            found += _one_artist(folder, folder)
            continue
        below = [(each, _covers_in(each)) for each in _folders(folder)]
        covers = [cover for _, files in below for cover in files]
        if covers and all(cover.stem.lower() in UNNAMED for cover in covers):
            found.append((Artist(_printable(folder.name)), covers))
        else:
            genre = _printable(folder.name)
            found += [(Artist(_printable(each.name), None, genre), files) for each, files in below if files]
    return found


def _one_artist(named: Path, folder: Path) -> list[tuple[Artist, list[Path]]]:
    covers = _covers_in(folder)
    return [(Artist(_printable(named.name)), covers)] if covers else []


def _folders(path: Path) -> list[Path]:
    return sorted(each for each in path.iterdir() if each.is_dir() and not each.name.startswith("."))


def _covers_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if is_picture(file) and not file.name.startswith("."))


def _album_name(file: Path) -> str:
    return _printable(file.parent.name if file.stem.lower() in UNNAMED else file.stem)


def _printable(name: str) -> str:
    """Replace what is not UTF-8 in the name of a file, and could not be printed."""
    return name.encode("utf-8", "replace").decode()


def _album(artist: Artist, entry: _CoverEntry, base: Path) -> Album:
    return Album(
        id=entry.album_id or entry.file,
        name=entry.album_name or Path(entry.file).stem,
        artist=artist,
        images=(Image(str(base / entry.file)),),
        release_date=entry.release_date or None,
    )
