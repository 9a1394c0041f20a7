"""Cache of the responses of web services."""

from __future__ import annotations

import time
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from spotitags.errors import ArtistNotFoundError
from spotitags.io.rate_limit import DAY, RetryAfter

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotitags.io.cache import Cache


T = TypeVar("T")

_FORMAT: Final = 1
"""Version of the cached values; increase it when a catalogue stores other parts of its responses."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Lifetimes of cached responses, in seconds.

    Attributes:
        found: For what a service returned.
        missing: For the fact that a service has no such artist.
    """

    found: float = 7 * DAY
    missing: float = DAY


@dataclass(eq=False)
class ResponseCache:
    """Returns cached responses of one service, and calls the service for the others.

    Args:
        cache: Stores the responses.
        service: Name of the service.
        account: Account of the caller, if the service counts calls by account.
        lifetimes: How long responses are cached.
        refresh: Do not use responses that were cached before this instance was created.
        max_wait: As for `spotitags.io.rate_limit.RetryAfter`.
        sleep: As for `spotitags.io.rate_limit.RetryAfter`.
    """

    cache: Cache
    service: str
    _: KW_ONLY
    account: str = field(default="", repr=False)
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    refresh: bool = False
    max_wait: float = 30.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    _refreshed: set[str] = field(default_factory=set, init=False, repr=False)

    def get_or_call(self, request: str, call: Callable[[], T]) -> T:
        """Return the cached response to a request; if there is none, call the service and cache the result.

        That an artist was not found is cached, too; other failures are not.

        Args:
            request: Text that identifies the request.
            call: Calls the service; returns JSON.

        Raises:
            ArtistNotFoundError: As ``call`` raised it, now or earlier.
            RateLimitError: As `spotitags.io.rate_limit.RetryAfter.call` raises it.
        """
        key = f"{_FORMAT}:{self.service}:{request}"
        entry = None if self.refresh and key not in self._refreshed else self.cache.get("answer", key)
        if entry is None:
            entry = self._entry(call)
            seconds = self.lifetimes.missing if "missing" in entry else self.lifetimes.found
            self.cache.put("answer", key, entry, seconds=seconds)
            self._refreshed.add(key)
        if "missing" in entry:
            raise ArtistNotFoundError(entry["missing"])
        response: T = entry["answer"]
        return response

    def _entry(self, call: Callable[[], Any]) -> dict[str, Any]:
        """Call the service and return what is cached of it: the response, or that there is none."""
        key = f"{self.service}:{self.account}"
        service = RetryAfter(self.cache, key, max_wait=self.max_wait, sleep=self.sleep)
        try:
            return {"answer": service.call(call)}
        except ArtistNotFoundError as error:
            return {"missing": str(error)}
