"""Cache of the responses of services."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from spotitags.errors import ArtistNotFoundError, RateLimitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotitags.io.cache import Cache


T = TypeVar("T")

DAY: Final = 24 * 3600.0
WEEK: Final = 7 * DAY
TRIES: Final = 5
_FORMAT: Final = 1
"""Of what is kept; raise it where a catalogue comes to keep other parts of an answer."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long answers stay good, in seconds: what a service said, and that it knows no such thing."""

    found: float = WEEK
    missing: float = DAY


class ResponseCache:
    """Asks, or remembers.

    Args:
        cache: Where answers are kept.
        service: Whose answers these are.
        account: Who asks, where the service counts by that; a wait is kept under it.
        ages: How long answers stay good.
        refresh: Ask anew what was answered before this instance was made.
        patience: Longest pause in seconds that is waited out; a longer one is raised.
        pause: Waits for some seconds.
    """

    def __init__(  # noqa: PLR0913 — independent settings
        self,
        cache: Cache,
        service: str,
        *,
        account: str = "",
        ages: Lifetimes | None = None,
        refresh: bool = False,
        patience: float = 30.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.cache = cache
        self.service = service
        self.account = account
        self.ages = ages or Lifetimes()
        self.refresh = refresh
        self.patience = patience
        self._pause = pause
        self._renewed: set[str] = set()

    def __repr__(self) -> str:
        return f"Answers({self.service!r}, refresh={self.refresh})"

    def get_or_call(self, question: str, call: Callable[[], T]) -> T:
        """The kept answer to ``question``, else what ``call`` gives (JSON), which is then kept.

        That nothing was found is an answer, too. A failure is none.

        Raises:
            ArtistNotFoundError: As ``call`` raised it, now or earlier.
            RateLimitError: The service asked for a longer pause than ``patience``, now or earlier, also in
                another process, and it is not over.
        """
        key = f"{_FORMAT}:{self.service}:{question}"
        kept = None if self.refresh and key not in self._renewed else self.cache.get("answer", key)
        if kept is None:
            kept = self._called(call)
            age = self.ages.missing if "missing" in kept else self.ages.found
            self.cache.put("answer", key, kept, seconds=age)
            self._renewed.add(key)
        if "missing" in kept:
            raise ArtistNotFoundError(kept["missing"])
        answer: T = kept["answer"]
        return answer

    def _called(self, call: Callable[[], Any]) -> dict[str, Any]:
        for tries_left in reversed(range(TRIES)):
            self._wait_out(self._asked_to_wait())
            try:
                return {"answer": call()}
            except ArtistNotFoundError as error:
                return {"missing": str(error)}
            except RateLimitError as error:
                self._remember(error)
                if not tries_left or not self._is_short(error):
                    raise
        raise AssertionError("the last try returns or raises")

    def _is_short(self, error: RateLimitError) -> bool:
        return error.retry_at is not None and not error.quota and _seconds_until(error) <= self.patience

    def _wait_out(self, error: RateLimitError | None) -> None:
        """Sleep through a short pause that was asked for; raise a long one."""
        if error is None:
            return
        if not self._is_short(error):
            raise error
        self._pause(max(0.0, _seconds_until(error)))

    def _remember(self, error: RateLimitError) -> None:
        """Keep the time to come back for all processes."""
        if error.retry_at is not None:
            word = {"until": error.retry_at.isoformat(), "why": str(error), "quota": error.quota}
            seconds = max(_seconds_until(error), 0.001)
            self.cache.put("wait", f"{self.service}:{self.account}", word, seconds=seconds)

    def _asked_to_wait(self) -> RateLimitError | None:
        word = self.cache.get("wait", f"{self.service}:{self.account}")
        if word is None:
            return None
        until = datetime.fromisoformat(word["until"])
        if until <= datetime.now(UTC):
            return None
        return RateLimitError(word["why"], retry_at=until, quota=word["quota"])


def _seconds_until(error: RateLimitError) -> float:
    until = error.retry_at or datetime.now(UTC)
    return (until - datetime.now(UTC)) / timedelta(seconds=1)
