"""From artists to the tags of each of their covers: catalogue, covers and taggers, and what is kept between.

A cover is opened only where a tagger has not seen it before. What was seen is kept batch by batch, so that an
interrupted run goes on where it stopped. The next artists are fetched, and the next covers decoded, while a
tagger is at work; a slow catalogue hands on what it has every few seconds.
"""

from __future__ import annotations

import time
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from spotitags.covers import decode_all
from spotitags.errors import NoCoversError, SpotiTagsError, TaggerError
from spotitags.fetching import Fetching, Slot
from spotitags.records import Skipped, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.cache import Cache
    from spotitags.catalogs import Catalog
    from spotitags.covers import Covers
    from spotitags.records import Album, Artist, Cover, CoverFile
    from spotitags.taggers import CoverReader

ARTISTS_AT_ONCE = 16  # about 160 covers: fills a GPU's batch, and is the most that an interruption costs
SECONDS_AT_ONCE = 5.0  # of listing artists, after which fewer will do: somebody watches

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
        embeddings: By tagger name, (n_covers, dim) numbers of the same covers, where they were asked for.
    """

    artist: Artist
    tags: Mapping[str, Sequence[Sequence[Tag]]]
    albums: tuple[Album, ...]
    skipped: tuple[Skipped, ...] = ()
    embeddings: Mapping[str, NDArray[np.float32]] = field(default_factory=dict, compare=False)

    @property
    def digests(self) -> tuple[str, ...]:
        """SHA-256 of each cover, in the same order, none twice."""
        return tuple(album.digest for album in self.albums if album.digest)

    def only(self, kept: Sequence[int]) -> Seen:
        """The same of these covers alone, given by number."""
        return replace(
            self,
            tags={tagger: [covers[i] for i in kept] for tagger, covers in self.tags.items()},
            albums=tuple(self.albums[i] for i in kept),
            embeddings={tagger: vectors[list(kept)] for tagger, vectors in self.embeddings.items()},
        )


@dataclass(slots=True)
class _Listing:
    """One artist on its way to tags: albums, or why there are none."""

    ref: str
    slots: list[Slot] = field(default_factory=list)
    error: SpotiTagsError | None = None


class Tagging:
    """Runs artists through a catalogue, the covers and the taggers.

    Args:
        catalog: Where albums come from.
        taggers: Who looks at the covers; each name once.
        covers: Fetches and checks covers.
        cache: Keeps tags by cover and tagger version.
        albums: Most albums an artist.
        refresh: Fetch covers anew.
    """

    def __init__(  # noqa: PLR0913 — four rooms and two settings
        self,
        catalog: Catalog,
        taggers: Sequence[CoverReader],
        covers: Covers,
        cache: Cache,
        *,
        albums: int = 10,
        refresh: bool = False,
    ) -> None:
        self.catalog = catalog
        self.taggers = taggers
        self.fetching = Fetching(covers, cache, refresh=refresh)
        self.cache = cache
        self.albums = albums

    def run(self, artists: Iterable[str]) -> Generator[tuple[str, Seen | SpotiTagsError]]:
        """What was seen on each artist's covers, or why nothing was, in the order given.

        Raises:
            TaggerError: A tagger cannot work at all; what was finished before is kept.
        """
        refs, over = iter(artists), Event()
        with closing(_ahead(lambda _: self._prepare(refs, over), iter(int, 1))) as prepared:
            try:
                for listings in prepared:
                    if not listings:
                        return
                    yield from self._see(listings)
            finally:
                over.set()  # whoever stops early, as by Ctrl-C, waits for one artist at most

    def _prepare(self, refs: Iterator[str], over: Event) -> list[_Listing]:
        """List the next artists' albums and fetch covers that some tagger has not seen; [] at the end."""
        began = time.monotonic()
        listings: list[_Listing] = []
        for ref in islice(refs, ARTISTS_AT_ONCE):
            if over.is_set():
                return []
            listings.append(self._list(ref))
            if time.monotonic() - began > SECONDS_AT_ONCE:
                break
        slots = [slot for listing in listings for slot in listing.slots]
        known = self._recall([slot.digest for slot in slots if slot.digest])
        self.fetching.fetch(
            [
                slot
                for slot in slots
                if not slot.skipped and (slot.digest is None or not self._complete(known, slot.digest))
            ]
        )
        return listings

    def _list(self, ref: str) -> _Listing:
        try:
            return _Listing(ref, self.fetching.slots(self.catalog.albums(ref, self.albums)))
        except SpotiTagsError as error:
            return _Listing(ref, error=error)

    def _see(self, listings: Sequence[_Listing]) -> Iterator[tuple[str, Seen | SpotiTagsError]]:
        slots = [slot for listing in listings for slot in listing.slots]
        known = self._recall([slot.digest for slot in slots if slot.digest])
        unseen = {
            slot.digest: slot.file
            for slot in slots
            if slot.digest and slot.file and not self._complete(known, slot.digest)
        }
        bad = self._tag(list(unseen.values()), known)
        self.fetching.cannot_be_read(bad, slots)
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
                new = [cover for cover in covers if cover.digest not in known[tagger.name]]
                bad |= self._tag_batch(tagger, new, known[tagger.name])
        return bad

    def _tag_batch(
        self, tagger: CoverReader, covers: Sequence[Cover], known: dict[str, list[Tag]]
    ) -> dict[str, Skipped]:
        """Tag into ``known`` and the cache; gives back, by digest, the covers that the tagger cannot read."""
        bad: dict[str, Skipped] = {}
        for batch in _chunks(covers, tagger.batch_size):
            try:
                found = dict(zip((cover.digest for cover in batch), tagger.tag(batch), strict=True))
            except TaggerError as error:
                self._keep(tagger, error.answered)
                raise
            seen = {digest: tags for digest, tags in found.items() if not isinstance(tags, Skipped)}
            bad |= {digest: tags for digest, tags in found.items() if isinstance(tags, Skipped)}
            known.update(seen)
            self._keep(tagger, seen)
        return bad

    def _keep(self, tagger: CoverReader, seen: Mapping[str, list[Tag]]) -> None:
        self.cache.put_many("tags", {_key(tagger, digest): tags for digest, tags in seen.items()})

    def _recall(self, digests: Sequence[str]) -> dict[str, dict[str, list[Tag]]]:
        """By tagger and digest, the tags that were kept."""
        known: dict[str, dict[str, list[Tag]]] = {tagger.name: {} for tagger in self.taggers}
        unique = list(dict.fromkeys(digests))
        for tagger in self.taggers:
            kept = self.cache.get_many("tags", [_key(tagger, digest) for digest in unique])
            for digest, rows in zip(unique, kept, strict=True):
                if (tags := _tags(rows)) is not None:
                    known[tagger.name][digest] = tags
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
            artist = listing.slots[0].album.artist if listing.slots else None
            return NoCoversError(_no_covers(listing.ref, skipped), artist)
        return Seen(listing.slots[0].album.artist, dict(tags), tuple(pictures.values()), tuple(skipped))


def _tags(rows: object) -> list[Tag] | None:
    """Tags as they were kept; None for none, and for what is damaged, so that it is looked at anew."""
    try:
        return [Tag(str(label), float(weight)) for label, weight in rows]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None


def _no_covers(ref: str, skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return f"artist {ref} has no albums in this catalogue: check the id, or take another --catalog"
    reasons = "; ".join(f"{cover}: {reason}" for cover, reason in skipped[:3])
    more = f"; and {len(skipped) - 3} more" if len(skipped) > 3 else ""  # noqa: PLR2004
    return f"none of the {len(skipped)} covers of artist {ref} can be used ({reasons}{more})"


def _key(tagger: CoverReader, digest: str) -> str:
    return f"{tagger.name}:{tagger.version}:{digest}"


def _chunks(items: Iterable[A], size: int) -> Iterator[list[A]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _ahead(work: Callable[[A], B], items: Iterable[A]) -> Generator[B]:
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
