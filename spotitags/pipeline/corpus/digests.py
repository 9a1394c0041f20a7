"""Places of tagged covers by digest, so that the same cover is tagged once."""

from __future__ import annotations

import sqlite3
from array import array
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from spotitags.io.corpus import COVERS, parts
from spotitags.pipeline.corpus.items import Place
from spotitags.pipeline.corpus.rows import ROWS, TaggedRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

INDEX: Final = ".digests.sqlite"
"""File of the index in a corpus folder. It is derived from the parts, and made anew if it is damaged."""
_KEY: Final = 16  # bytes of a digest that are its key
_OPEN: Final = 8  # row groups that are held for covers that occur again
_CREATE: Final = """
    CREATE TABLE IF NOT EXISTS parts (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
    CREATE TABLE IF NOT EXISTS covers (digest BLOB PRIMARY KEY, part INTEGER, row INTEGER) WITHOUT ROWID;
"""


_FIND: Final = "SELECT name, row FROM covers JOIN parts ON part = number WHERE digest = ?"


class DigestIndex:
    """Places of all covers of a corpus, in an SQLite file; threads may share it.

    Args:
        folder: The corpus.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        try:
            self._open()
        except sqlite3.DatabaseError:  # a killed process, or a power failure: there was no flush to the disk
            (folder / INDEX).unlink()
            self._open()

    def _open(self) -> None:
        self._connection = sqlite3.connect(self.folder / INDEX, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA cache_size = -65536")  # 64 MB
        self._connection.executescript(_CREATE)
        self._update()

    def _update(self) -> None:
        """Add the parts that a killed run did not add; start anew if a part is gone."""
        known = {name for (name,) in self._connection.execute("SELECT name FROM parts")}
        present = {part.name for part in parts(self.folder)}
        if known - present:
            self._connection.executescript("DELETE FROM covers; DELETE FROM parts;")
            known = set()
        for name in sorted(present - known):
            self.add(name, _digests(self.folder, name))

    def find(self, digests: Collection[str]) -> dict[str, Place]:
        """Return the places of those covers that are in a finished part."""
        keys = {bytes.fromhex(digest)[:_KEY]: digest for digest in digests}
        found = {}
        with self._lock:
            for key, digest in keys.items():
                row = self._connection.execute(_FIND, [key]).fetchone()
                if row:
                    found[digest] = Place(*row)
        return found

    def add(self, name: str, digests: Sequence[str]) -> None:
        """Add a finished part with the digests of its rows."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN")
            added = self._connection.execute("INSERT OR IGNORE INTO parts (name) VALUES (?)", [name])
            if added.rowcount:
                self._connection.executemany(
                    "INSERT OR IGNORE INTO covers VALUES (?, ?, ?)",
                    ((bytes.fromhex(each)[:_KEY], added.lastrowid, row) for row, each in enumerate(digests)),
                )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class TaggedRows:
    """Rows of finished parts, for covers that occur again.

    Args:
        folder: The corpus.
    """

    def __init__(self, folder: Path) -> None:
        self._group = lru_cache(_OPEN)(lambda file, group: _read_group(folder, file, group))

    def read(self, places: Mapping[str, Place]) -> dict[str, TaggedRow]:
        """Return the row of each cover by its digest, without those whose part is gone."""
        found = {}
        for digest, place in sorted(places.items(), key=lambda each: each[1]):
            group, row = divmod(place.row, ROWS)
            table = self._group(place.file, group)
            if table is not None and row < table.num_rows:
                found[digest] = _tagged(table.slice(row, 1).to_pylist()[0])
        return found


def _tagged(row: Mapping[str, Any]) -> TaggedRow:
    size = None if row["width"] is None else (row["width"], row["height"])
    vector = array("b", row.get("embedding") or ()).tobytes()
    return TaggedRow(row["digest"], size, row["labels"], row["weights"], row.get("scale") or 0.0, vector)


def _read_group(folder: Path, file: str, group: int) -> Any:  # noqa: ANN401 - no types
    import pyarrow.parquet as pq

    columns = ["digest", "width", "height", "labels", "weights", "scale", "embedding"]
    try:
        with pq.ParquetFile(folder / COVERS / file) as part:
            return part.read_row_group(group, [name for name in columns if name in part.schema_arrow.names])
    except OSError:
        return None


def _digests(folder: Path, name: str) -> list[str]:
    import pyarrow.parquet as pq

    digests: list[str] = pq.read_table(folder / COVERS / name, columns=["digest"])["digest"].to_pylist()
    return digests
