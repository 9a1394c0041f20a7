"""Labelled artists and covers from CSV files, for training and evaluation."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from spotitags.catalogs.csv_table import csv_rows
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.catalogs.single_covers import SingleCovers
from spotitags.errors import InputError
from spotitags.records import Artist

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.catalogs.base import Catalog


MOST_NAMED = 12  # genres in a message: more is no help


def filter_genres(
    artists: Sequence[Artist], genres: Sequence[str], where: Path | str, *, what: str = "artist"
) -> list[Artist]:
    """The artists of these genres, in their order.

    Args:
        artists: With genres.
        genres: Keep these alone; empty keeps all.
        where: The artists come from, such as a file.
        what: One of the "artists" is, such as ``cover``.

    Raises:
        InputError: Nobody has one of the genres.

    >>> from spotitags.records import Artist
    >>> of_genres([Artist("1", genre="jazz"), Artist("2", genre="pop")], ["jaz"], "labels.csv")
    Traceback (most recent call last):
    spotitags.errors.InputError: labels.csv has no artist of the genre 'jaz' (did you mean 'jazz'?); \
it has jazz (1), pop (1): name one of these, or leave --genres out
    """
    there = Counter(str(artist.genre) for artist in artists)
    if unknown := [genre for genre in dict.fromkeys(genres) if genre not in there]:
        raise InputError(
            f"{where} has no {what} of the genre{'' if len(unknown) == 1 else 's'} "
            f"{', '.join(_with_nearest(genre, list(there)) for genre in unknown)}; it has {_listed(there)}: "
            "name one of these, or leave --genres out"
        )
    return [artist for artist in artists if not genres or artist.genre in genres]


def _with_nearest(genre: str, there: Sequence[str]) -> str:
    """A genre that is not there, with the one that is spelled most like it, where one is."""
    from difflib import get_close_matches

    spelling = {known.casefold(): known for known in there}
    nearest = get_close_matches(genre.casefold(), spelling, n=1)
    return f"{genre!r}" + (f" (did you mean {spelling[nearest[0]]!r}?)" if nearest else "")


def _listed(there: Counter[str]) -> str:
    """Genres with their numbers, commonest first, ties by name."""
    ranked = sorted(there.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{genre} ({count})" for genre, count in ranked[:MOST_NAMED])
    left = len(ranked) - MOST_NAMED
    return named + (f" and {left} more" if left > 0 else "")


def labelled_artists(path: str | Path) -> list[Artist]:
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


def lists_single_covers(path: str | Path) -> bool:
    """Whether a CSV of labels has no artists, and so can only be a list of single covers.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:
            columns = {cell.strip() for cell in next(csv.reader(stream), [])}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as CSV: {error}") from error
    return "file" in columns and "artist_id" not in columns


def read_labels(path: Path, genres: Sequence[str] = ()) -> tuple[list[Artist], bool]:
    """The labelled artists of a CSV, and whether it is a manifest of covers, too (it has a column ``file``).

    Args:
        path: CSV with ``artist_id, genre`` and optionally ``artist_name, file``.
        genres: Keep these alone; empty keeps all.

    Raises:
        InputError: The file cannot be used, or has no artist of one of these genres.
    """
    return filter_genres(labelled_artists(path), genres, path), has_covers(path)


def load_labelled(
    path: Path | None, genres: Sequence[str] = (), *, single: bool = False
) -> tuple[list[Artist], Path | Catalog | None]:
    """The labelled artists of a CSV, and where their covers are as far as the CSV says.

    Args:
        path: ``artist_id, genre`` and, where covers are on disk, ``file``; of single covers ``file, genre``.
            None for the bundled library's artists.
        genres: Keep these alone; empty keeps all.
        single: The CSV lists single covers.

    Returns:
        Artists with genres; and a manifest, the catalogue of single covers, or None.

    Raises:
        InputError: The file cannot be used, or has nothing of one of these genres.
    """
    if path is None:
        return filter_genres(LibraryCatalog().artists(), genres, "the bundled library"), None
    if not single:
        artists, with_covers = read_labels(path, genres)
        return artists, path if with_covers else None
    catalog = SingleCovers(path)
    return filter_genres(catalog.artists(), genres, path, what="cover"), catalog
