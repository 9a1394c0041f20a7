"""From what taggers saw to bags: one a tagger, or one of all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from spotitags import bags as bagging
from spotitags.panel import of_tagger
from spotitags.records import Skipped, TagBag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from spotitags.seen import Seen

T = TypeVar("T")

JOINT = "+"
"""Joins the names of merged taggers."""


def merged_name(taggers: Iterable[str]) -> str:
    """What a bag of several taggers is called, whatever their order, such as ``clip+lite``."""
    return JOINT.join(sorted(taggers))


def merged_version(versions: Mapping[str, str]) -> str:
    """The versions of all taggers, and how they are merged, in one line."""
    each = "; ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    return f"{bagging.MERGE_VERSION} ({each})"


def merge(seen: Seen, taggers: Sequence[str], *, keep_broad: bool = False) -> Seen:
    """The same with the tags of all taggers that looked made into those of one.

    Its embeddings are theirs side by side, each scaled to length 1. A single tagger's are left as they are.

    Args:
        seen: Of one artist.
        taggers: Names of those to merge.
        keep_broad: True keeps `spotitags.bags.broad_labels`.
    """
    names = sorted(name for name in taggers if name not in seen.missing)
    if len(names) < 2:  # noqa: PLR2004
        return seen
    covers = [
        bagging.merged(
            [seen.tags[name][i] for name in names if i not in seen.unread.get(name, ())],
            keep_broad=keep_broad,
        )
        for i in range(len(seen.albums))
    ]
    able = [seen.embeddings[name] for name in names if name in seen.embeddings]
    own = {merged_name(names): np.hstack([_unit(vectors) for vectors in able])} if able else {}
    return replace(
        seen,
        tags={merged_name(names): covers} | _without(seen.tags, names),
        embeddings=own | _without(seen.embeddings, names),
    )


def bags_of(
    seen: Seen, taggers: Sequence[str], *, merging: bool = False, keep_broad: bool = False
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
        unread = {} if len(names) > 1 else seen.unread.get(name, {})
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


def _skipped(seen: Seen, taggers: Sequence[str]) -> list[Skipped]:
    """The covers that one of these taggers alone could not read."""
    return [
        Skipped(seen.albums[i].name, of_tagger(name, why))
        for name in taggers
        for i, why in seen.unread.get(name, {}).items()
    ]


def _without(mapping: Mapping[str, T], names: Sequence[str]) -> dict[str, T]:
    return {name: value for name, value in mapping.items() if name not in names}


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1; zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return scaled
