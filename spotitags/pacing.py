"""Calls kept apart in time, also between processes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from spotitags.errors import CatalogError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUEUE_SECONDS: Final = 300.0
"""Longest wait for other processes; 300 calls a second apart."""


class Pace:
    """One call at a time, each at least a pause after the end of the one before.

    Counted from the end, because only then is the earlier call surely behind the server. The lock
    is the operating system's: it ends with the process that holds it, however that ends.

    Args:
        file: Where the time of the last call is noted; its folder is shared by all who keep the pace. A file
            beside it, ``.lock``, is the lock.
        seconds: Pause between two calls.
        clock: Seconds of a clock that all processes of this machine share.
        pause: Waits for some seconds.
    """

    def __init__(
        self,
        file: Path,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.file = file
        self.seconds = seconds
        self._clock = clock
        self._pause = pause

    def __repr__(self) -> str:
        return f"Pace({str(self.file)!r}, {self.seconds:g})"

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for this caller's turn, and hold it while the call is made.

        Raises:
            SettingsError: The folder cannot be written.
            CatalogError: Other processes held the turn for `QUEUE_SECONDS`.
        """
        from filelock import FileLock, Timeout

        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.file.with_suffix(".lock"), timeout=QUEUE_SECONDS):
                self._wait()
                try:
                    yield
                finally:
                    self.file.write_text(repr(self._clock()), encoding="ascii")
        except Timeout as error:
            raise CatalogError(
                f"other runs held their turn for {QUEUE_SECONDS:g} s: let them finish, then run again"
            ) from error
        except OSError as error:
            raise SettingsError(
                f"{self.file.parent} cannot be written ({error}): set SPOTITAGS_CACHE_DIR to another folder"
            ) from error

    def _wait(self) -> None:
        """Sleep until the pause is over; a clock that started anew costs one pause at most."""
        try:
            last = float(self.file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return
        left = min(last + self.seconds - self._clock(), self.seconds)
        if left > 0:
            self._pause(left)
