"""Bags: what a tagger saw on all covers of one artist, summed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import cache
from importlib import resources
from math import fsum
from typing import TYPE_CHECKING

from spotitags.errors import InputError
from spotitags.records import Tag, TagBag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pandas import DataFrame

    from spotitags.records import Artist, Skipped


@cache
def broad_labels() -> frozenset[str]:
    """Labels that fit any cover: the 14 that the SpotiTags of 2015 dropped and our own (``broad.txt``)."""
    text = resources.files("spotitags").joinpath("broad.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def bag(
    artist: Artist,
    tagger: str,
    tags: Iterable[Iterable[Tag]],
    *,
    skipped: Iterable[Skipped] = (),
    keep_broad: bool = False,
) -> TagBag:
    """Sum the tags of one artist's covers, as the SpotiTags of 2015 did.

    Args:
        artist: Whose covers.
        tagger: Name of the tagger.
        tags: Tags of each cover, weights in [0, 1]; a cover on which nothing was seen counts as a cover.
        skipped: Covers that could not be used.
        keep_broad: True keeps `broad_labels`.

    Returns:
        Heaviest tag first, ties by label; the order of the covers makes no difference but to ``each``.

    Raises:
        InputError: A weight is not in [0, 1], or a cover has a label twice.

    >>> from spotitags.records import Artist
    >>> covers = [[Tag("guitar", 0.5), Tag("art", 0.9)], [Tag("church", 0.75), Tag("guitar", 0.5)]]
    >>> bag(Artist("a"), "lite", covers).tags
    (Tag(label='guitar', weight=1.0), Tag(label='church', weight=0.75))
    """
    dropped = frozenset() if keep_broad else broad_labels()
    each = [
        tuple(Tag(*tag) for tag in _checked(cover, tagger).items() if tag[0] not in dropped) for cover in tags
    ]
    weights: defaultdict[str, list[float]] = defaultdict(list)
    for cover in each:
        for label, weight in cover:
            weights[label].append(weight)
    # fsum rounds once, so that covers in another order give the same sums to the last bit.
    sums = [Tag(label, fsum(parts)) for label, parts in weights.items()]
    return TagBag(
        artist=artist,
        tagger=tagger,
        tags=tuple(sorted(sums, key=lambda tag: (-tag.weight, tag.label))),
        covers=len(each),
        skipped=tuple(skipped),
        each=tuple(each),
    )


def _checked(cover: Iterable[Tag], tagger: str) -> dict[str, float]:
    """One cover's tags as a mapping."""
    weights: dict[str, float] = {}
    for label, weight in cover:
        if label in weights:
            raise InputError(f"the tagger {tagger} gave one cover {label!r} twice: mend it to give it once")
        if not 0 <= weight <= 1:
            raise InputError(
                f"the tagger {tagger} gave {label!r} the weight {weight}: mend it to be in [0, 1]"
            )
        weights[label] = weight
    return weights


def top(whole: TagBag, n: int) -> TagBag:
    """The bag with its ``n`` heaviest tags alone.

    Raises:
        InputError: ``n`` is negative.
    """
    if n < 0:
        raise InputError(f"the number of top tags is {n}: give 0 or more")
    kept = {tag.label for tag in whole.tags[:n]}
    each = tuple(tuple(tag for tag in cover if tag.label in kept) for cover in whole.each)
    return replace(whole, tags=whole.tags[:n], each=each)


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
