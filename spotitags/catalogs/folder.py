"""Covers on disk: a manifest CSV, or a folder with a folder of images for each artist."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from spotitags.catalogs import bare_id
from spotitags.errors import ArtistNotFoundError, InputError
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def read_labels(path: str | Path) -> list[Artist]:
    """The labelled artists of a CSV with the columns ``artist_id, genre`` and, where known, ``artist_name``.

    Other columns are ignored and an artist may stand on several lines, so a manifest with genres serves, too.

    Raises:
        InputError: The file cannot be used; the message names the file and the line.
    """
    artists: dict[str, Artist] = {}
    for number, row in csv_rows(Path(path), required=("artist_id", "genre"), optional=("artist_name",)):
        artist_id, genre, name = row
        _add(artists, Artist(artist_id, name or None, genre), Path(path), number)
    return list(artists.values())


def has_covers(path: str | Path) -> bool:
    """Whether a CSV of artists is a manifest, too: it has a column ``file``.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:
            return "file" in [cell.strip() for cell in next(csv.reader(stream), [])]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as CSV: {error}") from error


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


def _add(artists: dict[str, Artist], artist: Artist, path: Path, number: int) -> None:
    """Note one line's word on an artist; lines may leave out what others say but not contradict a genre."""
    known = artists.get(artist.id)
    if known is None:
        artists[artist.id] = artist
    elif known.genre and artist.genre and known.genre != artist.genre:
        raise InputError(
            f"{path}, line {number}: artist {artist.id} is {artist.genre!r} here and {known.genre!r} "
            "further up; give each artist one genre"
        )
    elif (artist.name and not known.name) or (artist.genre and not known.genre):
        artists[artist.id] = Artist(artist.id, known.name or artist.name, known.genre or artist.genre)


def csv_rows(path: Path, required: Sequence[str], optional: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Line number and stripped cells, required columns first, of every line of a CSV that is not blank.

    Raises:
        InputError: The file cannot be used; the message names the file and the line.
    """
    empty = True
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            places = _places(header, required, optional, path)
            for cells in reader:
                if not cells:
                    continue
                _check_width(cells, header, path, reader.line_num)
                row = [cells[at].strip() if at is not None and at < len(cells) else "" for at in places]
                _check_filled(row, required, path, reader.line_num)
                empty = False
                yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not CSV: {error}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    if empty:
        raise InputError(f"{path} lists nothing: add a line for each cover or artist below the header")


def _places(
    header: list[str], required: Sequence[str], optional: Sequence[str], path: Path
) -> list[int | None]:
    """Where each column stands; None for an optional one that is not there."""
    if missing := [name for name in required if name not in header]:
        raise InputError(
            f"{path}, line 1: no column {' and no column '.join(missing)}; the first line must name "
            f"{', '.join(required)}, separated by commas, and says {','.join(header)[:120]!r}"
        )
    return [header.index(name) if name in header else None for name in (*required, *optional)]


def _check_width(cells: list[str], header: list[str], path: Path, number: int) -> None:
    if len(cells) > len(header):
        raise InputError(
            f"{path}, line {number}: {len(cells)} cells below a header of {len(header)}; "
            "put a cell that contains a comma in double quotes"
        )


def _check_filled(row: list[str], required: Sequence[str], path: Path, number: int) -> None:
    for name, cell in zip(required, row, strict=False):
        if not cell:
            raise InputError(f"{path}, line {number}: the {name} is empty; fill it in or delete the line")
        if "\0" in cell:
            raise InputError(f"{path}, line {number}: the {name} contains a NUL; is this a CSV file?")
