"""From artists to the tags of each of their covers: catalogue, covers and taggers, and what is kept between.

A cover is opened only where a tagger has not seen it before. What was seen is kept batch by batch, so that an
interrupted run goes on where it stopped. The next artists are fetched, and the next covers decoded, while a
tagger is at work.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from spotitags.covers import choose, decode_all
from spotitags.errors import NoCoversError, SpotiTagsError
from spotitags.records import CoverFile, Skipped, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from spotitags.cache import Cache
    from spotitags.catalogs import Catalog
    from spotitags.covers import Covers
    from spotitags.records import Album, Artist, Cover
    from spotitags.taggers import CoverReader

ARTISTS_AT_ONCE = 16  # about 160 covers: fills a GPU's batch, and is the most that an interruption costs

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the taggers saw on one artist's covers.

    Attributes:
        artist: As the catalogue named it.
        tags: By tagger name, the tags of each cover in catalogue order; every tagger saw the same covers.
        albums: Whose covers they are, in the same order, each with its cover's digest.
        skipped: Covers that could not be used.
    """

    artist: Artist
    tags: Mapping[str, Sequence[Sequence[Tag]]]
    albums: tuple[Album, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def digests(self) -> tuple[str, ...]:
        """SHA-256 of each cover, in the same order, none twice."""
        return tuple(album.digest for album in self.albums if album.digest)


@dataclass(slots=True)
class _Slot:
    """One album on its way to tags."""

    album: Album
    digest: str | None
    file: CoverFile | None = None
    skipped: Skipped | None = None


@dataclass(slots=True)
class _Listing:
    """One artist on its way to tags: albums, or why there are none."""

    ref: str
    slots: list[_Slot] = field(default_factory=list)
    error: SpotiTagsError | None = None


class Tagging:
    """Runs artists through a catalogue, the covers and the taggers.

    Args:
        catalog: Where albums come from.
        taggers: Who looks at the covers; each name once.
        covers: Fetches and checks covers.
        cache: Keeps tags by cover and tagger version.
        albums: Most albums an artist.
    """

    def __init__(
        self,
        catalog: Catalog,
        taggers: Sequence[CoverReader],
        covers: Covers,
        cache: Cache,
        *,
        albums: int = 10,
    ) -> None:
        self.catalog = catalog
        self.taggers = taggers
        self.covers = covers
        self.cache = cache
        self.albums = albums

    def run(self, artists: Iterable[str]) -> Iterator[tuple[str, Seen | SpotiTagsError]]:
        """What was seen on each artist's covers, or why nothing was, in the order given.

        Raises:
            TaggerError: A tagger cannot work at all; what was finished before is kept.
        """
        for listings in _ahead(self._prepare, _chunks(artists, ARTISTS_AT_ONCE)):
            yield from self._see(listings)

    def _prepare(self, refs: Sequence[str]) -> list[_Listing]:
        """List the artists' albums and fetch those covers that some tagger has not seen."""
        listings = [self._list(ref) for ref in refs]
        slots = [slot for listing in listings for slot in listing.slots]
        known = self._recall([slot.digest for slot in slots if slot.digest])
        wanted = [slot for slot in slots if slot.digest is None or not self._complete(known, slot.digest)]
        for slot, result in zip(wanted, self.covers.fetch([slot.album for slot in wanted]), strict=True):
            if isinstance(result, CoverFile):
                slot.digest, slot.file = result.digest, result
            else:
                slot.skipped = result
        self.cache.put_many(
            "digest", {url: slot.digest for slot in wanted if slot.file and (url := _remote_url(slot.album))}
        )
        return listings

    def _list(self, ref: str) -> _Listing:
        try:
            albums = self.catalog.albums(ref, self.albums)
        except SpotiTagsError as error:
            return _Listing(ref, error=error)
        digests = iter(
            self.cache.get_many("digest", [url for album in albums if (url := _remote_url(album))])
        )
        return _Listing(
            ref, [_Slot(album, next(digests) if _remote_url(album) else album.digest) for album in albums]
        )

    def _see(self, listings: Sequence[_Listing]) -> Iterator[tuple[str, Seen | SpotiTagsError]]:
        slots = [slot for listing in listings for slot in listing.slots]
        known = self._recall([slot.digest for slot in slots if slot.digest])
        unseen = {
            slot.digest: slot.file
            for slot in slots
            if slot.digest and slot.file and not self._complete(known, slot.digest)
        }
        bad = self._tag(list(unseen.values()), known)
        for listing in listings:
            yield listing.ref, listing.error or self._result(listing, known, bad)

    def _tag(self, files: Sequence[CoverFile], known: dict[str, dict[str, list[Tag]]]) -> dict[str, Skipped]:
        """Decode and tag ``files`` into ``known``; gives back, by digest, those that no decoder can read."""
        bad: dict[str, Skipped] = {}
        size = max((tagger.image_size for tagger in self.taggers), default=0)
        most = max((tagger.batch_size for tagger in self.taggers), default=1)
        decoded = _ahead(lambda batch: decode_all(batch, size), _chunks(files, most))
        for batch, results in zip(_chunks(files, most), decoded, strict=True):
            covers: list[Cover] = []
            for file, result in zip(batch, results, strict=True):
                if isinstance(result, Skipped):
                    bad[file.digest] = result
                else:
                    covers.append(result)
            for tagger in self.taggers:
                self._tag_batch(tagger, [c for c in covers if c.digest not in known[tagger.name]], known)
        return bad

    def _tag_batch(
        self, tagger: CoverReader, covers: Sequence[Cover], known: dict[str, dict[str, list[Tag]]]
    ) -> None:
        for batch in _chunks(covers, tagger.batch_size):
            seen = dict(zip((cover.digest for cover in batch), tagger.tag(batch), strict=True))
            known[tagger.name].update(seen)
            self.cache.put_many("tags", {_key(tagger, digest): tags for digest, tags in seen.items()})

    def _recall(self, digests: Sequence[str]) -> dict[str, dict[str, list[Tag]]]:
        """By tagger and digest, the tags that were kept."""
        known: dict[str, dict[str, list[Tag]]] = {tagger.name: {} for tagger in self.taggers}
        unique = list(dict.fromkeys(digests))
        for tagger in self.taggers:
            kept = self.cache.get_many("tags", [_key(tagger, digest) for digest in unique])
            for digest, rows in zip(unique, kept, strict=True):
                if rows is not None:
                    known[tagger.name][digest] = [Tag(label, weight) for label, weight in rows]
        return known

    def _complete(self, known: Mapping[str, Mapping[str, object]], digest: str) -> bool:
        return all(digest in known[tagger.name] for tagger in self.taggers)

    def _result(
        self,
        listing: _Listing,
        known: Mapping[str, Mapping[str, list[Tag]]],
        bad: Mapping[str, Skipped],
    ) -> Seen | SpotiTagsError:
        """One artist's tags; the same picture on two releases counts once."""
        tags: dict[str, list[Sequence[Tag]]] = defaultdict(list)
        skipped: list[Skipped] = []
        pictures: dict[str, Album] = {}
        for slot in listing.slots:
            if slot.skipped or slot.digest is None:
                skipped.append(slot.skipped or Skipped(slot.album.name, "no cover"))
            elif slot.digest in bad:
                skipped.append(Skipped(slot.album.name, bad[slot.digest].reason))
            elif slot.digest not in pictures:
                pictures[slot.digest] = replace(slot.album, digest=slot.digest)
                for tagger in self.taggers:
                    tags[tagger.name].append(known[tagger.name][slot.digest])
        if not pictures:
            return NoCoversError(_no_covers(listing.ref, skipped))
        return Seen(listing.slots[0].album.artist, dict(tags), tuple(pictures.values()), tuple(skipped))


def _no_covers(ref: str, skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return f"artist {ref} has no albums in this catalogue: check the id, or take another --catalog"
    reasons = "; ".join(f"{cover}: {reason}" for cover, reason in skipped[:3])
    more = f"; and {len(skipped) - 3} more" if len(skipped) > 3 else ""  # noqa: PLR2004
    return f"none of the {len(skipped)} covers of artist {ref} can be used ({reasons}{more})"


def _remote_url(album: Album) -> str | None:
    """Address of the album's cover where it stands for the same bytes for good; None for a local file."""
    if not album.images:
        return None
    url = choose(album.images).url
    return url if url.startswith(("http://", "https://")) else None


def _key(tagger: CoverReader, digest: str) -> str:
    return f"{tagger.name}:{tagger.version}:{digest}"


def _chunks(items: Iterable[A], size: int) -> Iterator[list[A]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _ahead(work: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """``map(work, items)``, one item ahead in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        pending: Future[B] | None = None
        for item in items:
            coming = pool.submit(work, item)
            if pending is not None:
                yield pending.result()
            pending = coming
        if pending is not None:
            yield pending.result()
