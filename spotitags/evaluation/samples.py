"""Labelled artists for evaluation, with names of covers that are equal for equal covers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from spotitags.errors import InputError, NoResultsError, SpotiTagsError
from spotitags.io.groups import joined
from spotitags.pipeline.dataset import collect_rows
from spotitags.taggers.features.perceptual_hash import PerceptualHash, near_identical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from classifiers.training.dataset import Row
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Album, Artist, TaggedCovers
    from spotitags.taggers.base import FeatureExtractor

    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled artist (or single cover).

    Attributes:
        row: Input of the classifiers. Its ``groups`` name each cover: covers of one album, with the same
            bytes or that look the same have the same name, also under different artists.
        unit: The artist, also for single covers where it is known. Samples of one unit are never split over
            folds.
    """

    row: Row
    unit: str

    def __len__(self) -> int:
        return len(self.row)

    @property
    def id(self) -> str:
        """Id of the artist, or file of the single cover."""
        return self.row.id

    @property
    def genre(self) -> str:
        """Genre label."""
        return self.row.genre

    def subset(self, kept: Sequence[int]) -> Sample:
        """Return the sample with some of its covers, given by number."""
        return replace(self, row=self.row.subset(kept))


@dataclass(frozen=True, slots=True)
class Samples:
    """All samples of a run, and what was left out.

    Attributes:
        rows: The samples, of at least 2 genres.
        failed: Artists without a result, with the error.
        notes: Notes on the scores.
        labelled: The samples' rows with the digest of each cover as its group, and with all covers.
        albums: An album with each cover, by its digest.
    """

    rows: tuple[Sample, ...]
    failed: Mapping[str, SpotiTagsError]
    notes: tuple[str, ...] = ()
    labelled: tuple[Row, ...] = ()
    albums: Mapping[str, Album] = field(default_factory=dict)


def collect_samples(
    spotitags: SpotiTags,
    artists: Sequence[Artist],
    *,
    single: bool = False,
    extractors: Sequence[FeatureExtractor] = (),
    progress: Progress | None = None,
) -> Samples:
    """Tag labelled artists and name their covers.

    Args:
        spotitags: Instance whose catalogue and taggers are used.
        artists: Artists with genres.
        single: True where each "artist" is one cover, named after its artist where that is known.
        extractors: Further feature extractors, as in `spotitags.pipeline.dataset.collect_rows`.
        progress: Called with ("artists", done, total).

    Raises:
        NoResultsError: There is no result for any artist.
        TaggerError: A tagger cannot be used at all.
    """
    found = collect_rows(spotitags, artists, extractors=extractors, progress=progress)
    if not found.rows:
        why = next(iter(found.failed.values()), "there is no artist")
        raise NoResultsError(f"no labelled artist has a result: {why}")
    ids = [row.id for row in found.rows]
    hashed = [
        each
        for _, each in spotitags.tagged_covers(ids, [PerceptualHash()])
        if not isinstance(each, SpotiTagsError)
    ]
    name = _names_of_covers(hashed)
    artist_of = {artist.id: artist for artist in artists}
    rows = tuple(
        Sample(
            replace(row, groups=tuple(name[digest] for digest in row.groups)),
            unit(artist_of[row.id], single=single),
        )
        for row in found.rows
    )
    lost = (f"{len(found.failed)} of {len(artists)} have no result",) if found.failed else ()
    albums = {str(album.digest): album for each in hashed for album in each.albums}
    return Samples(rows, found.failed, (*lost, *found.notes), tuple(found.rows), albums)


def shared_covers(samples: Iterable[Sample]) -> frozenset[str]:
    """Return the names of covers that more than one unit has."""
    units: dict[str, set[str]] = {}
    for sample in samples:
        for group in sample.row.groups:
            units.setdefault(group, set()).add(sample.unit)
    return frozenset(group for group, names in units.items() if len(names) > 1)


def select(samples: Samples, *, min_covers: int = 1, drop_shared: bool = False) -> Samples:
    """Leave out artists with too few covers that no other artist has.

    Args:
        samples: All samples.
        min_covers: Minimum number of covers per artist that no other artist has.
        drop_shared: Leave out covers that several artists have; False keeps them, and each fold masks them
            on one side.

    Raises:
        InputError: Fewer than two genres exist, or remain.
    """
    if len(genres := {sample.genre for sample in samples.rows}) == 1:
        raise InputError(f"all artists with a result are {genres.pop()}: label another genre, too")
    shared = shared_covers(samples.rows)
    unique = [[i for i, group in enumerate(row.row.groups) if group not in shared] for row in samples.rows]
    enough = [(row, kept) for row, kept in zip(samples.rows, unique, strict=True) if len(kept) >= min_covers]
    rows = tuple(row.subset(kept) if drop_shared else row for row, kept in enough if kept or not drop_shared)
    if len({row.genre for row in rows}) < 2:  # noqa: PLR2004
        raise InputError(
            f"fewer than two genres have artists with {min_covers} unshared covers each: lower --min-covers, "
            "or give more covers"
        )
    covers = sum(len(row) for row in samples.rows) - sum(map(len, unique))
    fate = "were left out" if drop_shared else "are masked on one side of each fold"
    notes = [f"{covers} covers that several artists have {fate}"] if covers else []
    if left := len(samples.rows) - len(rows):
        were = "artist was" if left == 1 else "artists were"
        notes.append(f"{left} {were} left out: fewer than {min_covers} covers that no other artist has")
    chosen = {row.id for row in rows}
    labelled = tuple(row for row in samples.labelled if row.id in chosen)
    return Samples(rows, samples.failed, (*samples.notes, *notes), labelled, samples.albums)


def counts(rows: Iterable[Sample]) -> dict[str, int]:
    """Count the samples of each genre, in alphabetical order."""
    return dict(sorted(Counter(row.genre for row in rows).items()))


def unit(artist: Artist, *, single: bool) -> str:
    """Return the unit of a sample: the artist's id, or of a single cover the artist's name if it is known."""
    name = " ".join((artist.name or "").casefold().split()) if single else ""
    return f"artist {name}" if name else artist.id


def _names_of_covers(hashed: Iterable[TaggedCovers]) -> dict[str, str]:
    """Digest to the name of the cover, which is the same for one album and for covers that look the same."""
    albums: list[Album] = []
    hashes: dict[str, NDArray[np.float32]] = {}
    for each in hashed:
        albums += each.albums
        rows = each.features.get(PerceptualHash.feature, ())
        hashes |= {str(album.digest): row for album, row in zip(each.albums, rows, strict=False)}
    alike = [[f"cover {digest}" for digest in group] for group in near_identical(hashes)]
    leader = joined([*map(_names, albums), *alike])
    return {album.digest: leader[_names(album)[0]] for album in albums if album.digest}


def _names(album: Album) -> list[str]:
    return [f"album {album.id}", *([f"cover {album.digest}"] if album.digest else [])]
