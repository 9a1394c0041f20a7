"""What is evaluated: labelled artists, each cover with a name by which it is known again elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spotitags.errors import InputError, SpotiTagsError
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
        row: What classifiers see of it. Its ``groups`` name each cover: covers of one album, of the same
            bytes or that look the same have the same name, whoever they stand under.
        unit: Samples of one unit are never split over folds: the artist, where single covers know theirs.
    """

    row: Row
    unit: str

    def __len__(self) -> int:
        return len(self.row)

    @property
    def id(self) -> str:
        """Of the artist, or the cover's file."""
        return self.row.id

    @property
    def genre(self) -> str:
        """Its label."""
        return self.row.genre

    def subset(self, kept: Sequence[int]) -> Sample:
        """The sample with these covers alone, by number."""
        return replace(self, row=self.row.subset(kept))


@dataclass(frozen=True, slots=True)
class Samples:
    """All samples of a run and what was left out on the way.

    Attributes:
        rows: At least 2 genres.
        failed: Artists that could not be answered, with the reason.
        notes: What a reader of the scores should know.
    """

    rows: tuple[Sample, ...]
    failed: Mapping[str, SpotiTagsError]
    notes: tuple[str, ...] = ()


def collect_samples(
    spotitags: SpotiTags,
    artists: Sequence[Artist],
    *,
    single: bool = False,
    readers: Sequence[FeatureExtractor] = (),
    progress: Progress | None = None,
) -> Samples:
    """Tag and fingerprint labelled artists.

    Args:
        spotitags: Whose catalogue and taggers are used.
        artists: With genres.
        single: True where each "artist" is one cover, named after its artist where that is known.
        readers: As in `spotitags.pipeline.dataset.collect_rows`.
        progress: Called with ("artists", done, in all).

    Raises:
        InputError: Not one artist could be answered.
        TaggerError: A tagger cannot work at all.
    """
    found = collect_rows(spotitags, artists, extractors=readers, progress=progress)
    if not found.rows:
        why = next(iter(found.failed.values()), "there is none")
        raise InputError(f"not one labelled artist could be answered: {why}")
    answered = [row.id for row in found.rows]
    seen = [
        each
        for _, each in spotitags.tagged_covers(answered, [PerceptualHash()])
        if not isinstance(each, SpotiTagsError)
    ]
    name = _names_of_covers(seen)
    artist_of = {artist.id: artist for artist in artists}
    rows = tuple(
        Sample(
            replace(row, groups=tuple(name[digest] for digest in row.groups)),
            _unit(artist_of[row.id], single=single),
        )
        for row in found.rows
    )
    lost = (f"{len(found.failed)} of {len(artists)} could not be answered",) if found.failed else ()
    return Samples(rows, found.failed, (*lost, *found.notes))


def shared_covers(samples: Iterable[Sample]) -> frozenset[str]:
    """Groups of covers that stand under more than one unit."""
    units: dict[str, set[str]] = {}
    for sample in samples:
        for group in sample.row.groups:
            units.setdefault(group, set()).add(sample.unit)
    return frozenset(group for group, names in units.items() if len(names) > 1)


def select(samples: Samples, *, min_covers: int = 1, drop_shared: bool = False) -> Samples:
    """Leave out artists with too few covers of their own.

    Args:
        samples: All.
        min_covers: Covers that no other artist has, at least, for an artist to stay.
        drop_shared: Leave covers that stand under several artists out altogether; False leaves it to each
            fold to keep them on one side.

    Raises:
        InputError: Fewer than two genres are there, or are left.
    """
    if len(genres := {sample.genre for sample in samples.rows}) == 1:
        raise InputError(f"all that could be read is {genres.pop()}: label another genre, too")
    several = shared_covers(samples.rows)
    own = [[i for i, group in enumerate(row.row.groups) if group not in several] for row in samples.rows]
    enough = [(row, kept) for row, kept in zip(samples.rows, own, strict=True) if len(kept) >= min_covers]
    rows = tuple(row.subset(kept) if drop_shared else row for row, kept in enough if kept or not drop_shared)
    if len({row.genre for row in rows}) < 2:  # noqa: PLR2004
        raise InputError(
            f"fewer than two genres have artists with {min_covers} covers of their own: lower --min-covers, "
            "or give more covers"
        )
    covers = sum(len(row) for row in samples.rows) - sum(map(len, own))
    fate = "were left out" if drop_shared else "are masked on one side of each fold"
    notes = [f"{covers} covers that stand under several artists {fate}"] if covers else []
    if left := len(samples.rows) - len(rows):
        notes.append(f"{left} artists with fewer than {min_covers} covers of their own were left out")
    return Samples(rows, samples.failed, (*samples.notes, *notes))


def counts(rows: Iterable[Sample]) -> dict[str, int]:
    """Samples a genre, by genre."""
    return dict(sorted(Counter(row.genre for row in rows).items()))


def _unit(artist: Artist, *, single: bool) -> str:
    name = " ".join((artist.name or "").casefold().split()) if single else ""
    return f"artist {name}" if name else artist.id


def _names_of_covers(seen: Iterable[TaggedCovers]) -> dict[str, str]:
    """Digest to the name of the cover: the same for one album, and for covers that look the same."""
    albums: list[Album] = []
    prints: dict[str, NDArray[np.float32]] = {}
    for each in seen:
        albums += each.albums
        tags = each.features.get(PerceptualHash.feature, ())
        prints |= {str(album.digest): row for album, row in zip(each.albums, tags, strict=False)}
    looks = [[f"cover {digest}" for digest in group] for group in near_identical(prints)]
    leader = joined([*map(_names, albums), *looks])
    return {album.digest: leader[_names(album)[0]] for album in albums if album.digest}


def joined(links: Iterable[Sequence[str]]) -> dict[str, str]:
    """Each name to the name of its group, where all names of a link belong together."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = name = leader[leader[name]]
        return name

    for link in links:
        for name in link:
            leader[find(name)] = find(link[0])
    return {name: find(name) for name in list(leader)}


def _names(album: Album) -> list[str]:
    return [f"album {album.id}", *([f"cover {album.digest}"] if album.digest else [])]
