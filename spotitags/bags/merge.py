"""Merge the tags of several taggers into those of one."""

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
from spotitags.bags.bag import broad_labels, merged_name
from spotitags.records import Tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from spotitags.records import TaggedCovers


T = TypeVar("T")

MERGE_VERSION = "ranks-1"
"""Version of the rules of `merge_tags`; part of the version of merged tags."""

_GAPS = re.compile(r"[\s_\-\u2010-\u2015]+")


def merged_version(versions: Mapping[str, str]) -> str:
    """Return the version of merged tags: `MERGE_VERSION` and the versions of the taggers, in one line."""
    each = "; ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    return f"{MERGE_VERSION} ({each})"


def merge(tagged: TaggedCovers, taggers: Sequence[str], *, keep_broad: bool = False) -> TaggedCovers:
    """Replace the tags of several taggers by merged tags under one name, `spotitags.bags.bag.merged_name`.

    Their embeddings are put side by side, each scaled to length 1. Missing taggers are left out; a single
    tagger stays as it is.

    Args:
        tagged: Covers of one artist with their tags.
        taggers: Names of the taggers to merge.
        keep_broad: True keeps `spotitags.bags.bag.broad_labels`.
    """
    names = sorted(name for name in taggers if name not in tagged.missing)
    if len(names) < 2:  # noqa: PLR2004
        return tagged
    covers = [
        merge_tags(
            [tagged.tags[name][i] for name in names if i not in tagged.unreadable.get(name, ())],
            keep_broad=keep_broad,
        )
        for i in range(len(tagged.albums))
    ]
    parts = [l2_normalised(tagged.features[name]) for name in names if name in tagged.features]
    features = {merged_name(names): np.hstack(parts)} if parts else {}
    return replace(
        tagged,
        tags={merged_name(names): covers} | _without(tagged.tags, names),
        features=features | _without(tagged.features, names),
    )


def _without(mapping: Mapping[str, T], names: Sequence[str]) -> dict[str, T]:
    return {name: value for name, value in mapping.items() if name not in names}


def normalised_label(label: str) -> str:
    """Return the form in which equal labels of different taggers match.

    Case is ignored; hyphens, underscores and spaces count as one space. Plurals are kept, because a word in
    -s may be another word (glasses, news, jeans, bass).

    >>> normalised_label("Black-and-white"), normalised_label("hip_hop"), normalised_label("Sun\u2019s  rays")
    ('black and white', 'hip hop', "sun's rays")
    """
    form = normalize("NFKC", normalize("NFKC", label).casefold()).replace("\u2019", "'")
    return _GAPS.sub(" ", form).strip() or label


def merge_tags(tags_by_tagger: Sequence[Iterable[Tag]], *, keep_broad: bool = False) -> list[Tag]:
    """Merge the tags of several taggers for one cover: the mean of their ranks.

    Weights of different taggers cannot be compared, but their order can. The n tags of a tagger get weights
    from 1, for the heaviest, in equal steps to 1/n; tags of equal weight share the mean (Borda count; Aslam
    and Montague, "Models for Metasearch", 2001, fuse rankings this way). docs/taggers.md compares it with
    other scales.

    Args:
        tags_by_tagger: Tags of this cover, one list per tagger that could read it.
        keep_broad: True keeps `spotitags.bags.bag.broad_labels`.

    Returns:
        Heaviest tag first, ties by label, weights in (0, 1], labels as `normalised_label` gives them. The
        order of the taggers does not matter.

    >>> merge_tags([[Tag("Night-sky", 0.98), Tag("crowd", 0.91)], [Tag("crowd", 0.02)]])
    [Tag(label='crowd', weight=0.75), Tag(label='night sky', weight=0.5)]
    """
    dropped = frozenset() if keep_broad else broad_labels()
    ranks: defaultdict[str, list[float]] = defaultdict(list)
    for tags in tags_by_tagger:
        for label, rank in _ranks(_normalised(tags, dropped)).items():
            ranks[label].append(rank)
    merged = [Tag(label, fsum(each) / len(tags_by_tagger)) for label, each in ranks.items()]
    return sorted(merged, key=lambda tag: (-tag.weight, tag.label))


def _normalised(tags: Iterable[Tag], dropped: Collection[str]) -> dict[str, float]:
    """Return normalised labels with their weights, if above 0; of labels that match, the heaviest counts."""
    weights: dict[str, float] = {}
    for label, weight in tags:
        normalised = normalised_label(label)
        if normalised not in dropped and weight > 0:
            weights[normalised] = max(weight, weights.get(normalised, 0.0))
    return weights


def _ranks(weights: Mapping[str, float]) -> dict[str, float]:
    """Return the rank of each label from the bottom, divided by their number; ties share the mean rank."""
    ordered = sorted(weights.values())
    ranks = {
        weight: (bisect_left(ordered, weight) + bisect_right(ordered, weight) + 1) / 2 / len(ordered)
        for weight in ordered
    }
    return {label: ranks[weight] for label, weight in weights.items()}
