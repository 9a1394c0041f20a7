"""CSV tables of artists and covers, with errors that name the file and the line."""

from __future__ import annotations

import csv
import io
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from spotitags.errors import InputError
from spotitags.io.genre_names import genre_key
from spotitags.records import Artist

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class CsvTable:
    """A CSV file (commas, UTF-8) whose first line names its columns; read once, on first use.

    Args:
        path: The file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @cached_property
    def text(self) -> str:
        """The content of the file.

        Raises:
            InputError: The file cannot be read, or is not UTF-8.
        """
        try:
            return self.path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path} is not UTF-8 text: save it in UTF-8") from error
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror or error}") from error

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in the order of the file; empty if the file is empty.

        Raises:
            InputError: The file cannot be read, or its first line is not CSV.
        """
        _, header = next(self._records(), (1, []))
        return tuple(header)

    def rows(self, required: Sequence[str], optional: Sequence[str] = ()) -> Iterator[tuple[int, list[str]]]:
        """Yield the line number and the cells of every row that is not blank.

        Args:
            required: Columns that the file must have and whose cells may not be empty.
            optional: Further columns; their cells are empty where the file lacks them.

        Yields:
            The line number, counted from 1, and the stripped cells of the required columns, then of the
            optional ones.

        Raises:
            InputError: The file cannot be used; the message names the file and the line.
        """
        positions = self._positions(required, optional)
        records = self._records()
        next(records, None)  # the header
        empty = True
        for line, cells in records:
            if cells:
                yield line, self._row(line, cells, positions, required)
                empty = False
        if empty:
            raise InputError(
                f"{self.path} lists nothing: add a line for each cover or artist below the header"
            )

    def error(self, line: int, message: str) -> InputError:
        """Build an error about one line of the file."""
        return InputError(f"{self.path}, line {line}: {message}")

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line number and the stripped cells of every line, the header's first."""
        reader = csv.reader(io.StringIO(self.text, newline=""), strict=True)
        try:
            for cells in reader:
                yield reader.line_num, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise self.error(reader.line_num, f"not CSV: {error}") from error

    def _positions(self, required: Sequence[str], optional: Sequence[str]) -> list[int | None]:
        """Return the position of each column; None for an optional column that the file lacks."""
        if missing := [name for name in required if name not in self.columns]:
            raise self.error(
                1,
                f"no column {' and no column '.join(missing)}; the first line must name "
                f"{', '.join(required)}, separated by commas, and says {','.join(self.columns)[:120]!r}",
            )
        return [self.columns.index(name) if name in self.columns else None for name in (*required, *optional)]

    def _row(
        self, line: int, cells: Sequence[str], positions: Sequence[int | None], required: Sequence[str]
    ) -> list[str]:
        if len(cells) > len(self.columns):
            raise self.error(
                line,
                f"{len(cells)} cells below a header of {len(self.columns)}; "
                "put a cell that contains a comma in double quotes",
            )
        row = [cells[i] if i is not None and i < len(cells) else "" for i in positions]
        for name, cell in zip(required, row, strict=False):
            if not cell:
                raise self.error(line, f"the {name} is empty; fill it in or delete the line")
            if "\0" in cell:
                raise self.error(line, f"the {name} contains a NUL; is this a CSV file?")
        return row


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
            "give each artist one genre",
        )
    if (artist.name and not known.name) or (artist.genre and not known.genre):
        artists[artist.id] = Artist(artist.id, known.name or artist.name, known.genre or artist.genre)


def _same_genre(first: str, second: str) -> bool:
    return first == second or genre_key(first) == genre_key(second)
