"""Bags of many artists as a pandas frame, CSV or Parquet table."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple, TextIO

from spotitags.errors import InputError, NotInstalledError
from spotitags.records import TagBag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pandas import DataFrame

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


def frame(bags: Sequence[TagBag], *, long: bool = False) -> DataFrame:
    """Bags of many artists as a table.

    Args:
        bags: At most one for each artist and tagger.
        long: False for one row an artist, True for one row a tag.

    Returns:
        Wide: indexed by ``artist_id``, a column for each label (alphabetical), summed weights, 0 where an
        artist lacks the label; with bags of several taggers the columns are pairs (``tagger``, ``label``).
        Long: ``artist_id, artist_name, genre, tagger, label, weight``, artists as given, heaviest tag first.

    Raises:
        InputError: An artist has two bags of one tagger.
    """
    import pandas as pd

    keys = [(each.artist.id, each.tagger) for each in bags]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError(f"the artist {twice[0]} has two bags of {twice[1]}: give one of each tagger")
    table = pd.DataFrame(
        [
            (each.artist.id, each.artist.name, each.artist.genre, each.tagger, label, weight)
            for each in bags
            for label, weight in each.tags
        ],
        columns=["artist_id", "artist_name", "genre", "tagger", "label", "weight"],
    )
    table = table.astype(dict.fromkeys(table, "str") | {"weight": "float64"})
    if long:
        return table
    several = len({each.tagger for each in bags}) > 1
    columns = ["tagger", "label"] if several else ["label"]
    wide = table.pivot_table(index="artist_id", columns=columns, values="weight", aggfunc="sum")
    artists = pd.Index(dict.fromkeys(each.artist.id for each in bags), name="artist_id", dtype="str")
    return wide.reindex(artists).fillna(0.0)
