"""Tables of artists and covers, with errors that name the file, the line and the column."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spotitags.catalogs.columns import COLUMNS, find_columns, same_column
from spotitags.catalogs.missing_columns import missing_columns
from spotitags.errors import InputError
from spotitags.io.genre_names import genre_key
from spotitags.io.keywords import suggest_arguments
from spotitags.io.suggestions import did_you_mean
from spotitags.io.tables import FORMULA_STARTS
from spotitags.io.text import read_text, single_line
from spotitags.records import Artist

if TYPE_CHECKING:
    import _csv
    from collections.abc import Callable, Iterator, Mapping, Sequence


SEPARATORS: Final[Mapping[str, str]] = MappingProxyType(
    {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
)
"""Characters between the cells of a table, and their names."""

_HEAD: Final = 65_536  # characters in which the header is searched for
_PREFIXED: Final = re.compile(f"^'('*[{FORMULA_STARTS}])")  # by `spotitags.io.tables.harmless`


@suggest_arguments
class CsvTable:
    """A table of a user whose first line names its columns; read once, on first use.

    Cells are separated by commas, semicolons, tabs or ``|``. `spotitags.io.text.read_text` lists the
    encodings, and `spotitags.catalogs.columns.COLUMNS` the names of columns. ``sep=;`` in the first line, as
    Excel reads it, and the ``'`` that `spotitags.io.tables.harmless` puts before a cell are understood.

    Args:
        path: The file.
        columns: By name of `COLUMNS`, the name of that column in the file.
        notify: Called with a line if the encoding is a guess.
    """

    def __init__(
        self,
        path: str | Path,
        columns: Mapping[str, str] | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.path = Path(path)
        self.given: Mapping[str, str] = columns or {}
        self.notify = notify or (lambda _line: None)

    @classmethod
    def of(cls, source: str | Path | CsvTable) -> CsvTable:
        """Return the table itself, or that of a path."""
        return source if isinstance(source, CsvTable) else cls(source)

    @cached_property
    def text(self) -> str:
        """The content of the file.

        Raises:
            InputError: The file cannot be read, or is no text.
        """
        return read_text(self.path, self.notify)

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """Position of each column of `COLUMNS` that the file has; empty if the file is empty.

        Raises:
            InputError: The file cannot be read, its first line is no CSV, or it lacks a given column.
        """
        for name in self.given:
            if not self.has_given(name):
                raise self.no_given_column(name)
        return find_columns(self.header, self.given)

    def has_given(self, name: str) -> bool:
        """Return whether the file has the column that was given for one of `COLUMNS`."""
        return name in find_columns(self.header, {name: self.given[name]})

    def no_given_column(self, name: str) -> InputError:
        """Build the error that the file lacks the column that was given for one of `COLUMNS`."""
        column = self.given[name]
        return self.error(
            1,
            f"no column {column!r} for {name}, as --columns says{did_you_mean(column, self.header)}; "
            f"the columns are {self.named_columns()}",
        )

    @cached_property
    def header(self) -> list[str]:
        """Names of the columns as the file spells them; empty if the file is empty.

        Raises:
            InputError: As for `columns`.
        """
        return next(self._records(), (1, []))[1]

    def rows(self, required: Sequence[str], optional: Sequence[str] = ()) -> Iterator[tuple[int, list[str]]]:
        """Yield the line number and the cells of every row that is not blank.

        Args:
            required: Columns that the file must have and whose cells may not be empty; of `COLUMNS`, or
                others by their own names.
            optional: Further columns; their cells are empty where the file lacks them.

        Yields:
            The number of the last line of the row, counted from 1, and the stripped cells of the required
            columns, then of the optional ones.

        Raises:
            InputError: The file cannot be used; the message names the file, the line and the column.
        """
        positions = self._positions(required, optional)
        records = self._records()
        next(records, None)  # the header
        empty = True
        for line, cells in records:
            yield line, self._row(line, cells, positions, required)
            empty = False
        if empty:
            raise InputError(
                f"{self.path} lists nothing: add a line for each cover or artist below the header"
            )

    def error(self, line: int, message: str, column: str = "") -> InputError:
        """Build an error about one line of the file, and one of its columns if it is given."""
        position = self._position(column) if column else None
        name = "" if position is None else self.header[position]
        return InputError(f"{self.path}, line {line}{f', column {name!r}' if name else ''}: {message}")

    @cached_property
    def _body(self) -> tuple[str, int, str]:
        """Text of the table, number of lines above it, and the character between its cells."""
        text = self.text
        if match := re.match(r"\s*sep=(.)\r?\n", text):
            return text[match.end() :], text[: match.end()].count("\n"), match[1]
        found = [(self._known(text, separator), separator) for separator in SEPARATORS]
        return text, 0, max(found, key=lambda each: each[0])[1]  # the first of equals

    def _known(self, text: str, separator: str) -> tuple[int, int]:
        """Count the columns of `COLUMNS`, and all cells, of a header that is split by a separator."""
        try:
            header = next((cells for cells in _reader(text[:_HEAD], separator) if any(cells)), [])
        except csv.Error:
            return 0, 0
        return len(find_columns([cell.strip() for cell in header], self.given)), len(header)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line number and the cells of every line that is not blank, the header's first."""
        text, above, separator = self._body
        reader = _reader(text, separator)
        first = above + 1  # line of the record
        # Tables of a million lines are read twice as fast without.
        prefixed = re.search(f"'[{FORMULA_STARTS}]", text)
        try:
            for record in reader:
                cells = [cell.strip() for cell in record]
                if prefixed:
                    cells = [_PREFIXED.sub(r"\1", cell) for cell in cells]
                while cells and not cells[-1]:  # spreadsheets fill rows up
                    del cells[-1]
                if cells:
                    yield above + reader.line_num, cells
                first = above + reader.line_num + 1
        except csv.Error as error:
            message = (
                f"not CSV ({error}): close or double the quotes of this line, or save the table as CSV again"
            )
            raise InputError(f"{self.path}, line {first}: {message}") from error

    def _positions(self, required: Sequence[str], optional: Sequence[str]) -> list[int | None]:
        """Return the position of each column; None for an optional column that the file lacks."""
        names = [*required, *optional]
        positions = {name: self._position(name) for name in names}
        missing = [name for name in required if positions[name] is None]
        spelt = Counter(map(same_column, self.header))
        used = [self.header[position] for position in positions.values() if position is not None]
        if twice := [name for name in used if spelt[same_column(name)] > 1]:
            raise self.error(1, f"two columns are called {twice[0]!r}: rename one")
        if "\0" in "".join(self.header):
            raise self.error(1, "the first line has NUL characters: save the table as CSV in UTF-8")
        if missing:
            raise missing_columns(self, missing, required)
        return [positions[name] for name in names]

    def _position(self, name: str) -> int | None:
        """Return the position of one of `COLUMNS`, or of another column by its own name; None if absent."""
        if name in COLUMNS:
            return self.columns.get(name)
        spelt = [same_column(each) for each in self.header]
        return spelt.index(same_column(name)) if same_column(name) in spelt else None

    def name_of(self, column: str) -> str:
        """Return the name that the file gives to one of `columns`."""
        return self.header[self.columns[column]]

    def named_columns(self) -> str:
        """Return the names of the columns as the file spells them, for a message."""
        return single_line(", ".join(self.header), 120) or "none"

    def records(self) -> Iterator[list[str]]:
        """Yield the cells of every line that is not blank, below the header; short lines are not filled up.

        Raises:
            InputError: The file cannot be read, or is no CSV.
        """
        return (cells for _, cells in islice(self._records(), 1, None))

    def _row(
        self, line: int, cells: Sequence[str], positions: Sequence[int | None], required: Sequence[str]
    ) -> list[str]:
        if len(cells) > len(self.header):
            separator = self._body[2]
            raise self.error(
                line,
                f"{len(cells)} cells below a header of {len(self.header)}; "
                f"put a cell that contains {SEPARATORS.get(separator, repr(separator))} in double quotes",
            )
        row = [cells[i] if i is not None and i < len(cells) else "" for i in positions]
        for name, cell in zip(required, row, strict=False):
            if not cell:
                raise self.error(line, f"the {name} is empty; fill it in or delete the line", name)
            if "\0" in cell:
                raise self.error(line, f"the {name} contains a NUL; is this a CSV file?", name)
        return row


