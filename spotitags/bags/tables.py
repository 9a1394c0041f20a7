"""Tables of the bags of many artists: rows for CSV and Parquet, and a pandas data frame."""

from __future__ import annotations

import warnings
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from spotitags.errors import InputError, NotInstalledError, SpotiTagsError
from spotitags.io.keywords import suggest_arguments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import ModuleType

    from pandas import DataFrame

    from spotitags.records import TagBag

    ArtistBags = tuple[str, Sequence[TagBag] | SpotiTagsError]  # as `SpotiTags.all_bags` yields them


class Row(NamedTuple):
    """One tag of one artist."""

    artist_id: str
    artist_name: str | None
    genre: str | None
    tagger: str
    label: str
    weight: float


COLUMNS: Final[Mapping[str, type]] = MappingProxyType(
    {"artist_id": str, "artist_name": str, "genre": str, "tagger": str, "label": str, "weight": float}
)
"""Columns of `Row`."""


def rows(bags: Sequence[TagBag], top: int | None = None) -> Iterator[Row]:
    """Yield the ``top`` tags (None: all) of each bag, heaviest first; weights have 6 decimals."""
    for bag in bags:
        for label, weight in bag.tags[:top]:
            artist = bag.artist
            yield Row(artist.id, artist.name, artist.genre, bag.tagger, label, round(weight, 6))


def frame(bags: Sequence[TagBag], *, long: bool = False) -> DataFrame:
    """Build a pandas data frame of the bags of many artists.

    Args:
        bags: At most one bag per artist and tagger.
        long: False for one row per artist (wide), True for one row per tag (long), as `tags_frame`.

    Returns:
        Wide: the index is ``artist_id``, each column a label (alphabetical), each value the summed weight, 0
        if the artist lacks the label. With bags of several taggers, a column is a pair (``tagger``,
        ``label``).

    Raises:
        InputError: An artist has two bags of one tagger.
        NotInstalledError: pandas is missing.
    """
    pd = import_pandas()
    counts = Counter((bag.artist.id, bag.tagger) for bag in bags)
    for (artist_id, tagger), count in counts.items():
        if count > 1:
            raise InputError(f"the artist {artist_id} has two bags of {tagger}: give one of each tagger")
    table = tags_frame(bags)
    if long:
        return table
    several = len({bag.tagger for bag in bags}) > 1
    columns = ["tagger", "label"] if several else ["label"]
    wide: DataFrame = table.pivot_table(index="artist_id", columns=columns, values="weight", aggfunc="sum")
    artists = pd.Index(dict.fromkeys(bag.artist.id for bag in bags), name="artist_id", dtype="str")
    return wide.reindex(artists).fillna(0.0)


@suggest_arguments
def tags_frame(bags: Iterable[TagBag | ArtistBags]) -> DataFrame:
    """Build a pandas data frame with a row for each artist and tag.

    Args:
        bags: Bags, or what `spotitags.SpotiTags.all_bags` yields. The error of an artist becomes a warning.

    Returns:
        The columns ``artist_id, artist_name, genre, tagger, label, weight``; ``genre`` is the catalogue's.
        Artists in the given order, heaviest tag first.

    Raises:
        NotInstalledError: pandas is missing.
    """
    pd = import_pandas()
    found = _without_errors(bags)
    table: DataFrame = pd.DataFrame(
        [
            (bag.artist.id, bag.artist.name, bag.artist.genre, bag.tagger, label, weight)
            for bag in found
            for label, weight in bag.tags
        ],
        columns=["artist_id", "artist_name", "genre", "tagger", "label", "weight"],
    )
    return table.astype(dict.fromkeys(table, "str") | {"weight": "float64"})


def _without_errors(bags: Iterable[TagBag | ArtistBags]) -> list[TagBag]:
    found: list[TagBag] = []
    for each in bags:
        if not isinstance(each, tuple):
            found.append(each)
        elif isinstance(each[1], SpotiTagsError):
            warnings.warn(f"{each[0]}: {each[1]}", stacklevel=4)  # the caller of `tags_frame`, decorated
        else:
            found += each[1]
    return found


def import_pandas() -> ModuleType:
    """Import pandas.

    Raises:
        NotInstalledError: It is missing.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise NotInstalledError("a data frame", "frame") from error
    return pd
