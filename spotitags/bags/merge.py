"""Merge the tags of several taggers, and build bags from tagged covers."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING, TypeVar
from unicodedata import normalize

import numpy as np

from classifiers.arrays import l2_normalised
from spotitags.bags import bag as bagging
from spotitags.bags.bag import broad_labels
from spotitags.errors import tagger_reason
from spotitags.records import JOINT, Skipped, Tag, TagBag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from spotitags.records import TaggedCovers


T = TypeVar("T")

MERGE_VERSION = "ranks-1"
"""What `merged` does with labels and weights: part of the version of merged tags."""

_GAPS = re.compile(r"[\s_\-\u2010-\u2015]+")


def merged_name(taggers: Iterable[str]) -> str:
    """What a bag of several taggers is called, whatever their order, such as ``clip+lite``."""
    return JOINT.join(sorted(taggers))


def merged_version(versions: Mapping[str, str]) -> str:
    """The versions of all taggers, and how they are merged, in one line."""
    each = "; ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    return f"{MERGE_VERSION} ({each})"


def merge(seen: TaggedCovers, taggers: Sequence[str], *, keep_broad: bool = False) -> TaggedCovers:
    """The same with the tags of all taggers that looked made into those of one.

    Its embeddings are theirs side by side, each scaled to length 1. A single tagger's are left as they are.

    Args:
        seen: Of one artist.
        taggers: Names of those to merge.
        keep_broad: True keeps `spotitags.bags.bag.broad_labels`.
    """
    names = sorted(name for name in taggers if name not in seen.missing)
    if len(names) < 2:  # noqa: PLR2004
        return seen
    covers = [
        merged(
            [seen.tags[name][i] for name in names if i not in seen.unreadable.get(name, ())],
            keep_broad=keep_broad,
        )
        for i in range(len(seen.albums))
    ]
    able = [seen.features[name] for name in names if name in seen.features]
    own = {merged_name(names): np.hstack([l2_normalised(vectors) for vectors in able])} if able else {}
    return replace(
        seen,
        tags={merged_name(names): covers} | _without(seen.tags, names),
        features=own | _without(seen.features, names),
    )


def bags_of(
    seen: TaggedCovers, taggers: Sequence[str], *, merging: bool = False, keep_broad: bool = False
) -> list[TagBag]:
    """One artist's bags, in the taggers' order, or the bag of all; last the taggers that are missing.

    A cover that a tagger could not read is no cover of its bag, and named there.

    Args:
        seen: Of the artist.
        taggers: Names of all that were to look.
        merging: True where `merge` has been at work.
        keep_broad: As in `spotitags.bags.bag`.
    """
    looked = [name for name in taggers if name not in seen.missing]
    bags = []
    for names in [looked] if merging else [[name] for name in looked]:
        name = merged_name(names)
        unread = {} if len(names) > 1 else seen.unreadable.get(name, {})
        bags.append(
            bagging.bag(
                seen.artist,
                name,
                [tags for i, tags in enumerate(seen.tags[name]) if i not in unread],
                skipped=[*seen.skipped, *_skipped(seen, names)],
                keep_broad=keep_broad,
            )
        )
    return bags + [
        TagBag(seen.artist, name, (), 0, seen.skipped, missing=why) for name, why in seen.missing.items()
    ]


def _skipped(seen: TaggedCovers, taggers: Sequence[str]) -> list[Skipped]:
    """The covers that one of these taggers alone could not read."""
    return [
        Skipped(seen.albums[i].name, tagger_reason(name, why))
        for name in taggers
        for i, why in seen.unreadable.get(name, {}).items()
    ]


def _without(mapping: Mapping[str, T], names: Sequence[str]) -> dict[str, T]:
    return {name: value for name, value in mapping.items() if name not in names}


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
