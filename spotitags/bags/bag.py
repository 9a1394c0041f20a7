"""Bags of tags: the tags of all covers of one artist, summed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from classifiers.text.views import sum_tags
from spotitags.errors import InputError, tagger_reason
from spotitags.records import JOINT, Skipped, Tag, TagBag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotitags.records import Artist, TaggedCovers


@cache
def broad_labels() -> frozenset[str]:
    """Labels that fit nearly every cover (``broad.txt``): 14 that the SpotiTags of 2015 dropped, and more."""
    text = resources.files("spotitags.bags").joinpath("broad.txt").read_text(encoding="utf-8")
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
        artist: Artist of the covers.
        tagger: Name of the tagger.
        tags: Tags of each cover, weights in [0, 1]; a cover without tags counts, too.
        skipped: Covers that could not be used.
        keep_broad: True keeps `broad_labels`.

    Returns:
        The bag with the heaviest tag first, ties by label. The order of the covers affects only ``each``.

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
    sums = [Tag(*tag) for tag in sum_tags(each).items()]
    return TagBag(
        artist=artist,
        tagger=tagger,
        tags=tuple(sorted(sums, key=lambda tag: (-tag.weight, tag.label))),
        covers=len(each),
        skipped=tuple(skipped),
        each=tuple(each),
    )


def _checked(cover: Iterable[Tag], tagger: str) -> dict[str, float]:
    """Return the tags of one cover as a mapping; check that labels are unique and weights in [0, 1]."""
    weights: dict[str, float] = {}
    for label, weight in cover:
        if label in weights:
            raise InputError(
                f"the tagger {tagger} gave one cover {label!r} twice: fix it to give each label once"
            )
        if not 0 <= weight <= 1:
            raise InputError(
                f"the tagger {tagger} gave {label!r} the weight {weight}: fix it to give weights in [0, 1]"
            )
        weights[label] = weight
    return weights


def artist_bags(
    tagged: TaggedCovers, taggers: Sequence[str], *, merged: bool = False, keep_broad: bool = False
) -> list[TagBag]:
    """Build the bags of one artist.

    A cover that a tagger could not read does not count in its bag, and is listed there as skipped.

    Args:
        tagged: Covers of the artist with their tags.
        taggers: Names of the requested taggers.
        merged: True if `spotitags.bags.merge.merge` merged the tags of these taggers.
        keep_broad: True keeps `broad_labels`.

    Returns:
        One bag per tagger, in the order of ``taggers``, or one bag of all if they were merged. Then an empty
        bag for each missing tagger, which says why it is missing.
    """
    present = [name for name in taggers if name not in tagged.missing]
    groups = [present] if merged else [[name] for name in present]
    bags = [_bag_of_taggers(tagged, names, keep_broad=keep_broad) for names in groups]
    missing = [
        TagBag(tagged.artist, name, (), 0, tagged.skipped, missing=reason)
        for name, reason in tagged.missing.items()
    ]
    return [replace(each, copies=tagged.copies) for each in bags + missing]


def _bag_of_taggers(tagged: TaggedCovers, taggers: Sequence[str], *, keep_broad: bool) -> TagBag:
    """Build the bag of one tagger, or of several merged ones."""
    name = merged_name(taggers)
    unreadable = tagged.unreadable.get(name, {})
    skipped = [
        Skipped(tagged.albums[i].name, tagger_reason(tagger, reason))
        for tagger in taggers
        for i, reason in tagged.unreadable.get(tagger, {}).items()
    ]
    used = [i for i in range(len(tagged.albums)) if i not in unreadable]
    whole = bag(
        tagged.artist,
        name,
        [tagged.tags[name][i] for i in used],
        skipped=[*tagged.skipped, *skipped],
        keep_broad=keep_broad,
    )
    albums = tuple(tagged.albums[i] for i in used)
    sides = tuple(None if album.size is None else min(album.size) for album in albums)
    return replace(whole, sides=sides, albums=albums)


def merged_name(taggers: Iterable[str]) -> str:
    """Return the name of a bag of several taggers, the same for every order, such as ``clip+lite``."""
    return JOINT.join(sorted(taggers))


def skipped_covers(bags: Iterable[TagBag]) -> list[Skipped]:
    """Return the skipped covers of several bags, each with each reason once."""
    return list(dict.fromkeys(skipped for each in bags for skipped in each.skipped))


def largest_bag(bags: Sequence[TagBag]) -> TagBag:
    """Return the bag of the most covers, the first of equal ones."""
    return max(bags, key=lambda each: each.covers)


def top(whole: TagBag, n: int) -> TagBag:
    """Return the bag with only its ``n`` heaviest tags.

    Raises:
        InputError: ``n`` is negative.
    """
    if n < 0:
        raise InputError(f"the number of top tags is {n}: give 0 or more")
    labels = {tag.label for tag in whole.tags[:n]}
    each = tuple(tuple(tag for tag in cover if tag.label in labels) for cover in whole.each)
    return replace(whole, tags=whole.tags[:n], each=each)
