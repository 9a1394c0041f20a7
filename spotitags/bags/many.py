"""Bags of many artists, summed together; a bag's tags become `Tag` objects when they are read."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from classifiers.text.coded import NumberTable, coded_bags
from spotitags.bags.bag import broad_labels
from spotitags.records import Tag, TagBag
from spotitags.records.coded_tags import CodedTags
from spotitags.records.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifiers.text.coded import CodedBags
    from spotitags.records import TaggedCovers


def sum_bags(tagged: Sequence[TaggedCovers], tagger: str, *, keep_broad: bool) -> CodedBags:
    """Sum the tags of one tagger for several artists, each of which has valid tags of it."""
    covers = [CodedTags.of(cover) for artist in tagged for cover in artist.tags[tagger]]
    return coded_bags(
        [cover.numbers for cover in covers],
        [cover.weights for cover in covers],
        [len(artist.albums) for artist in tagged],
        None if keep_broad else _broad(),
    )


def tag_bags(tagged: Sequence[TaggedCovers], tagger: str, sums: CodedBags) -> list[TagBag]:
    """Return the bags of one tagger, as `spotitags.bags.bag.artist_bags` does for an artist without gaps."""
    return [
        deferred(
            TagBag,
            {"tags": partial(_tags, sums, number), "each": partial(_each, sums, number)},
            artist=artist.artist,
            tagger=tagger,
            covers=len(artist.albums),
            skipped=artist.skipped,
            copies=artist.copies,
            sides=tuple(None if album.size is None else min(album.size) for album in artist.albums),
            albums=artist.albums,
        )
        for number, artist in enumerate(tagged)
    ]


@cache
def _broad() -> NumberTable:
    labels = sorted(broad_labels())
    return NumberTable(labels, [1] * len(labels), missing=0)


def _tags(sums: CodedBags, artist: int) -> tuple[Tag, ...]:
    return tuple(map(Tag, *sums.bag(artist)))


def _each(sums: CodedBags, artist: int) -> tuple[tuple[Tag, ...], ...]:
    covers = range(sums.artists[artist], sums.artists[artist + 1])
    return tuple(tuple(map(Tag, *sums.cover(cover))) for cover in covers)
