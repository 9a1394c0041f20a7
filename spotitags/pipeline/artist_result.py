"""Result of one artist, built from the cached results on its covers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from spotitags.bags.own_names import mask_names
from spotitags.errors import CallLimitError, NoCoversError, TaggerError, tagger_reason
from spotitags.records import Album, Skipped, TaggedCovers
from spotitags.taggers.base import FeatureExtractor
from spotitags.taggers.validation import tagger_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.covers.fetch_cache import CoverRequest
    from spotitags.errors import SpotiTagsError
    from spotitags.pipeline.stored_results import Extracted
    from spotitags.pipeline.tagger_pool import TagCache, TaggerPool
    from spotitags.records import Artist
    from spotitags.taggers.base import Extractor


@dataclass(slots=True)
class ArtistJob:
    """One artist of a run: its covers, or the error that prevents them.

    Attributes:
        ref: Id as it was requested.
        requests: One request per album.
        error: Error of the catalogue.
        limit: Maximum number of albums in the last request to the catalogue.
    """

    ref: str
    requests: list[CoverRequest] = field(default_factory=list)
    error: SpotiTagsError | None = None
    limit: int = 0

    def digests(self) -> list[str]:
        """Digests of all covers that were fetched."""
        return [request.digest for request in self.requests if request.digest]

    def copies(self) -> int:
        """Return the number of releases whose cover is a copy of another release's."""
        digests = [request.digest for request in self.requests if request.digest and not request.skipped]
        return len(digests) - len(set(digests))

    @property
    def artist(self) -> Artist | None:
        """Artist as the catalogue names it."""
        return self.requests[0].album.artist if self.requests else None


class _Covers(NamedTuple):
    """Covers of an artist: usable ones by digest, skipped ones, and ids of albums that were not fetched."""

    albums: dict[str, Album]
    skipped: list[Skipped]
    unfetched: list[str]


class _ExtractorResult(NamedTuple):
    """Results of one extractor on an artist's covers.

    Attributes:
        rows: Result on each cover; None where there is none.
        unreadable: Reason by the number of each cover that it could not read.
        missing: Digests of covers, or ids of albums, that it has yet to process.
    """

    rows: list[Extracted | None]
    unreadable: dict[int, str]
    missing: list[str]


def build_result(
    job: ArtistJob,
    extractors: Sequence[Extractor],
    results: TagCache,
    pool: TaggerPool,
    undecodable: Mapping[str, Skipped],
) -> TaggedCovers | SpotiTagsError:
    """Build the result of one artist; the same cover on two releases counts once.

    The artist's own name is not among the words read on the covers: see `spotitags.bags.own_names`.

    A tagger counts for an artist if it processed all its covers. A cover that one tagger could not read is
    missing from its bag only; a cover that none could read is skipped.

    Args:
        job: The artist.
        extractors: Taggers and feature extractors of the run.
        results: Their results.
        pool: The taggers, and those that dropped out.
        undecodable: By digest, covers that no decoder can read.
    """
    if job.error or not job.requests:
        return job.error or _no_covers_error(job, ())
    covers = _covers(job, undecodable)
    if not covers.albums and not covers.unfetched:
        return _no_covers_error(job, covers.skipped)
    found = {extractor.name: _extractor_result(extractor, covers, results, pool) for extractor in extractors}
    missing = _missing_taggers(found, pool)
    taggers = [name for name in pool.names if name not in missing]
    if not taggers:
        return _untagged_error(job, len(covers.albums) + len(covers.unfetched), missing, found, pool)
    albums = tuple(covers.albums.values())
    lost = [i for i in range(len(albums)) if all(i in found[name].unreadable for name in taggers)]
    kept = [i for i in range(len(albums)) if i not in lost]
    skipped = [*covers.skipped, *(_unreadable_cover(albums[i], i, taggers, found) for i in lost)]
    if not kept:
        return _no_covers_error(job, skipped)
    for name in taggers:
        if all(i in found[name].unreadable for i in kept):
            missing[name] = f"it could read none of the covers ({found[name].unreadable[kept[0]]})"
    complete = [each for each in extractors if _is_complete(each, found[each.name], pool, missing)]
    tagged = TaggedCovers(
        artist=albums[0].artist,
        tags={
            each.name: [[] if row is None or isinstance(row, bytes) else row for row in found[each.name].rows]
            for each in complete
            if not isinstance(each, FeatureExtractor)
        },
        albums=albums,
        skipped=tuple(skipped),
        features={
            each.feature: _features(each, found[each.name].rows)
            for each in complete
            if isinstance(each, FeatureExtractor)
        },
        unreadable={
            each.name: found[each.name].unreadable for each in complete if found[each.name].unreadable
        },
        missing=missing,
        copies=job.copies(),
    )
    return mask_names(tagged.subset(kept) if lost else tagged)


