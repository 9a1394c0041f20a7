"""Labelled artists and covers from tables and folders, for training and evaluation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from spotitags.catalogs.csv_table import CsvTable, add_artist, lists_single_covers
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.catalogs.missing_columns import check_no_pictures
from spotitags.catalogs.single_covers import SingleCovers
from spotitags.errors import InputError
from spotitags.io.corpus import corpus_files
from spotitags.io.genre_names import common_spellings, find_genre, similar_genres
from spotitags.records import Artist

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from spotitags.catalogs.corpus import CorpusCatalog


MAX_NAMED = 12
"""Maximum number of genres that an error message lists."""


def filter_genres(
    artists: Sequence[Artist],
    genres: Sequence[str],
    source: Path | str,
    *,
    what: str = "artist",
    notify: Callable[[str], None] | None = None,
) -> list[Artist]:
    """Return the artists of some genres, in their order, each genre in its most frequent spelling.

    Args:
        artists: Artists with genres; spellings and aliases of one genre are joined.
        genres: Genres to keep, in any spelling; empty keeps all.
        source: File or collection that the artists come from, for messages.
        what: Noun for one of the artists in messages, such as ``cover``.
        notify: Called with a line for each genre that was joined or understood as another.

    Raises:
        InputError: No artist has one of the genres.

    >>> from spotitags.records import Artist
    >>> filter_genres([Artist("1", genre="jazz"), Artist("2", genre="pop")], ["jaz"], "labels.csv")
    Traceback (most recent call last):
    spotitags.errors.InputError: labels.csv has no artist of the genre 'jaz' (did you mean 'jazz'?); \
it has jazz (1), pop (1): name one of these, or leave --genres out
    """
    notify = notify or (lambda _line: None)
    artists = _with_common_spellings(artists, f"{source}: the {what}s of", notify)
    known = Counter(str(artist.genre) for artist in artists)
    found = {genre: find_genre(genre, list(known)) for genre in genres}
    if unknown := [genre for genre, match in found.items() if match is None]:
        raise InputError(
            f"{source} has no {what} of the genre{'' if len(unknown) == 1 else 's'} "
            f"{', '.join(_with_suggestion(genre, list(known)) for genre in unknown)}; "
            f"it has {_listed(known)}: name one of these, or leave --genres out"
        )
    for genre, match in found.items():
        if match is not None and match.casefold() != genre.casefold():
            notify(f"genres: {genre} is {match}")
    kept = set(found.values())
    return [artist for artist in artists if not genres or artist.genre in kept]


def _with_common_spellings(
    artists: Sequence[Artist], subject: str, notify: Callable[[str], None]
) -> list[Artist]:
    """Give each artist's genre the most frequent spelling of this genre; report the others."""
    counts = Counter(str(artist.genre) for artist in artists)
    spelling = common_spellings(str(artist.genre) for artist in artists)
    joined: dict[str, list[str]] = {}
    for name, common in spelling.items():
        if name != common:
            joined.setdefault(common, []).append(f"{name} ({counts[name]})")
    for common, names in joined.items():
        notify(f"{subject} {', '.join(names)} count as {common} ({counts[common]})")
    if not joined:
        return list(artists)
    return [replace(artist, genre=spelling[str(artist.genre)]) for artist in artists]


def _with_suggestion(unknown: str, genres: Sequence[str]) -> str:
    """Quote an unknown genre, with the known genre of the most similar spelling, if one is similar."""
    near = similar_genres(unknown, genres)
    return f"{unknown!r}" + (f" (did you mean {near[0]!r}?)" if near else "")


