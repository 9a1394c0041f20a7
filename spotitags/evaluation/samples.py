"""What is evaluated: labelled artists, each cover with the keys by which it is known again elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spotitags.errors import InputError, SpotiTagsError
from spotitags.evaluation.fingerprints import Fingerprint, alike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from spotitags.pipeline import SpotiTags
    from spotitags.records import Artist
    from spotitags.tagging import Seen

    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled artist (or single cover) with what was seen.

    Attributes:
        id: Of the artist, or the cover's file.
        genre: Its label.
        unit: Samples of one unit are never split over folds: the artist, where single covers know theirs.
        seen: The tags of each cover.
        keys: For each cover, what names it (digest, album, group of near-identical covers). Covers that share
            a key are the same cover for the evaluation.
    """

    id: str
    genre: str
    unit: str
    seen: Seen
    keys: tuple[frozenset[str], ...]

    def __len__(self) -> int:
        return len(self.keys)

    def only(self, kept: Sequence[int]) -> Sample:
        """The sample with these covers alone, by number."""
        tags = {tagger: [tags[i] for i in kept] for tagger, tags in self.seen.tags.items()}
        seen = replace(self.seen, tags=tags, albums=tuple(self.seen.albums[i] for i in kept))
        return replace(self, seen=seen, keys=tuple(self.keys[i] for i in kept))


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


def collect(
    spotitags: SpotiTags, artists: Iterable[Artist], *, single: bool = False, progress: Progress | None = None
) -> Samples:
    """Tag and fingerprint labelled artists.

    Args:
        spotitags: Whose catalogue and taggers are used.
        artists: With genres.
        single: True where each "artist" is one cover, named after its artist where that is known.
        progress: Called with ("artists", done, in all).
    """
    wanted = list(artists)
    found: list[tuple[Artist, Seen]] = []
    failed: dict[str, SpotiTagsError] = {}
    answers = spotitags.seen((artist.id for artist in wanted), [Fingerprint()])
    for done, (artist, (ref, seen)) in enumerate(zip(wanted, answers, strict=True), start=1):
        if isinstance(seen, SpotiTagsError):
            failed[ref] = seen
        else:
            found.append((artist, seen))
        if progress:
            progress("artists", done, len(wanted))
    if not found:
        raise InputError(
            f"not one labelled artist could be answered: {next(iter(failed.values()), 'none given')}"
        )
    groups = _groups(seen for _, seen in found)
    rows = [
        Sample(
            id=artist.id,
            genre=str(artist.genre),
            unit=_unit(artist, single=single),
            seen=_without_fingerprints(seen),
            keys=tuple(_keys(album.id, album.digest, groups) for album in seen.albums),
        )
        for artist, seen in found
    ]
    notes = (f"{len(failed)} of {len(wanted)} could not be answered",) if failed else ()
    return Samples(tuple(rows), failed, notes)


def shared_keys(samples: Iterable[Sample]) -> frozenset[str]:
    """Keys that stand under more than one unit."""
    units: dict[str, set[str]] = {}
    for sample in samples:
        for key in frozenset().union(*sample.keys):
            units.setdefault(key, set()).add(sample.unit)
    return frozenset(key for key, names in units.items() if len(names) > 1)


def select(samples: Samples, *, min_covers: int = 1, drop_shared: bool = False) -> Samples:
    """Leave out artists with too few covers of their own.

    Args:
        samples: All.
        min_covers: Covers that no other artist has, at least, for an artist to stay.
        drop_shared: Leave covers that stand under several artists out altogether; False leaves it to each
            fold to keep them on one side.

    Raises:
        InputError: Fewer than two genres are left.
    """
    shared = shared_keys(samples.rows)
    own = [[i for i, keys in enumerate(row.keys) if shared.isdisjoint(keys)] for row in samples.rows]
    enough = [(row, kept) for row, kept in zip(samples.rows, own, strict=True) if len(kept) >= min_covers]
    rows = tuple(row.only(kept) if drop_shared else row for row, kept in enough if kept or not drop_shared)
    if len({row.genre for row in rows}) < 2:  # noqa: PLR2004
        raise InputError(
            f"fewer than two genres have artists with {min_covers} covers of their own: lower --min-covers, "
            "or give more covers"
        )
    covers = sum(map(len, own)) - sum(len(row) for row in samples.rows)
    notes = [f"{-covers} covers stand under several artists"] if covers else []
    if left := len(samples.rows) - len(rows):
        notes.append(f"{left} artists with fewer than {min_covers} covers of their own were left out")
    return Samples(rows, samples.failed, (*samples.notes, *notes))


def counts(rows: Iterable[Sample]) -> dict[str, int]:
    """Samples a genre, by genre."""
    return dict(sorted(Counter(row.genre for row in rows).items()))


def _unit(artist: Artist, *, single: bool) -> str:
    name = " ".join((artist.name or "").casefold().split()) if single else ""
    return f"artist {name}" if name else artist.id


def _groups(all_seen: Iterable[Seen]) -> dict[str, str]:
    """Digest to the name of its group of near-identical covers, for covers that look like another."""
    prints = {
        album.digest: tags[0].label
        for seen in all_seen
        for album, tags in zip(seen.albums, seen.tags.get(Fingerprint.name, ()), strict=False)
        if album.digest
    }
    return {digest: f"look {min(group)}" for group in alike(prints) for digest in group}


def _keys(album: str, digest: str | None, groups: Mapping[str, str]) -> frozenset[str]:
    keys = {f"album {album}"}
    if digest:
        keys |= {f"cover {digest}"} | ({groups[digest]} if digest in groups else set())
    return frozenset(keys)


def _without_fingerprints(seen: Seen) -> Seen:
    tags = {tagger: tags for tagger, tags in seen.tags.items() if tagger != Fingerprint.name}
    return replace(seen, tags=tags)