def _covers(job: ArtistJob, undecodable: Mapping[str, Skipped]) -> _Covers:
    covers = _Covers({}, [], [])
    for request in job.requests:
        if request.skipped:
            covers.skipped.append(request.skipped)
        elif request.digest is None:
            covers.unfetched.append(request.album.id)
        elif request.digest in undecodable:
            covers.skipped.append(undecodable[request.digest]._replace(cover=request.album.name))
        else:
            old = request.album
            if request.digest not in covers.albums:  # a call of `replace` takes three times as long
                covers.albums[request.digest] = Album(
                    old.id, old.name, old.artist, old.images, old.kind, old.release_date,
                    request.digest, request.size,
                )  # fmt: skip
    return covers


def _extractor_result(
    extractor: Extractor, covers: _Covers, results: TagCache, pool: TaggerPool
) -> _ExtractorResult:
    result = _ExtractorResult([], {}, list(covers.unfetched))
    for number, digest in enumerate(covers.albums):
        row, reason = results.get(extractor, digest), pool.unreadable.get((extractor.name, digest))
        result.rows.append(row)
        if row is None and reason is not None:
            result.unreadable[number] = reason
        elif row is None:
            result.missing.append(digest)
    return result


def _missing_taggers(found: Mapping[str, _ExtractorResult], pool: TaggerPool) -> dict[str, str]:
    """Return the reason by the name of each tagger without all results; report those over the limit."""
    missing = {}
    for name in pool.names:
        if found[name].missing:
            missing[name] = pool.dropped.get(name, "it did not tag all of the covers")
            if name in pool.over_limit:
                pool.add_untagged(name, found[name].missing)
    return missing


def _is_complete(
    extractor: Extractor, result: _ExtractorResult, pool: TaggerPool, missing: Mapping[str, str]
) -> bool:
    """Return whether a tagger counts, or another extractor read all covers and its tagger counts."""
    if extractor.name in pool.names:
        return extractor.name not in missing
    return not result.missing and not result.unreadable and tagger_name(extractor) not in missing


def _features(extractor: FeatureExtractor, rows: Sequence[Extracted | None]) -> NDArray[np.float32]:
    import numpy as np

    packed = np.frombuffer(b"".join(rows), np.uint8)  # type: ignore[arg-type]
    return extractor.unpack(packed.reshape(len(rows), -1))


def _unreadable_cover(
    album: Album, number: int, taggers: Sequence[str], found: Mapping[str, _ExtractorResult]
) -> Skipped:
    reasons = (tagger_reason(name, found[name].unreadable[number]) for name in taggers)
    return Skipped(album.name, "; ".join(reasons))


def _untagged_error(
    job: ArtistJob,
    covers: int,
    missing: Mapping[str, str],
    found: Mapping[str, _ExtractorResult],
    pool: TaggerPool,
) -> SpotiTagsError:
    """Return the error of an artist whose covers no tagger tagged completely."""
    reasons = "; ".join(
        f"{name} has yet to tag {len(found[name].missing)} of the {covers} covers of artist {job.ref}: {why}"
        for name, why in missing.items()
    )
    if pool.over_limit & missing.keys():
        return CallLimitError(reasons, job.artist)
    return TaggerError(reasons)


def _no_covers_error(job: ArtistJob, skipped: Sequence[Skipped]) -> NoCoversError:
    if not job.requests:
        return NoCoversError(
            f"artist {job.ref} has no albums in this catalogue: check the id, or use another --catalog"
        )
    reasons = "; ".join(f"{each.cover}: {each.reason}" for each in skipped[:3])
    more = f"; and {len(skipped) - 3} more" if len(skipped) > 3 else ""  # noqa: PLR2004
    return NoCoversError(
        f"none of the {len(skipped)} covers of artist {job.ref} can be used ({reasons}{more})", job.artist
    )
