"""Input of Parquet files: paths of covers, or the covers themselves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from spotitags.catalogs.columns import COLUMNS, find_columns
from spotitags.errors import InputError
from spotitags.io.corpus import import_pyarrow
from spotitags.pipeline.corpus.items import CoverItem, missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from spotitags.io.corpus import Part

_KEYS = ("id", "key", "__key__")
_ROWS = 64  # that are read together: up to 20 MB each


class Columns(NamedTuple):
    """Columns of a Parquet file.

    Attributes:
        texts: Name of the column by that of `spotitags.catalogs.columns.COLUMNS`.
        image: Column with the bytes of the covers, or with structs of ``bytes`` and ``path`` as Hugging Face
            datasets have them; empty if covers are files.
        key: Column that names covers without a file; empty if there is none.
    """

    texts: Mapping[str, str]
    image: str
    key: str


@dataclass(frozen=True, slots=True)
class ParquetShard:
    """Consecutive rows of one Parquet file."""

    open_end: ClassVar[bool] = False

    unit: int
    start: int
    stop: int
    path: Path
    columns: Columns

    def items(self) -> Iterator[CoverItem]:
        """Yield the covers; row groups without them are not read."""
        import pyarrow.parquet as pq

        texts, image, key = self.columns
        names = [*texts.values(), *filter(None, (image, key))]
        with pq.ParquetFile(self.path) as file:
            groups, first = _groups(file, self.start, self.stop)
            position = first
            for batch in file.iter_batches(_ROWS, row_groups=groups, columns=list(dict.fromkeys(names))):
                rows = batch.slice(
                    max(self.start - position, 0), max(self.stop - max(position, self.start), 0)
                )
                number = max(position, self.start)
                for row in rows.to_pylist():
                    yield self._item(row, number)
                    number += 1
                position += batch.num_rows

    def _item(self, row: Mapping[str, Any], number: int) -> CoverItem:
        texts, image, key = self.columns
        found = {name: str(row[column]).strip() for name, column in texts.items() if row[column] is not None}
        data, inner = _bytes(row[image]) if image else (b"", "")
        named = str(row[key]) if key and row[key] is not None else ""
        file = found.get("file") or named or inner or f"{self.path.name}#{number}"
        error = "no-image" if (data is None if image else not found.get("file")) else ""
        return CoverItem(
            id=found.get("album_id") or file,
            file=file,
            **{name: found.get(name, "") for name in ("artist_id", "artist_name", "genre")},
            album_name=found.get("album_name", ""),
            release_date=found.get("release_date", ""),
            path="" if image or error else str(self.path.parent / file),
            data=data or b"",
            error=error,
        )


class ParquetSource:
    """Rows of Parquet files, a unit each, in the order of the files' names.

    Args:
        path: The file, or the folder of the files.
        paths: The files.
        given: By name of `COLUMNS`, the name of that column in the files.
    """

    kind: ClassVar[str] = "parquet"

    def __init__(self, path: Path, paths: Sequence[Path], given: Mapping[str, str]) -> None:
        import_pyarrow("a corpus")
        self.path = path
        self.paths = paths
        self.given = given

    def describe(self) -> dict[str, int | str | None]:
        """Count the rows, and hash names and sizes of the files."""
        digest = hashlib.sha256()
        for path, rows in zip(self.paths, self._sizes, strict=True):
            digest.update(f"{path.name}\0{rows}\0{path.stat().st_size}\0".encode())
        return {"covers": self.estimate(), "sha256": digest.hexdigest()}

    def estimate(self) -> int:
        """Return the number of rows."""
        return sum(self._sizes)

    def shards(self, done: Sequence[Part], size: int) -> Iterator[ParquetShard]:
        """Yield the rows that are not done, ``size`` at a time."""
        for unit, (path, rows) in enumerate(zip(self.paths, self._sizes, strict=True)):
            for start, stop in missing(done, unit, rows, size):
                yield ParquetShard(unit, start, stop, path, self._columns)

    @cached_property
    def _sizes(self) -> list[int]:
        import pyarrow.parquet as pq

        return [_opened(path, lambda path: pq.read_metadata(path).num_rows) for path in self.paths]

    @cached_property
    def _columns(self) -> Columns:
        """Columns of the first file, which all files must have."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = _opened(self.paths[0], pq.read_schema)
        image = next((each.name for each in schema if _has_bytes(each.type)), "")
        texts = [
            each.name
            for each in schema
            if pa.types.is_string(each.type) or pa.types.is_large_string(each.type) or each.name in COLUMNS
        ]
        found = {name: texts[i] for name, i in find_columns(texts, self.given).items()}
        if not image and "file" not in found:
            raise InputError(
                f"{self.paths[0]} has neither a column of covers (binary) nor a column file (text); it has "
                f"{', '.join(schema.names)}: rename one, or add --columns file=NAME"
            )
        wrong = [name for name, column in self.given.items() if column not in found.values()]
        if wrong:
            raise InputError(
                f"{self.paths[0]} has no column {self.given[wrong[0]]!r} for {wrong[0]}, as --columns says; "
                f"it has {', '.join(schema.names)}"
            )
        key = next((name for name in _KEYS if name in schema.names), "")
        return Columns(found, image, key)


def _opened(path: Path, read: Any) -> Any:  # noqa: ANN401 - no types
    """Read from a file.

    Raises:
        InputError: It is no Parquet file, or cannot be read.
    """
    try:
        return read(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are subclasses
        raise InputError(
            f"{path} cannot be read as Parquet ({error}): write it again, or take it away"
        ) from error


def _groups(file: Any, start: int, stop: int) -> tuple[list[int], int]:  # noqa: ANN401 - no types
    """Return the row groups that have these rows, and the number of their first row."""
    groups: list[int] = []
    first = position = 0
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if position < stop and position + rows > start:
            first = position if not groups else first
            groups.append(group)
        position += rows
    return groups, first


def _has_bytes(kind: Any) -> bool:  # noqa: ANN401 - no types
    """Return whether a column has pictures: bytes, or structs of bytes and a path."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0 and _has_bytes(kind.field("bytes").type)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _bytes(value: Any) -> tuple[bytes | None, str]:  # noqa: ANN401 - no types
    """Return the bytes of a cover, None if there are none, and its name."""
    if isinstance(value, dict):
        return value.get("bytes"), str(value.get("path") or "")
    return value, ""
