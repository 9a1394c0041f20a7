"""One artist's answer, put together from what is known of its covers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from spotitags.errors import CallLimitError, NoCoversError, TaggerError, tagger_reason
from spotitags.records import Skipped, TaggedCovers
from spotitags.taggers.validation import tagger_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotitags.covers.fetch import CoverRequest
    from spotitags.errors import SpotiTagsError
    from spotitags.pipeline.tag_cache import TagCache
    from spotitags.pipeline.tagger_pool import TaggerPool
    from spotitags.records import Album, Artist, Tag
    from spotitags.taggers.base import FeatureExtractor


@dataclass(slots=True)
class ArtistJob:
    """One artist on its way to tags: albums, or why there are none."""

    ref: str
    requests: list[CoverRequest] = field(default_factory=list)
    error: SpotiTagsError | None = None

    def digests(self) -> list[str]:
        """Of all covers that came."""
        return [request.digest for request in self.requests if request.digest]

    @property
    def artist(self) -> Artist | None:
        """As the catalogue named it."""
        return self.requests[0].album.artist if self.requests else None


class _Covers(NamedTuple):
    """An artist's covers: by digest those to look at, those of no use, and those that were never fetched."""

    pictures: dict[str, Album]
    skipped: list[Skipped]
    unfetched: list[str]


class _TaggerResult(NamedTuple):
    """A reader's view of an artist: tags of each cover, none where it could not read it, and what is left."""

    rows: list[Sequence[Tag]]
    unreadable: dict[int, str]
    left: list[str]


def build_result(
    job: ArtistJob,
    readers: Sequence[FeatureExtractor],
    tags: TagCache,
    pool: TaggerPool,
    unreadable: Mapping[str, Skipped],
) -> TaggedCovers | SpotiTagsError:
    """What was seen on one artist's covers; the same picture on two releases counts once.

    A tagger counts for an artist where it looked at each of its covers. A cover that it could not read is
    missing in its bag alone, and a cover that none could read is skipped.

    Args:
        job: The artist.
        readers: Who looks at covers: taggers, readers that belong to them, and others.
        tags: Their tags of covers.
        pool: The taggers, those that dropped out among them.
        unreadable: By digest, covers that no decoder can read.
    """
    if job.error or not job.requests:
        return job.error or _no_covers_error(job, ())
    covers = _covers(job, unreadable)
    found = {reader.name: _tagger_result(reader, covers, tags, pool) for reader in readers}
    missing = {name: _missing_reason(name, pool) for name in pool.names if found[name].left}
    for name in missing:
        if name in pool.over_limit:
            pool.add_untagged(name, found[name].left)
    present = [name for name in pool.names if name not in missing]
    if not covers.pictures and not covers.unfetched:
        return _no_covers_error(job, covers.skipped)
    if not present:
        return _untagged_error(job, len(covers.pictures) + len(covers.unfetched), missing, found, pool)
    albums = tuple(covers.pictures.values())
    lost = [i for i in range(len(albums)) if all(i in found[name].unreadable for name in present)]
    skipped = [*covers.skipped, *(_skipped_by_all(albums[i], i, present, found) for i in lost)]
    kept = [i for i in range(len(albums)) if i not in lost]
    if not kept:
        return _no_covers_error(job, skipped)
    for name in present:
        if all(i in found[name].unreadable for i in kept):
            missing[name] = f"it could read none of the covers ({found[name].unreadable[kept[0]]})"
    complete = [reader.name for reader in readers if _complete(reader, found[reader.name], pool, missing)]
    seen = TaggedCovers(
        artist=albums[0].artist,
        tags={name: found[name].rows for name in complete},
        albums=albums,
        skipped=tuple(skipped),
        unreadable={name: found[name].unreadable for name in complete if found[name].unreadable},
        missing=missing,
    )
    return seen.subset(kept) if lost else seen


def _covers(job: ArtistJob, unreadable: Mapping[str, Skipped]) -> _Covers:
    covers = _Covers({}, [], [])
    for request in job.requests:
        if request.skipped:
            covers.skipped.append(request.skipped)
        elif request.digest is None:
            covers.unfetched.append(request.album.id)
        elif request.digest in unreadable:
            covers.skipped.append(unreadable[request.digest]._replace(cover=request.album.name))
        else:
            covers.pictures.setdefault(request.digest, replace(request.album, digest=request.digest))
    return covers


def _tagger_result(
    reader: FeatureExtractor, covers: _Covers, tags: TagCache, pool: TaggerPool
) -> _TaggerResult:
    look = _TaggerResult([], {}, list(covers.unfetched))
    for number, digest in enumerate(covers.pictures):
        found, why = tags.get(reader, digest), pool.unreadable.get((reader.name, digest))
        look.rows.append(found or ())
        if found is None and why is not None:
            look.unreadable[number] = why
        elif found is None:
            look.left.append(digest)
    return look


def _complete(
    reader: FeatureExtractor, look: _TaggerResult, pool: TaggerPool, missing: Mapping[str, str]
) -> bool:
    """Whether a tagger is there, or another reader saw every cover and its tagger is there."""
    if reader.name in pool.names:
        return reader.name not in missing
    return not look.left and not look.unreadable and tagger_name(reader) not in missing


def _missing_reason(name: str, pool: TaggerPool) -> str:
    return pool.dropped.get(name, "it did not look at all of the covers")


def _skipped_by_all(
    album: Album, number: int, names: Sequence[str], found: Mapping[str, _TaggerResult]
) -> Skipped:
    return Skipped(
        album.name, "; ".join(tagger_reason(name, found[name].unreadable[number]) for name in names)
    )


def _untagged_error(
    job: ArtistJob,
    covers: int,
    missing: Mapping[str, str],
    found: Mapping[str, _TaggerResult],
    pool: TaggerPool,
) -> SpotiTagsError:
    """No tagger looked at all covers of the artist."""
    reasons = "; ".join(
        f"{name} has yet to tag {len(found[name].left)} of the {covers} covers of artist {job.ref}: {why}"
        for name, why in missing.items()
    )
    if pool.over_limit & missing.keys():
        return CallLimitError(reasons, job.artist)
    return TaggerError(reasons)


def _no_covers_error(job: ArtistJob, skipped: Sequence[Skipped]) -> NoCoversError:
    if not job.requests:
        return NoCoversError(
            f"artist {job.ref} has no albums in this catalogue: check the id, or take another --catalog"
        )
    reasons = "; ".join(f"{cover}: {reason}" for cover, reason, _ in skipped[:3])
    more = f"; and {len(skipped) - 3} more" if len(skipped) > 3 else ""  # noqa: PLR2004
    return NoCoversError(
        f"none of the {len(skipped)} covers of artist {job.ref} can be used ({reasons}{more})",
        job.artist,
    )
