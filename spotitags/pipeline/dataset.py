"""Collect labelled artists as rows for training and evaluation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotitags.bags import bag as bagging
from spotitags.errors import SpotiTagsError, TaggerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from classifiers.training.dataset import Row
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Artist, TagBag, TaggedCovers
    from spotitags.taggers.base import FeatureExtractor


class SkippedCounter:
    """How many covers gave no tags, and why: nobody can read them, or one tagger cannot, or saw nothing."""

    def __init__(self) -> None:
        self._skipped = 0
        self._unread: Counter[str] = Counter()
        self._blank: Counter[str] = Counter()

    def add(self, seen: TaggedCovers) -> None:
        """Count one artist's covers."""
        self._skipped += len(seen.skipped)
        self._unread.update({tagger: len(why) for tagger, why in seen.unreadable.items()})
        for tagger, covers in seen.tags.items():
            unread = seen.unreadable.get(tagger, {})
            self._blank[tagger] += sum(not tags for i, tags in enumerate(covers) if i not in unread)

    def notes(self) -> tuple[str, ...]:
        """A line for each reason that there was."""
        lines = [("could not be used, and are left out", self._skipped)]
        lines += [
            (f"{name} alone could not read, and count without its tags", n)
            for name, n in self._unread.items()
        ]
        lines += [(f"{name} read, and saw nothing on", n) for name, n in self._blank.items()]
        return tuple(f"covers that {line}: {count}" for line, count in lines if count)


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Labelled artists with their bags.

    Attributes:
        rows: What `classifiers.training.train` learns from.
        bags: By tagger, each row's bag, in the rows' order.
        failed: Artists that could not be answered, with the reason.
        notes: How many covers gave no tags, and why.
    """

    rows: tuple[Row, ...]
    bags: Mapping[str, Sequence[TagBag]]
    failed: Mapping[str, SpotiTagsError]
    notes: tuple[str, ...] = ()


def collect_rows(
    spotitags: SpotiTags,
    artists: Iterable[Artist],
    *,
    readers: Sequence[FeatureExtractor] = (),
    apart_from: AbstractSet[str] = frozenset(),
    progress: Callable[[str, int, int], None] | None = None,
) -> LabelledRows:
    """Tag labelled artists; one that a tagger is missing for has failed.

    Args:
        spotitags: Whose catalogue and taggers are used.
        artists: With genres.
        readers: Further feature extractors; their features are in ``Row.embeddings``.
        apart_from: Digests of covers to leave out, such as those of artists kept for a test.
        progress: Called with ("artists", done, in all).
    """
    from classifiers.training.dataset import Row

    wanted = list(artists)
    rows: list[Row] = []
    bags: dict[str, list[TagBag]] = {}
    failed: dict[str, SpotiTagsError] = {}
    gaps = SkippedCounter()
    for done, (artist, (ref, seen)) in enumerate(
        zip(wanted, spotitags.tagged_covers([artist.id for artist in wanted], readers), strict=True), start=1
    ):
        if isinstance(seen, SpotiTagsError):
            failed[ref] = seen
        elif seen.missing:
            failed[ref] = TaggerError(
                "; ".join(f"the tagger {name} is missing: {why}" for name, why in seen.missing.items())
            )
        elif kept := [index for index, digest in enumerate(seen.digests) if digest not in apart_from]:
            left = seen.subset(kept)
            gaps.add(left)
            own = [bagging.bag(left.artist, tagger, covers) for tagger, covers in left.tags.items()]
            for bag in own:
                bags.setdefault(bag.tagger, []).append(bag)
            rows.append(
                Row(
                    id=artist.id,
                    genre=str(artist.genre),
                    covers={bag.tagger: bag.cover_weights() for bag in own},
                    embeddings=left.embeddings,
                    groups=left.digests,
                )
            )
        if progress:
            progress("artists", done, len(wanted))
    return LabelledRows(tuple(rows), bags, failed, gaps.notes())
