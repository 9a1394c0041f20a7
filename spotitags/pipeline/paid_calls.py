"""Batches for taggers whose calls cost money, and announcements of the cost of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotitags.records import Cover
    from spotitags.taggers.base import Extractor, HasCost

LARGE_CALLS = 10
LARGE_COVERS = 100
"""Number of paid calls, or of covers to pay for, from which a run announces its cost."""


class PaidQueue:
    """Covers in order of arrival, queued until they fill the calls of a paid tagger.

    Args:
        tagger: Paid tagger; its ``batch_size`` is the maximum number of covers in a batch.
        paid: The same tagger as `HasCost`.
    """

    def __init__(self, tagger: Extractor, paid: HasCost) -> None:
        self.tagger = tagger
        self._paid = paid
        self._covers: dict[str, Cover] = {}
        self._held: set[str] = set()
        self._announced = False

    def __contains__(self, digest: object) -> bool:
        return digest in self._covers

    def __len__(self) -> int:
        """Number of covers in the queue."""
        return len(self._covers)

    def add(self, covers: Iterable[Cover]) -> None:
        """Append covers, each once."""
        for cover in covers:
            self._covers.setdefault(cover.digest, cover)

    def memory(self) -> int:
        """Return the bytes of all pixels and files in the queue."""
        return sum(cover.pixels.nbytes + len(cover.data) for cover in self._covers.values())

    def remove(self, covers: Iterable[str]) -> None:
        """Remove covers, given by their digests."""
        for digest in list(covers):
            del self._covers[digest]

    def clear(self) -> None:
        """Remove all covers."""
        self._covers.clear()

    def digests(self) -> list[str]:
        """Return the digests of all covers in the queue."""
        return list(self._covers)

    def hold(self, digests: Iterable[str]) -> None:
        """Leave out those covers, and no others, of the next batches: another process pays for them."""
        self._held = set(digests)

    def next_batch(self, *, whole: bool) -> list[Cover]:
        """Return the next batch; [] if none is full.

        Args:
            whole: True returns only covers that fill their calls; False returns the rest, too.
        """
        free = [cover for digest, cover in self._covers.items() if digest not in self._held]
        sizes, most = _sizes(free), self.tagger.batch_size
        count = filled(sizes, self._paid, most) or (0 if whole else min(len(sizes), most))
        return free[:count]

    def announcement(self, coming: int | None, max_calls: int | None) -> str | None:
        """Return a line on the cost of the run at the first call; None later, and if the cost is small.

        Args:
            coming: Maximum number of covers that may follow those in the queue; None if unknown.
            max_calls: Maximum number of calls that will be made.
        """
        if self._announced:
            return None
        self._announced = True
        return announcement(self.tagger.name, self._paid, _sizes(self._covers.values()), coming, max_calls)


def filled(sizes: Sequence[int], paid: HasCost, most: int) -> int:
    """Return how many of the first covers fill whole calls; 0 if another cover would still fit.

    Args:
        sizes: Sizes of the covers in bytes.
        paid: Tagger, which knows how many calls covers need.
        most: Maximum number of covers in a batch.
    """
    for count in range(min(len(sizes), most), 0, -1):
        following = sizes[count] if count < len(sizes) else 1
        if paid.calls_for([*sizes[:count], following]) > paid.calls_for(sizes[:count]):
            return count
    return most if len(sizes) >= most else 0


def announcement(
    name: str, paid: HasCost, sizes: Sequence[int], coming: int | None, max_calls: int | None
) -> str | None:
    """Return a line on the cost of a run; None if it is small.

    Args:
        name: Name of the tagger.
        paid: The tagger.
        sizes: Sizes of the covers in the queue, in bytes.
        coming: Maximum number of covers that may follow, each taken to be as large as the largest of
            ``sizes``; None if unknown.
        max_calls: Maximum number of calls that will be made.
    """
    covers = len(sizes) + (coming or 0)
    calls = paid.calls_for([*sizes, *[max(sizes, default=1)] * (coming or 0)])
    if max_calls == 0 or (calls < LARGE_CALLS and covers < LARGE_COVERS and coming is not None):
        return None
    bound = "at least " if coming is None else "at most " if coming else ""
    line = f"tagger {name}: {bound}{calls} paid call{'' if calls == 1 else 's'} for {bound}{covers} covers"
    if coming:
        line += ", fewer if some are cached"
    if max_calls is not None and max_calls < calls:
        line += f", of which --max-calls allows {max_calls}"
    return f"{line}; {paid.cost}"


def calls_for(tagger: HasCost, covers: Sequence[Cover]) -> int:
    """Return the number of calls that a paid tagger makes for these covers.

    Raises:
        ValueError: The number is below 0, which would allow more calls than the limit.
    """
    calls = tagger.calls_for(_sizes(covers))
    if calls < 0:
        raise ValueError(f"it gave {calls} calls for {len(covers)} covers")
    return calls


def _sizes(covers: Iterable[Cover]) -> list[int]:
    return [len(cover.data) for cover in covers]
