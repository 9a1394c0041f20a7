"""Whole batches for taggers that cost money, and what a run will cost, said before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.taggers.base import HasCost

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotitags.records import Cover
    from spotitags.taggers.base import FeatureExtractor, HasCost


LARGE_CALLS = 10
LARGE_COVERS = 100
"""From so many paid calls, or covers to pay for, a line says beforehand how many there will be."""


class PaidQueue:
    """Covers that wait until they fill a paid tagger's calls, in the order in which they came.

    Args:
        tagger: Whose; its ``batch_size`` is the most that is handed over at once.
        paid: The same tagger by its other ability.
    """

    def __init__(self, tagger: FeatureExtractor, paid: HasCost) -> None:
        self.tagger = tagger
        self._paid = paid
        self._covers: dict[str, Cover] = {}
        self._announced = False

    def __contains__(self, digest: object) -> bool:
        return digest in self._covers

    def add(self, covers: Iterable[Cover]) -> None:
        """Let covers wait, each once."""
        for cover in covers:
            self._covers.setdefault(cover.digest, cover)

    def __len__(self) -> int:
        """Number of covers."""
        return len(self._covers)

    def clear(self) -> None:
        """Wait no longer."""
        self._covers.clear()

    def announcement(self, coming: int | None, max_calls: int | None) -> str | None:
        """One line on what the run will cost, the first time that it is asked for; None where it is little.

        Args:
            coming: Covers that may follow those that wait, at most; None where nobody knows.
            max_calls: Of the calls at most so many are made.
        """
        if self._announced:
            return None
        self._announced = True
        return announcement(self.tagger.name, self._paid, sizes_of(self._covers.values()), coming, max_calls)

    def next(self, *, whole: bool) -> list[Cover]:
        """The next batch, [] where none is full.

        Args:
            whole: Take only covers that fill their calls; False takes an unfilled batch where there is no
                other.
        """
        sizes, most = sizes_of(self._covers.values()), self.tagger.batch_size
        count = filled(sizes, self._paid, most) or (0 if whole else min(len(sizes), most))
        return list(self._covers.values())[:count]

    def remove(self, covers: Iterable[Cover]) -> None:
        """Let covers wait no longer."""
        for cover in covers:
            del self._covers[cover.digest]


def sizes_of(covers: Iterable[Cover]) -> list[int]:
    """Bytes of each cover."""
    return [len(cover.data) for cover in covers]


def filled(sizes: Sequence[int], paid: HasCost, most: int) -> int:
    """How many of the first covers, ``most`` at most, fill whole calls; 0 where another would still fit in.

    Args:
        sizes: Of the covers, in bytes.
        paid: Knows what fits in a call.
        most: Covers handed over at once.
    """
    for count in range(min(len(sizes), most), 0, -1):
        following = sizes[count] if count < len(sizes) else 1
        if paid.calls_for([*sizes[:count], following]) > paid.calls_for(sizes[:count]):
            return count
    return most if len(sizes) >= most else 0


def announcement(
    name: str, paid: HasCost, sizes: Sequence[int], coming: int | None, max_calls: int | None
) -> str | None:
    """One line on what a run will cost; None where it is not much.

    Args:
        name: Of the tagger.
        paid: The tagger.
        sizes: Of the covers that wait, in bytes.
        coming: Covers that may follow, at most, taken to be as large as the largest of ``sizes``; None where
            nobody knows.
        max_calls: Of these at most are made.
    """
    covers = len(sizes) + (coming or 0)
    calls = paid.calls_for([*sizes, *[max(sizes, default=1)] * (coming or 0)])
    if max_calls == 0 or (calls < LARGE_CALLS and covers < LARGE_COVERS and coming is not None):
        return None
    bound = "at least " if coming is None else "at most " if coming else ""
    line = f"tagger {name}: {bound}{calls} paid call{'' if calls == 1 else 's'} for {bound}{covers} covers"
    if coming:
        line += ", fewer where some are known already"
    if max_calls is not None and max_calls < calls:
        line += f", of which --max-calls allows {max_calls}"
    return f"{line}; {paid.cost}"


def calls_for(tagger: HasCost, covers: Sequence[Cover]) -> int:
    """Calls that a paid tagger makes for these covers at once.

    Raises:
        ValueError: It gave a number below 0, which would allow more calls than there are.
    """
    calls = tagger.calls_for([len(cover.data) for cover in covers])
    if calls < 0:
        raise ValueError(f"it gave {calls} calls for {len(covers)} covers")
    return calls
