"""Rate limits and daily quotas of services, shared by all processes of a user."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from spotitags.errors import CatalogError, RateLimitError, SettingsError
from spotitags.io.response_cache import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from spotitags.io.cache import Cache


QUEUE_SECONDS: Final = 300.0
"""Longest wait for other processes; 300 calls a second apart."""


class RateLimiter:
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
    def acquire(self) -> Iterator[None]:
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


class DailyQuota:
    """Counts calls by the hour over all processes and stops before a day's quota is used up.

    Args:
        cache: Where the count is kept.
        account: Whose quota it is.
        calls: Most calls of one kind in 24 hours; None counts nothing.
        setting: Name of the setting that holds ``calls``, for the message.
        now: The time, aware of its zone.
    """

    def __init__(
        self,
        cache: Cache,
        account: str,
        calls: int | None,
        *,
        setting: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.cache = cache
        self.account = account
        self.calls = calls
        self.setting = setting
        self._now = now

    def spend(self, kind: str) -> None:
        """Count one call of this kind.

        Raises:
            RateLimitError: It would be one too many; nothing is counted then.
        """
        if self.calls is not None:
            most = self.calls
            self.cache.update(
                "calls",
                f"{self.account}:{kind}",
                lambda hours: self._one_more(hours or {}, most),
                seconds=DAY,
            )

    def _one_more(self, hours: dict[str, int], most: int) -> dict[str, int]:
        """The count by hour since 1970, and one more; an hour counts until 24 hours after its end."""
        hour = int(self._now().timestamp() // 3600)
        recent = {number: count for number, count in hours.items() if int(number) >= hour - 24}
        if sum(recent.values()) >= most:
            free = datetime.fromtimestamp((min(map(int, recent)) + 25) * 3600, UTC)
            raise RateLimitError(
                f"{most} calls were made in 24 hours, all that {self.setting} allows, to stay below the "
                f"service's own limit: run again after {free.astimezone():%Y-%m-%d %H:%M %Z}; "
                "what is finished is kept",
                retry_at=free,
                quota=True,
            )
        return recent | {str(hour): recent.get(str(hour), 0) + 1}
