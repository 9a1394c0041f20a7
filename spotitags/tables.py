"""Tags of many artists as one long table: CSV as it comes, or one Parquet file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple, TextIO

from spotitags.errors import InputError, NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from spotitags.records import TagBag


class Row(NamedTuple):
    """One tag of one artist."""

    artist_id: str
    artist_name: str | None
    tagger: str
    label: str
    weight: float


def rows(bags: Sequence[TagBag], top: int | None = None) -> Iterator[Row]:
    """The ``top`` tags (None: all) of each bag, heaviest first."""
    for bag in bags:
        for label, weight in bag.tags[:top]:
            yield Row(bag.artist.id, bag.artist.name, bag.tagger, label, round(weight, 6))


def write_csv(file: TextIO, table: Iterable[Row]) -> None:
    """Write a header and every row as soon as it is there."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(Row._fields)
    writer.writerows(table)


def write_parquet(path: Path, table: Iterable[Row]) -> None:
    """Write every row into one Parquet file, which appears complete or not at all.

    Raises:
        NotInstalledError: pyarrow is missing.
        InputError: The file cannot be written.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise NotInstalledError("a Parquet file", "parquet") from error

    schema = pa.schema(
        [("artist_id", pa.string()), ("artist_name", pa.string()), ("tagger", pa.string()),
         ("label", pa.string()), ("weight", pa.float64())]
    )  # fmt: skip
    columns = list(zip(*table, strict=True)) or [()] * len(Row._fields)
    if not path.name:
        raise InputError(f"{str(path)!r} names no file: give --parquet one, such as tags.parquet")
    draft = path.with_name(path.name + ".part")
    try:
        pq.write_table(pa.table(dict(zip(Row._fields, columns, strict=True)), schema=schema), draft)
        draft.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror or error}): choose another file"
        ) from error
