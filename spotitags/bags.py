"""Bags: what a tagger saw on all covers of one artist, summed."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import replace
from functools import cache
from importlib import resources
from math import fsum
from typing import TYPE_CHECKING
from unicodedata import normalize

from spotitags.errors import InputError
from spotitags.records import Tag, TagBag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

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


MERGE_VERSION = "ranks-1"
"""What `merged` does with labels and weights: part of the version of merged tags."""

_GAPS = re.compile(r"[\s_\-\u2010-\u2015]+")


def matching(label: str) -> str:
    """The form in which labels of different taggers meet: case, hyphens, underscores and spaces are alike.

    Plurals stay apart: what ends in s may be a word of its own (glasses, news, jeans, bass).

    >>> matching("Black-and-white"), matching("hip_hop"), matching("Sun\u2019s  rays")
    ('black and white', 'hip hop', "sun's rays")
    """
    form = normalize("NFKC", normalize("NFKC", label).casefold()).replace("\u2019", "'")
    return _GAPS.sub(" ", form).strip() or label


def merged(looks: Sequence[Iterable[Tag]], *, keep_broad: bool = False) -> list[Tag]:
    """What several taggers see on one cover as one list: the mean of their ranks.

    Weights of different taggers cannot be compared, their order can: a tagger's n tags weigh from 1, for the
    heaviest, in equal steps to 1/n; equal ones share the mean (Borda's count, as Aslam and Montague, "Models
    for Metasearch", 2001, fuse rankings). docs/taggers.md compares it with other scales.

    Args:
        looks: Each tagger's tags of this cover; leave out who could not read it.
        keep_broad: True keeps `broad_labels`.

    Returns:
        Heaviest first, ties by label, weights in (0, 1], labels in `matching` form. The order of the taggers
        makes no difference.

    >>> merged([[Tag("Night-sky", 0.98), Tag("crowd", 0.91)], [Tag("crowd", 0.02)]])
    [Tag(label='crowd', weight=0.75), Tag(label='night sky', weight=0.5)]
    """
    dropped = frozenset() if keep_broad else broad_labels()
    parts: defaultdict[str, list[float]] = defaultdict(list)
    for tags in looks:
        for label, rank in _ranks(_matched(tags, dropped)).items():
            parts[label].append(rank)
    mean = [Tag(label, fsum(ranks) / len(looks)) for label, ranks in parts.items()]
    return sorted(mean, key=lambda tag: (-tag.weight, tag.label))


def _matched(tags: Iterable[Tag], dropped: Collection[str]) -> dict[str, float]:
    """Labels in matching form with their weights above 0; of those that meet, the heaviest counts."""
    weights: dict[str, float] = {}
    for label, weight in tags:
        form = matching(label)
        if form not in dropped and weight > 0:
            weights[form] = max(weight, weights.get(form, 0.0))
    return weights


def _ranks(weights: Mapping[str, float]) -> dict[str, float]:
    """Each label's place from the bottom, as a part of their number; equal weights share their mean place."""
    ordered = sorted(weights.values())
    places = {
        weight: (bisect_left(ordered, weight) + bisect_right(ordered, weight) + 1) / 2 / len(ordered)
        for weight in ordered
    }
    return {label: places[weight] for label, weight in weights.items()}


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
