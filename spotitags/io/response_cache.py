"""Cache of the responses of web services."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from spotitags.errors import ArtistNotFoundError
from spotitags.io.rate_limit import DAY, RetryAfter

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import TypeAdapter

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

    def get_or_call(self, request: str, call: Callable[[], T], schema: TypeAdapter[T]) -> T:
        """Return the cached response to a request; if there is none, call the service and cache the result.

        That an artist was not found is cached, too; other failures are not. A cached response that does not
        fit the schema, as earlier versions may have stored it, counts as none.

        Args:
            request: Text that identifies the request.
            call: Calls the service; returns a response that fits the schema.
            schema: Schema of the response, which can be written as JSON.

        Raises:
            ArtistNotFoundError: As ``call`` raised it, now or earlier.
            RateLimitError: As `spotitags.io.rate_limit.RetryAfter.call` raises it.
        """
        key = f"{_FORMAT}:{self.service}:{request}"
        if not self.refresh or key in self._refreshed:
            entry = self.cache.get("answer", key)
            if isinstance(entry, dict) and isinstance(missing := entry.get("missing"), str):
                raise ArtistNotFoundError(missing)
            if isinstance(entry, dict) and "answer" in entry:
                with suppress(ValueError):  # pydantic's errors are ValueErrors
                    return schema.validate_python(entry["answer"])
        try:
            response = self._call(call)
        except ArtistNotFoundError as error:
            self._store(key, {"missing": str(error)}, self.lifetimes.missing)
            raise
        self._store(key, {"answer": schema.dump_python(response, mode="json")}, self.lifetimes.found)
        return response

    def _call(self, call: Callable[[], T]) -> T:
        """Call the service, after the waits that it asked for."""
        key = f"{self.service}:{self.account}"
        return RetryAfter(self.cache, key, max_wait=self.max_wait, sleep=self.sleep).call(call)

    def _store(self, key: str, entry: dict[str, Any], seconds: float) -> None:
        self.cache.put("answer", key, entry, seconds=seconds)
        self._refreshed.add(key)
