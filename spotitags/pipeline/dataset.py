"""Labelled artists as rows for training and evaluation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotitags.bags import bag as bagging
from spotitags.errors import SpotiTagsError, TaggerError
from spotitags.pipeline.word_sources import training_words, word_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from classifiers.training.dataset import Row
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.pipeline.word_sources import Words
    from spotitags.records import Artist, TagBag, TaggedCovers
    from spotitags.taggers.base import FeatureExtractor


class SkippedCounter:
    """Counter of covers without tags, by reason."""

    def __init__(self) -> None:
        self._skipped = 0
        self._unreadable: Counter[str] = Counter()
        self._empty: Counter[str] = Counter()

    def add(self, covers: TaggedCovers) -> None:
        """Count one artist's covers."""
        self._skipped += len(covers.skipped)
        self._unreadable.update({tagger: len(reasons) for tagger, reasons in covers.unreadable.items()})
        for tagger, each in covers.tags.items():
            unreadable = covers.unreadable.get(tagger, {})
            self._empty[tagger] += sum(not tags for i, tags in enumerate(each) if i not in unreadable)

    def notes(self) -> tuple[str, ...]:
        """Return a line for each reason that occurred."""
        lines = [("covers that could not be used and are left out", self._skipped)]
        lines += [
            (f"covers that only {name} could not read, used without its tags", count)
            for name, count in self._unreadable.items()
        ]
        lines += [(f"covers on which {name} found no tags", count) for name, count in self._empty.items()]
        return tuple(f"{line}: {count}" for line, count in lines if count)


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Labelled artists with their tags.

    Attributes:
        rows: Rows for `classifiers.training.train.train`.
        bags: By tagger, the bag of each row.
        failed: Error by the id of each artist that failed.
        notes: Numbers of covers without tags, by reason.
    """

    rows: tuple[Row, ...]
    bags: Mapping[str, Sequence[TagBag]]
    failed: Mapping[str, SpotiTagsError]
    notes: tuple[str, ...] = ()


def sources(spotitags: SpotiTags) -> dict[str, str]:
    """Return the version of each source of labels in training: taggers, and requested titles and texts."""
    words = word_versions(spotitags.text_columns, titles=bool(spotitags.titles))
    return spotitags.tagger_versions() | words


def collect_rows(
    spotitags: SpotiTags,
    artists: Iterable[Artist],
    *,
    extractors: Sequence[FeatureExtractor] = (),
    exclude: AbstractSet[str] = frozenset(),
    progress: Callable[[str, int, int], None] | None = None,
) -> LabelledRows:
    """Tag labelled artists; an artist for whom a tagger is missing has failed.

    Args:
        spotitags: Catalogue and taggers, and whether words of titles and texts are in ``Row.covers``, too.
        artists: Artists with genres.
        extractors: Further feature extractors; their features are in ``Row.embeddings``.
        exclude: Digests of covers to leave out, such as those of artists held out for a test.
        progress: Called with ("artists", done, total).
    """
    wanted = list(artists)
    rows: list[Row] = []
    bags: dict[str, list[TagBag]] = {}
    failed: dict[str, SpotiTagsError] = {}
    counter = SkippedCounter()
    results = spotitags.tagged_covers([artist.id for artist in wanted], extractors)
    for done, (artist, (ref, covers)) in enumerate(zip(wanted, results, strict=True), start=1):
        if isinstance(covers, SpotiTagsError):
            failed[ref] = covers
        elif covers.missing:
            reasons = (f"the tagger {name} is missing: {why}" for name, why in covers.missing.items())
            failed[ref] = TaggerError("; ".join(reasons))
        elif kept := [i for i, digest in enumerate(covers.digests) if digest not in exclude]:
            used = covers.subset(kept)
            counter.add(used)
            artist_bags = [bagging.bag(used.artist, tagger, each) for tagger, each in used.tags.items()]
            for bag in artist_bags:
                bags.setdefault(bag.tagger, []).append(bag)
            words = training_words(
                spotitags.text_columns, artist.id, used.albums, titles=bool(spotitags.titles)
            )
            rows.append(_row(artist, used, artist_bags, words))
        if progress:
            progress("artists", done, len(wanted))
    return LabelledRows(tuple(rows), bags, failed, counter.notes())


def _row(artist: Artist, covers: TaggedCovers, bags: Sequence[TagBag], words: Words) -> Row:
    from classifiers.training.dataset import Row

    tags = {bag.tagger: bag.cover_weights() for bag in bags}
    return Row(
        id=artist.id,
        genre=str(artist.genre),
        covers=tags | words,
        embeddings=covers.features,
        groups=covers.digests,
    )
