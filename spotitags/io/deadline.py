"""Time limits for exchanges with a server, and the pauses that servers ask for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from spotitags.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PAUSE: Final = 7 * 24 * 3600.0
"""Longest pause in seconds that is believed: a date centuries ahead must not end all further runs."""


@dataclass(slots=True)
class Deadline:
    """Time until which an exchange must be complete, whatever the server sends meanwhile.

    Args:
        seconds: Time from now on.
    """

    seconds: float
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.seconds

    def remaining(self) -> float:
        """Return the remaining seconds, more than 0.

        Raises:
            FetchError: The time is over.
        """
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise self.error()
        return remaining

    def allows(self, pause: float) -> bool:
        """Return whether there would be time left after a pause in seconds."""
        return time.monotonic() + pause < self._end

    def extend(self, seconds: float) -> None:
        """Move the end, by time that the server has no part in."""
        self._end += seconds

    def error(self) -> FetchError:
        """Return the error for a time that is over."""
        return FetchError("timeout", f"no complete response within {self.seconds:g} s")


def retry_after(headers: Mapping[str, Any]) -> float | None:
    """Return the seconds, 0 or more, that ``Retry-After`` asks for, or None.

    The header holds seconds or a date (RFC 9110, 10.2.3).
    """
    value = str(headers.get("Retry-After") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])  # more digits are decades, or more than a float holds
    from email.utils import parsedate_to_datetime  # takes 20 ms to import, and is rarely needed

    try:
        date = parsedate_to_datetime(value)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        return max(0.0, (date - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):  # a year or a time zone may have any number of digits
        return None


def retry_time(wait: float) -> datetime:
    """Return when a pause of ``wait`` seconds, at most `MAX_PAUSE`, will be over."""
    return datetime.now(UTC) + timedelta(seconds=min(wait, MAX_PAUSE))
