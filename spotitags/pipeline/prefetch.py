"""Iterate in chunks, and one item ahead in a thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

A = TypeVar("A")
B = TypeVar("B")

_PAUSE: Final = 0.5  # seconds between checks for Ctrl-C


def chunks(items: Iterable[A], size: int) -> Iterator[list[A]]:
    """Yield lists of ``size`` items, the last of the rest."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def prefetched(
    work: Callable[[A], B], items: Iterable[A], cancel: Callable[[], object] = lambda: None
) -> Generator[B]:
    """Yield ``map(work, items)``, computed one item ahead in a thread.

    Args:
        work: Computes an item.
        items: What ``work`` takes.
        cancel: Called after an error, Ctrl-C or an early end, so that ``work`` stops soon: its thread is
            waited for.
    """
    with ThreadPoolExecutor(1) as pool:
        pending: Future[B] | None = None
        try:
            for item in items:
                coming = pool.submit(work, item)
                if pending is not None:
                    yield _result(pending)
                pending = coming
            if pending is not None:
                yield _result(pending)
        except BaseException:
            cancel()
            raise


def _result(future: Future[B]) -> B:
    """Wait for the result in short steps: Python overlooks a signal that comes just before a wait begins."""
    while not future.done():
        wait([future], _PAUSE)
    return future.result()
