"""Bags: the tags of all covers of one artist, summed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from classifiers.text.views import sum_tags
from spotitags.errors import InputError
from spotitags.records import Tag, TagBag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spotitags.records import Artist, Skipped


@cache
def broad_labels() -> frozenset[str]:
    """Labels that fit any cover: the 14 that the SpotiTags of 2015 dropped and our own (``broad.txt``)."""
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


def skipped_covers(bags: Iterable[TagBag]) -> list[Skipped]:
    """Return the skipped covers of several bags, each with each reason once."""
    return list(dict.fromkeys(skipped for each in bags for skipped in each.skipped))


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
