"""From artists to the tags of each of their covers: catalogue, covers and taggers, and what is kept between.

A cover is opened only where a tagger has not seen it before. What was seen is kept batch by batch, so that an
interrupted run goes on where it stopped. The next artists are fetched, and the next covers decoded, while a
tagger is at work; a slow catalogue hands on what it has every few seconds. Covers for a tagger that costs
money wait until they fill its batches, and their artists with them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from spotitags.answering import Listing, answer
from spotitags.covers import decode_all
from spotitags.errors import SpotiTagsError, TaggerError, TaggerInterrupt
from spotitags.fetching import Fetching, address
from spotitags.looks import Looks
from spotitags.panel import Panel, blamed, sound
from spotitags.paying import Waiting
from spotitags.records import Skipped
from spotitags.seen import Seen
from spotitags.taggers import Paid

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    from spotitags.cache import Cache
    from spotitags.catalogs import Catalog
    from spotitags.covers import Covers
    from spotitags.fetching import Slot
    from spotitags.records import Cover, CoverFile
    from spotitags.taggers import CoverReader

__all__ = ["ARTISTS_AT_ONCE", "ARTISTS_WAITING", "Seen", "Tagging"]

ARTISTS_AT_ONCE = 16  # about 160 covers: fills a GPU's batch, and is the most that an interruption costs
ARTISTS_WAITING = 512  # for a paid tagger's batch to fill; then an unfilled one goes out
SECONDS_AT_ONCE = 5.0  # of listing artists, after which fewer will do: somebody watches
COVERS_AT_ONCE = 64  # decoded together where no free tagger says how many it takes

A = TypeVar("A")
B = TypeVar("B")


class Tagging:
    """Runs artists through a catalogue, the covers and the taggers.

    Args:
        catalog: Where albums come from.
        readers: Who looks at the covers: the panel's taggers and whoever else; each name once.
        covers: Fetches and checks covers.
        cache: Keeps tags by cover and tagger version.
        albums: Most albums an artist.
        refresh: Fetch covers anew.
        panel: The taggers among the readers; None takes all as such.
    """

    def __init__(  # noqa: PLR0913 — four rooms and three settings
        self,
        catalog: Catalog,
        readers: Sequence[CoverReader],
        covers: Covers,
        cache: Cache,
        *,
        albums: int = 10,
        refresh: bool = False,
        panel: Panel | None = None,
    ) -> None:
        self.catalog = catalog
        self.readers = readers
        self.fetching = Fetching(covers, cache, refresh=refresh)
        self.albums = albums
        self.panel = panel or Panel(readers)
        self._looks = Looks(readers, cache)
        self._unreadable: dict[str, Skipped] = {}
        self._queue: deque[Listing] = deque()
        self._waiting = [Waiting(reader, reader) for reader in readers if isinstance(reader, Paid)]
        self._to_come: int | None = None

    def run(self, artists: Iterable[str]) -> Generator[tuple[str, Seen | SpotiTagsError]]:
        """What was seen on each artist's covers, or why nothing was, in the order given.

        Raises:
            TaggerError: No tagger can work; what was finished before is kept.
        """
        refs, over = iter(artists), Event()
        self._to_come = len(artists) if isinstance(artists, Sized) else None
        with closing(_ahead(lambda _: self._prepare(refs, over), iter(int, 1))) as prepared:
            try:
                for listings in prepared:
                    yield from self._after(partial(self._see, listings))
                    if not listings:
                        break
            finally:
                over.set()  # whoever stops early, as by Ctrl-C, waits for one artist at most
                self.panel.report()

    def _prepare(self, refs: Iterator[str], over: Event) -> list[Listing]:
        """List the next artists' albums and fetch covers that some tagger has not seen; [] at the end."""
        began = time.monotonic()
        listings: list[Listing] = []
        for ref in islice(refs, ARTISTS_AT_ONCE):
            if over.is_set():
                return []
            listings.append(self._list(ref))
            if time.monotonic() - began > SECONDS_AT_ONCE:
                break
        slots = [slot for listing in listings for slot in listing.slots]
        looks = Looks(self.readers, self._looks.cache)
        looks.recall([slot.digest for slot in slots if slot.digest])
        self.fetching.fetch([slot for slot in slots if not slot.skipped and self._needed(slot, looks)])
        return listings

    def _list(self, ref: str) -> Listing:
        try:
            return Listing(ref, self.fetching.slots(self.catalog.albums(ref, self.albums)))
        except SpotiTagsError as error:
            return Listing(ref, error=error)

    def _needed(self, slot: Slot, looks: Looks) -> bool:
        """Whether the cover has to be fetched: somebody has to look, or nobody can know which cover it is."""
        if slot.digest is None:
            return address(slot.album) is None or any(map(self.panel.looks, self.readers))
        return self._open(slot.digest, looks)

    def _due(self, reader: CoverReader, digest: str, looks: Looks) -> bool:
        """Whether the reader has yet to look at a cover."""
        return (
            looks.of(reader, digest) is None
            and self.panel.looks(reader)
            and (reader.name, digest) not in self.panel.unread
            and digest not in self._unreadable
        )

    def _open(self, digest: str, looks: Looks) -> bool:
        """Whether some reader has yet to look at a cover."""
        return any(self._due(reader, digest, looks) for reader in self.readers)

    def _after(self, work: Callable[[], None]) -> Generator[tuple[str, Seen | SpotiTagsError]]:
        """Do something, then give the answers that are there; what stops the run comes after them."""
        stopped = None
        try:
            work()
        except SpotiTagsError as error:
            stopped = error
        while self._queue and not self._unfinished(self._queue[0], stopped):
            listing = self._queue.popleft()
            yield listing.ref, answer(listing, self.readers, self._looks, self.panel, self._unreadable)
        if stopped:
            raise stopped
        self._looks.forget_all_but({digest for listing in self._queue for digest in listing.digests()})

    def _unfinished(self, listing: Listing, stopped: SpotiTagsError | None) -> bool:
        """Whether a cover of the artist waits for a batch to fill or, in a run that stops, for anyone."""
        if stopped:
            return any(self._open(digest, self._looks) for digest in listing.digests())
        return any(digest in waiting for waiting in self._waiting for digest in listing.digests())

    def _see(self, listings: Sequence[Listing]) -> None:
        """Have the next artists' covers looked at; without any, also those that wait for a whole batch."""
        self._queue.extend(listings)
        if self._to_come is not None:
            self._to_come -= len(listings)
        slots = [slot for listing in listings for slot in listing.slots]
        self._looks.recall([slot.digest for slot in slots if slot.digest])
        files = {slot.digest: slot.file for slot in slots if slot.digest and slot.file}
        bad = self._look([file for digest, file in files.items() if self._open(digest, self._looks)])
        self.fetching.cannot_be_read(bad, slots)
        self._unreadable |= bad
        for slot in slots:
            slot.file = None
        self._pay(whole=bool(listings) and len(self._queue) < ARTISTS_WAITING)

    def _look(self, files: Sequence[CoverFile]) -> dict[str, Skipped]:
        """Decode files and have them looked at; gives back, by digest, those that no decoder can read."""
        bad: dict[str, Skipped] = {}
        free = [reader for reader in self.readers if not isinstance(reader, Paid)]
        most = max((reader.batch_size for reader in free), default=COVERS_AT_ONCE)
        # Closed here: collected as garbage, in whatever thread, it might wait for that very thread.
        with closing(_ahead(self._decode, _chunks(files, most))) as decoded:
            for sizes in decoded:
                bad |= {
                    digest: skipped
                    for covers in sizes.values()
                    for digest, skipped in covers.items()
                    if isinstance(skipped, Skipped)
                }
                for reader in free:
                    for batch in _chunks(self._new(reader, sizes), reader.batch_size):
                        if self.panel.looks(reader):
                            self._ask(reader, batch)
                for waiting in self._waiting:
                    waiting.add(self._new(waiting.tagger, sizes))
        return bad

    def _decode(self, files: Sequence[CoverFile]) -> dict[int, dict[str, Cover | Skipped]]:
        """Covers by digest in each size that is wanted: what one reader sees depends on no other reader."""
        wanted = {
            reader.image_size
            for reader in self.readers
            if any(self._due(reader, file.digest, self._looks) for file in files)
        }
        return {
            size: dict(zip((file.digest for file in files), decode_all(files, size), strict=True))
            for size in wanted
        }

    def _new(self, reader: CoverReader, sizes: Mapping[int, Mapping[str, Cover | Skipped]]) -> list[Cover]:
        """The covers that a reader has yet to look at."""
        return [
            cover
            for digest, cover in sizes.get(reader.image_size, {}).items()
            if not isinstance(cover, Skipped) and self._due(reader, digest, self._looks)
        ]

    def _ask(self, reader: CoverReader, covers: Sequence[Cover]) -> None:
        """Have a reader look, and keep what it says."""
        try:
            found = self.panel.ask(reader, covers)
        except SpotiTagsError as error:
            if isinstance(error, TaggerError):
                self._looks.keep(reader, sound(error.answered))
            self.panel.drop(reader, error)
        except TaggerInterrupt as stop:
            self._looks.keep(reader, sound(stop.answered))
            raise
        else:
            self._looks.keep(reader, found)

    def _pay(self, *, whole: bool) -> None:
        """Send covers that fill batches to taggers that cost money, or all that wait."""
        for waiting in self._waiting:
            while self.panel.looks(waiting.tagger) and (covers := self._next(waiting, whole=whole)):
                self._ask(waiting.tagger, covers)
            if not self.panel.looks(waiting.tagger):
                waiting.clear()

    def _next(self, waiting: Waiting, *, whole: bool) -> list[Cover]:
        """The covers to be paid for now; none where no batch is full, or no more calls are allowed."""
        try:
            with blamed(waiting.tagger.name):
                if not (batch := waiting.next(whole=whole)):
                    return []
                self._announce(waiting)
                waiting.remove(batch)
                return self.panel.pay(waiting.tagger, batch)
        except TaggerError as error:
            self.panel.drop(waiting.tagger, error)
            return []

    def _announce(self, waiting: Waiting) -> None:
        coming = None if self._to_come is None else self._to_come * self.albums
        if line := waiting.announcement(coming, self.panel.max_calls):
            self.panel.notify(line)


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