def _reader(text: str, separator: str) -> _csv.Reader:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def add_artist(artists: dict[str, Artist], artist: Artist, table: CsvTable, line: int) -> None:
    """Add the artist of one line to those of the lines above, by id.

    A line may leave out the name and the genre that another line of the same artist gives, or spell the genre
    in another way; the first spelling counts.

    Raises:
        InputError: The line contradicts the genre of a line above.
    """
    known = artists.setdefault(artist.id, artist)
    if known.genre and artist.genre and not _same_genre(known.genre, artist.genre):
        raise table.error(
            line,
            f"artist {artist.id} is {artist.genre!r} here and {known.genre!r} further up; "
            "give each artist one genre, or take every cover by itself with --covers",
            "genre",
        )
    if (artist.name and not known.name) or (artist.genre and not known.genre):
        artists[artist.id] = Artist(artist.id, known.name or artist.name, known.genre or artist.genre)


def _same_genre(first: str, second: str) -> bool:
    return first == second or genre_key(first) == genre_key(second)


def check_file(table: CsvTable, line: int, file: str) -> None:
    """Check that the file of a cover is not a web address.

    Raises:
        InputError: It is one.
    """
    if file.lower().startswith(("http://", "https://")):
        raise table.error(
            line,
            "the file is a web address; download the covers first and give the names of their files",
            "file",
        )


def lists_single_covers(table: CsvTable) -> bool:
    """Return whether a table has files but not the artist of each, and so can only list single covers.

    Ids must be complete: gaps count in a column of another name, such as ``artist``.

    Raises:
        InputError: The file cannot be used.
    """
    if "file" not in table.columns or "artist_id" not in table.columns:
        return "file" in table.columns
    if same_column(table.name_of("artist_id")) == same_column("artist_id") or "artist_id" in table.given:
        return False
    return any(not artist for _, (_, artist) in table.rows(["file"], ["artist_id"]))
