"""Work one item ahead, and its end by Ctrl-C."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from threading import Event, Timer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.pipeline.prefetch import prefetched


@given(st.lists(st.integers(), max_size=6))
def test_the_results_come_in_order(items: list[int]) -> None:
    assert list(prefetched(str, items)) == [str(item) for item in items]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals are POSIX's")
def test_ctrl_c_is_noticed_though_it_does_not_end_the_wait() -> None:
    """The signal reaches another thread, as if it had come just before the wait."""
    cancelled = Event()
    other = Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    other.start()  # with the signal allowed in it
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    began = time.monotonic()
    try:
        with (
            pytest.raises(KeyboardInterrupt),
            closing(prefetched(lambda _: cancelled.wait(30), [0], cancelled.set)) as results,
        ):
            list(results)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    assert cancelled.is_set()
    assert time.monotonic() - began < 25
