"""Rate limits and daily quotas of web services, shared by all processes of a user."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from classifiers.files import replaced_file
from spotitags.errors import CatalogError, RateLimitError, SettingsError
from spotitags.io.deadline import MAX_PAUSE, retry_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from spotitags.io.cache import Cache


T = TypeVar("T")

DAY: Final = 24 * 3600.0
MAX_QUEUE_SECONDS: Final = 300.0
"""Maximum wait for other processes: time for 300 calls, one per second."""
MAX_TRIES: Final = 5
"""Maximum number of calls in `RetryAfter.call`."""


@dataclass(frozen=True)
class RateLimiter:
    """Allows one call at a time, with a pause between the end of a call and the start of the next.

    The pause counts from the end of a call, because only then has the server surely received it. The lock is
    one of the operating system: it ends with the process that holds it, even if that process is killed.

    Args:
        file: File that stores the time of the last call. All processes that share the limit use the same
            file; a file beside it, ``.lock``, is the lock.
        seconds: Pause between two calls.
        clock: Returns the seconds of a clock that all processes of this machine share.
        sleep: Waits for a number of seconds.
    """

    file: Path
    seconds: float
    _: KW_ONLY
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Wait until a call is allowed, and keep other processes waiting until the context ends.

        Raises:
            SettingsError: The folder of the file cannot be written.
            CatalogError: Other processes held the lock for `MAX_QUEUE_SECONDS`.
        """
        from filelock import FileLock, Timeout

        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.file.with_suffix(".lock"), timeout=MAX_QUEUE_SECONDS):
                self._wait()
                try:
                    yield
                finally:
                    with replaced_file(self.file) as file:
                        file.write(repr(self.clock()).encode())
        except Timeout as error:
            raise CatalogError(
                f"other runs used the service for {MAX_QUEUE_SECONDS:g} s: let them finish, then run again"
            ) from error
        except OSError as error:
            raise SettingsError(
                f"{self.file.parent} cannot be written ({error}): set SPOTITAGS_CACHE_DIR to another folder"
            ) from error

    def _wait(self) -> None:
        """Sleep until the pause is over; at most one pause, as the clock may have been reset."""
        try:
            last = float(self.file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return
        remaining = min(last + self.seconds - self.clock(), self.seconds)
        if remaining > 0:
            self.sleep(remaining)


@dataclass(frozen=True)
class DailyQuota:
    """Counts calls per hour over all processes, and refuses calls before a daily quota is used up.

    Args:
        cache: Stores the counts.
        account: Account that has the quota.
        calls: Maximum number of calls of one kind in 24 hours; None for no limit.
        setting: Name of the setting that holds ``calls``, for the error message.
        now: Returns the current time, timezone-aware.
    """

    cache: Cache
    account: str
    calls: int | None
    _: KW_ONLY
    setting: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def spend(self, kind: str) -> None:
        """Count one call of this kind.

        Raises:
            RateLimitError: The call would exceed the quota; it is not counted.
        """
        if self.calls is not None:
            limit = self.calls
            self.cache.update(
                "calls",
                f"{self.account}:{kind}",
                lambda hours: self._add_call(hours if isinstance(hours, dict) else {}, limit),
                seconds=DAY,
            )

    def _add_call(self, hours: dict[str, int], limit: int) -> dict[str, int]:
        """Add a call to the counts by hour since 1970, and drop hours that ended over 24 hours ago."""
        hour = int(self.now().timestamp() // 3600)
        counts = {str(number): hours.get(str(number)) for number in range(hour - 24, hour + 1)}
        recent = {number: count for number, count in counts.items() if isinstance(count, int)}
        if sum(recent.values()) >= limit:
            retry_at = datetime.fromtimestamp((min(map(int, recent)) + 25) * 3600, UTC)
            raise RateLimitError(
                f"{limit} calls were made in 24 hours, all that {self.setting} allows, to stay below the "
                f"service's own limit: run again after {retry_at.astimezone():%Y-%m-%d %H:%M %Z}; "
                "finished work is cached",
                retry_at=retry_at,
                quota=True,
            )
        return recent | {str(hour): recent.get(str(hour), 0) + 1}


@dataclass(frozen=True)
class RetryAfter:
    """Calls a service and respects the waits that it asks for, in all processes.

    A short wait is slept through and the call is repeated. A long wait or a used-up quota is raised, and is
    raised again by further calls until the wait is over.

    Args:
        cache: Stores the requested wait.
        key: Service and account that the wait applies to.
        max_wait: Maximum wait in seconds that is slept through.
        sleep: Waits for a number of seconds.
    """

    cache: Cache
    key: str
    _: KW_ONLY
    max_wait: float
    sleep: Callable[[float], None] = time.sleep

    def call(self, call: Callable[[], T]) -> T:
        """Return the result of ``call``, after at most `MAX_TRIES` tries.

        Raises:
            RateLimitError: The service asks for a wait longer than ``max_wait``, or asked for one earlier
                that is not over.
        """
        for tries_left in reversed(range(MAX_TRIES)):
            self._wait()
            try:
                return call()
            except RateLimitError as error:
                self._store(error)
                if not tries_left or not self._is_short(error):
                    raise
        raise AssertionError("the last try returns or raises")

    def _wait(self) -> None:
        """Sleep through a stored short wait; raise a stored long one."""
        error = _stored_error(self.cache.get("wait", self.key))
        if error is None:
            return
        seconds = _seconds_until(error)
        if seconds <= 0:
            return
        if not self._is_short(error):
            raise error
        self.sleep(seconds)

    def _store(self, error: RateLimitError) -> None:
        if error.retry_at is not None:
            wait = {"until": error.retry_at.isoformat(), "why": str(error), "quota": error.quota}
            self.cache.put("wait", self.key, wait, seconds=max(_seconds_until(error), 0.001))

    def _is_short(self, error: RateLimitError) -> bool:
        return error.retry_at is not None and not error.quota and _seconds_until(error) <= self.max_wait


def _stored_error(wait: Any) -> RateLimitError | None:  # noqa: ANN401
    """Return the error of a stored wait; None if there is none, or it is damaged, or goes on for too long."""
    try:
        retry_at = datetime.fromisoformat(wait["until"])
        if retry_at > retry_time(MAX_PAUSE):  # stored by an earlier version
            return None
        return RateLimitError(wait["why"], retry_at=retry_at, quota=wait["quota"] is True)
    except (TypeError, KeyError, ValueError):
        return None


def _seconds_until(error: RateLimitError) -> float:
    retry_at = error.retry_at or datetime.now(UTC)
    return (retry_at - datetime.now(UTC)) / timedelta(seconds=1)
