"""Text columns of users' tables, such as lyrics, by artist or by cover."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from spotitags.catalogs.artist_ids import bare_id
from spotitags.catalogs.columns import same_column
from spotitags.catalogs.pictures import is_picture
from spotitags.errors import InputError
from spotitags.io.corpus import corpus_files
from spotitags.io.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.records import Album

COMMON: Final = ("lyrics", "track")
"""Usual names of text columns."""
MAX_COLUMNS: Final = 4
"""Maximum number of text columns of a model: the weights of voters are fitted for every set of kinds."""
_IDENTIFYING: Final = ("genre", "artist_id", "artist_name", "file")


class _Texts(NamedTuple):
    """Texts of one column, by the keys of its lines."""

    of_covers: dict[tuple[str, str], list[str]]
    of_artists: dict[str, list[str]]

    def of(self, ref: str, album: Album) -> list[str]:
        """Return the texts of one album: those of its cover, and those of its artist."""
        lines: list[str] = []
        for file in dict.fromkeys(image.url for image in album.images):
            lines += self.of_covers.get((album.artist.id, file)) or self.of_covers.get(("", file), [])
        keys = (ref, bare_id(ref), album.artist.id, album.artist.name)
        return lines + next((self.of_artists[key] for key in keys if key in self.of_artists), [])


class TextColumns:
    """Text columns of tables; the tables are read on first use.

    Args:
        tables: Tables of artists or covers; folders and pictures have no columns.
        names: Columns to use, which one of the tables must have; None for all that are looked up.
        keep_names: True keeps the artist's name in the texts, which identifies the artist.
    """

    def __init__(
        self, tables: Iterable[CsvTable], names: Sequence[str] | None = None, *, keep_names: bool = False
    ) -> None:
        self.tables = [table for table in tables if _has_columns(table)]
        self.names = None if names is None else tuple(dict.fromkeys(names))
        self.keep_names = keep_names
        self._read: dict[str, list[_Texts]] = {}

    def check(self) -> None:
        """Check the named columns before hours of tagging.

        Raises:
            InputError: There are too many, no table has one of them, or one gives the answer away.
        """
        names = self.names or ()
        if names and not self.tables:
            raise InputError(f"the text column {names[0]!r} needs a table: a folder of covers has no texts")
        if len(names) > MAX_COLUMNS:
            raise InputError(f"there are {len(names)} text columns: choose {MAX_COLUMNS} at most")
        for name in names:
            found = [table for table in self.tables if _position(table, name) is not None]
            if not found:
                table = self.tables[0]
                raise table.error(
                    1,
                    f"no column {name!r}, as --text-column says{did_you_mean(name, table.header)}; "
                    f"the columns are {table.named_columns()}",
                )
            for table in found:
                position = _position(table, name)
                known = {table.columns.get(column): column for column in _IDENTIFYING}
                if position in known:
                    raise table.error(
                        1,
                        f"the column {name!r} is the {known[position]}, which gives the answer away: "
                        "choose a column of text",
                    )
            if not any(each.of_covers or each.of_artists for each in self._texts(name)):
                raise found[0].error(1, f"the column {name!r} has no text: fill it in, or leave it out")

    def has(self, name: str) -> bool:
        """Return whether a table has a column, and it may be used."""
        used = self.names is None or same_column(name) in map(same_column, self.names)
        return used and any(_position(table, name) is not None for table in self.tables)

    @cached_property
    def unused(self) -> list[str]:
        """Columns of `COMMON` that a table has and that are not used."""
        named = {same_column(name) for name in self.names or ()}
        return [
            name
            for name in COMMON
            if same_column(name) not in named
            and any(_position(table, name) is not None for table in self.tables)
        ]

    def of(self, name: str, ref: str, albums: Sequence[Album]) -> list[str]:
        """Return the text of each album in one column; empty where there is none.

        A table with files has the texts of covers. The text of a table of artists is that of each album.

        Args:
            name: Column.
            ref: The artist as the table names it.
            albums: Albums of the artist.
        """
        tables = self._texts(name)
        return ["\n".join(line for texts in tables for line in texts.of(ref, album)) for album in albums]

    def _texts(self, name: str) -> list[_Texts]:
        key = same_column(name)
        if key not in self._read:
            having = [table for table in self.tables if _position(table, name) is not None]
            self._read[key] = [_read(table, name) for table in having]
        return self._read[key]


def _has_columns(table: CsvTable) -> bool:
    return not (table.path.is_dir() or is_picture(table.path) or corpus_files(table.path))


def _position(table: CsvTable, name: str) -> int | None:
    spelt = [same_column(each) for each in table.header]
    return spelt.index(same_column(name)) if same_column(name) in spelt else None


def _read(table: CsvTable, name: str) -> _Texts:
    """Read the texts of one column; equal texts of one artist or cover count once."""
    texts = _Texts({}, {})
    column = table.header[_position(table, name) or 0]
    if "file" in table.columns:
        rows = table.rows(["file"], ["artist_id", "artist_name", column])
        for _, (file, artist_id, artist_name, text) in rows:
            path = str(table.path.parent / file)
            for artist in dict.fromkeys([artist_id, artist_name, file, ""]):
                _add(texts.of_covers.setdefault((artist, path), []), text)
    else:
        for _, (*keys, text) in table.rows([], ["artist_id", "artist_name", column]):
            for key in dict.fromkeys(filter(None, keys)):
                _add(texts.of_artists.setdefault(key, []), text)
    return _Texts(
        {key: lines for key, lines in texts.of_covers.items() if lines},
        {key: lines for key, lines in texts.of_artists.items() if lines},
    )


def _add(lines: list[str], text: str) -> None:
    if text and text not in lines:
        lines.append(text)