def _listed(counts: Counter[str]) -> str:
    """List genres with their counts, the most frequent first, ties by name."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{genre} ({count})" for genre, count in ranked[:MAX_NAMED])
    rest = len(ranked) - MAX_NAMED
    return named + (f" and {rest} more" if rest > 0 else "")


def read_labels(
    source: Path | CsvTable, genres: Sequence[str] = (), *, notify: Callable[[str], None] | None = None
) -> tuple[list[Artist], bool]:
    """Read the labelled artists of a table or folder, and whether it has covers, too.

    Args:
        source: Table with ``artist_id, genre`` and optionally ``artist_name, file``. Other columns are
            ignored, and an artist may have several lines. Or a folder ``genre/artist/*.jpg``.
        genres: Genres to keep; empty keeps all.
        notify: As for `filter_genres`.

    Returns:
        The artists; and True if the table has a column ``file``, or if it is a folder.

    Raises:
        InputError: The file or folder cannot be used, or has no artist of one of these genres.
    """
    table = CsvTable.of(source)
    if table.path.is_dir():
        listed = FolderCatalog(table).artists()
        if unlabelled := next((artist for artist in listed if not artist.genre), None):
            raise InputError(
                f"{table.path} gives the artist {unlabelled.id!r} no genre: put each artist's folder into a "
                "folder named by the genre (genre/artist/*.jpg), give a table with artist_id and genre, or "
                "add --covers if the folders are genres (genre/*.jpg)"
            )
        return filter_genres(listed, genres, table.path, notify=notify), True
    check_no_pictures(table, ["artist_id", "genre"])
    artists: dict[str, Artist] = {}
    for line, (artist_id, genre, name) in table.rows(["artist_id", "genre"], ["artist_name"]):
        add_artist(artists, Artist(artist_id, name or None, genre), table, line)
    kept = filter_genres(list(artists.values()), genres, table.path, notify=notify)
    return kept, "file" in table.columns


def load_labelled(
    source: Path | CsvTable | None,
    genres: Sequence[str] = (),
    *,
    single: bool = False,
    notify: Callable[[str], None] | None = None,
) -> tuple[list[Artist], CsvTable | SingleCovers | CorpusCatalog | None]:
    """Load the labelled artists of a table or folder, and the source of their covers if it has them.

    Args:
        source: Table with ``artist_id, genre`` and, for covers on disk, ``file``; of single covers
            ``file, genre``. Or a folder ``genre/artist/*.jpg``; of single covers ``genre/*.jpg``. Or a corpus
            of tagged covers with genres. None loads the artists of the bundled library.
        genres: Genres to keep; empty keeps all.
        single: True takes every cover on its own, also if there are artists; needed for ``genre/*.jpg``.
        notify: As for `filter_genres`.

    Returns:
        Artists with genres; and a manifest, the catalogue of single covers or of a corpus, or None.

    Raises:
        InputError: The file cannot be used, or has nothing of one of these genres.
    """
    if source is None:
        return filter_genres(LibraryCatalog().artists(), genres, "the bundled library", notify=notify), None
    table = CsvTable.of(source)
    if corpus_files(table.path):
        return _load_corpus(table.path, genres, notify)
    if not (single or (table.path.is_file() and lists_single_covers(table))):
        artists, with_covers = read_labels(table, genres, notify=notify)
        return artists, table if with_covers else None
    catalog = SingleCovers(table)
    return filter_genres(catalog.artists(), genres, table.path, what="cover", notify=notify), catalog


def _load_corpus(
    path: Path, genres: Sequence[str], notify: Callable[[str], None] | None
) -> tuple[list[Artist], CorpusCatalog]:
    """Load the artists of a corpus that have a genre; the others are left out and counted."""
    from spotitags.catalogs.corpus import CorpusCatalog

    catalog = CorpusCatalog(path)
    listed = catalog.artists()
    labelled = [artist for artist in listed if artist.genre]
    if not labelled:
        raise InputError(
            f"{path} gives no artist a genre: tag covers from a table with a column genre, or from folders "
            "genre/artist/*.jpg"
        )
    if notify and len(labelled) < len(listed):
        notify(f"{path}: {len(listed) - len(labelled)} artists without a genre are left out")
    return filter_genres(labelled, genres, path, notify=notify), catalog
