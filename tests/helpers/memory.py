"""Memory that a piece of work takes, in this process and in those that it starts."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAUSE = 0.01  # seconds between two samples


def resident(process: int) -> int:
    """Return the bytes that a process and those that it started have in memory. Linux only.

    Pages that they share count for each.
    """
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):  # it has ended
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(map(resident, _children(process)))


def _children(process: int) -> Iterator[int]:
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            yield from map(int, task.read_text(encoding="ascii").split())
        except OSError:
            continue


class PeakMemory:
    """Largest growth of memory in a ``with`` block, sampled every 10 ms, in bytes as ``growth``."""

    def __init__(self) -> None:
        self.growth = 0
        self._stop = Event()
        self._thread = Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._start = resident(os.getpid())
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(_PAUSE):
            self.growth = max(self.growth, resident(os.getpid()) - self._start)
