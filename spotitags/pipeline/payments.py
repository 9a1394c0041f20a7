"""Covers that are sent to paid taggers, each by one process at a time."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Final

from spotitags.errors import TaggerError
from spotitags.io.reservations import Reservations
from spotitags.pipeline.paid_calls import PaidQueue
from spotitags.pipeline.tagger_pool import TAGS
from spotitags.taggers.base import HasCost
from spotitags.taggers.validation import as_tagger_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spotitags.io.reservations import Holder
    from spotitags.pipeline.tagger_pool import TagCache, TaggerPool
    from spotitags.records import Cover
    from spotitags.taggers.base import Extractor


WAIT_SECONDS: Final = 300.0
"""Maximum wait for the next answer to another process: a call takes 3 minutes at most."""
_PAUSE: Final = 0.2


class Payments:
    """Queues of the paid taggers of a run, and the sending of their covers.

    A cover is reserved before it is sent. Another process that needs it sends other covers meanwhile, waits
    for the answer at the end, and sends the cover itself if the first process died.

    Args:
        pool: Taggers of the run.
        results: Their results.
        extract: Runs a tagger on covers and stores the results.
        wait: Maximum seconds of `WAIT_SECONDS`.
    """

    def __init__(
        self,
        pool: TaggerPool,
        results: TagCache,
        extract: Callable[[Extractor, Sequence[Cover]], None],
        *,
        wait: float = WAIT_SECONDS,
    ) -> None:
        self.queues = [PaidQueue(each, each) for each in results.extractors if isinstance(each, HasCost)]
        self.wait = wait
        self._pool = pool
        self._results = results
        self._extract = extract
        self._reservations = Reservations(results.cache.paid, TAGS)
        self._announce = cache(pool.notify)

    def send(self, *, whole: bool, coming: int | None) -> None:
        """Send queued covers that fill calls.

        Args:
            whole: False also sends the others, and waits for covers that other processes pay for.
            coming: Maximum number of covers that may follow; None if unknown.
        """
        for queue in self.queues:
            if len(queue):
                self._send_batches(queue, whole=whole, coming=coming)
            if not whole and len(queue):
                self._wait_for_others(queue, coming)

    def memory(self) -> int:
        """Return the bytes of all covers in the queues."""
        return sum(queue.memory() for queue in self.queues)

    def close(self) -> None:
        """Release all reservations."""
        self._reservations.close()

    def _send_batches(self, queue: PaidQueue, *, whole: bool, coming: int | None) -> dict[str, Holder]:
        """Send covers that no other process has reserved; return the holders of the others, by digest."""
        held: dict[str, Holder] = {}
        queue.hold(())
        self._take_answers(queue, queue.digests())
        while self._pool.is_active(queue.tagger):
            covers = self._next_batch(queue, held, whole=whole, coming=coming)
            if not covers:
                break
            try:
                self._extract(queue.tagger, covers)
            finally:
                self._release(queue, covers)
        if not self._pool.is_active(queue.tagger):
            queue.clear()
        return held

    def _next_batch(
        self, queue: PaidQueue, held: dict[str, Holder], *, whole: bool, coming: int | None
    ) -> list[Cover]:
        """Reserve and return the covers to pay for now; [] if no batch is full, or no call is allowed."""
        batch: list[Cover] = []
        allowed: list[Cover] = []
        try:
            with as_tagger_error(queue.tagger.name):
                if not (batch := self._reserve(queue, held, whole=whole)):
                    return []
                if line := queue.announcement(coming, self._pool.max_calls):
                    self._pool.notify(line)
                queue.remove(cover.digest for cover in batch)
                allowed = self._pool.reserve_calls(queue.tagger, batch)
        except TaggerError as error:
            self._pool.drop(queue.tagger, error)
        finally:
            self._release(queue, batch[len(allowed) :])
        return allowed

    def _reserve(self, queue: PaidQueue, held: dict[str, Holder], *, whole: bool) -> list[Cover]:
        """Return the next batch of covers that this process could reserve; adds the others to ``held``."""
        own: set[str] = set()
        while batch := queue.next_batch(whole=whole):
            if self._pool.max_calls == 0:  # nothing will be sent
                return batch
            digests = {self._results.key(queue.tagger, cover.digest): cover.digest for cover in batch}
            claim = self._reservations.claim(list(digests))
            own.update(claim.own)
            held |= {digests[key]: holder for key, holder in claim.held.items()}
            queue.hold(held)
            self._take_answers(queue, [digests[key] for key in claim.answered])
            if len(claim.own) == len(batch):
                return batch
        self._reservations.release(own)
        return []

    def _take_answers(self, queue: PaidQueue, digests: Sequence[str]) -> None:
        """Remove the covers from the queue whose answers another process has stored meanwhile."""
        self._results.load(digests)
        queue.remove(each for each in digests if self._results.get(queue.tagger, each) is not None)

    def _wait_for_others(self, queue: PaidQueue, coming: int | None) -> None:
        """Wait for the answers to other processes, and send what they leave unanswered."""
        name, left = queue.tagger.name, len(queue)
        deadline = time.monotonic() + self.wait
        while held := self._send_batches(queue, whole=False, coming=coming):
            others = " and ".join(sorted({str(holder) for holder in held.values()}))
            if len(queue) < left:
                left, deadline = len(queue), time.monotonic() + self.wait
            if time.monotonic() > deadline:
                reason = f"another run has it in flight ({others}): run again when that one has ended"
                self._pool.unreadable |= {(name, digest): reason for digest in queue.digests()}
                queue.clear()
                return
            self._announce(
                f"tagger {name}: another run is paying for covers of this one ({others}); waiting for its "
                f"answers, {self.wait:g} s at most for each call"
            )
            time.sleep(_PAUSE)

    def _release(self, queue: PaidQueue, covers: Sequence[Cover]) -> None:
        if covers:
            self._reservations.release(self._results.key(queue.tagger, cover.digest) for cover in covers)
