"""HTTP client with limits and retries, for everything that is not fetched by an SDK."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self

from spotitags.errors import FetchError, RateLimitError
from spotitags.io.addresses import check_address, own_address, parse_url
from spotitags.io.deadline import Deadline, retry_after, retry_time

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from contextlib import AbstractContextManager

    import httpx2

    from spotitags.io.transport import Response, Transport


MAX_REDIRECTS = 5
HTTP_PORT = 80

_TRANSIENT: Final = frozenset({"connection", "server", "rate-limited"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

# Without a handler, Python would print every retry that stamina logs to stderr.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class _StatusError(FetchError):
    """A status that is worth a retry; ``wait`` is the pause in seconds that the service asked for."""

    wait: float | None = None


@dataclass(kw_only=True, eq=False, repr=False)
class HttpClient:
    """Client for GET requests over http and https, with limits; safe to share between threads.

    Failed connections and 5xx responses are retried with growing pauses. ``Retry-After`` is respected up to
    ``max_wait`` seconds; a longer one is raised as `RateLimitError`. A redirect from https never leads to
    http. Connections are opened on first use.

    Args:
        seconds: Time for one `get`: look-up of the host, connection, headers, redirects, body, retries and
            pauses, but not the wait for ``acquire``.
        max_bytes: Maximum size of a response.
        attempts: Maximum number of tries of one `get`.
        max_wait: Maximum pause in seconds that a service may ask for.
        connections: Maximum number of open connections.
        headers: Headers of every request; the default ``User-Agent`` is ``SpotiTags/<version>``.
        acquire: Returns a context in which each try is made, such as that of
            `spotitags.io.rate_limit.RateLimiter.acquire`.
    """

    seconds: float = 15.0
    max_bytes: int = 20_000_000
    attempts: int = 3
    max_wait: float = 5.0
    connections: int = 8
    headers: Mapping[str, str] = field(default_factory=dict)
    acquire: Callable[[], AbstractContextManager[None]] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _transport: Transport | None = field(default=None, init=False)

    def get(self, url: str, allowed: Collection[str] = ()) -> bytes:
        """Return the body of the response (status 200), after at most `MAX_REDIRECTS` redirects.

        Args:
            url: http or https address.
            allowed: Hosts and origins (see `spotitags.io.addresses`) that the address and its redirects must
                have. By default, the address is the user's own: any public host, and this machine if the
                address names it.

        Raises:
            FetchError: With one of `spotitags.errors.REASONS`.
            RateLimitError: The service asks for a longer pause than ``max_wait``, or still asks for one on
                the last try.
        """
        import stamina

        parsed = parse_url(url)
        allowed = allowed or own_address(parsed)
        deadline = Deadline(self.seconds)
        attempts = stamina.retry_context(
            on=lambda error: _pause(error, deadline),
            attempts=self.attempts,
            timeout=None if self.acquire else self.seconds,  # stamina would count the wait, too
            wait_initial=0.2,
            wait_max=2.0,
            wait_jitter=0.2,
        )
        try:
            for attempt in attempts:
                waiting_since = time.monotonic()
                with attempt, self.acquire() if self.acquire else nullcontext():
                    deadline.extend(time.monotonic() - waiting_since)
                    return self._get_once(parsed, allowed, deadline)
        except _StatusError as error:
            if error.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise _rate_limit(error.wait) from error
            raise
        raise AssertionError("stamina returns or raises")

    def close(self) -> None:
        """Close the connections; the next `get` opens new ones."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
                self._transport = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _connected(self) -> Transport:
        from spotitags.io.transport import Transport

        with self._lock:
            if self._transport is None:
                self._transport = Transport(self.connections)
            return self._transport

    def _get_once(self, url: httpx2.URL, allowed: Collection[str], deadline: Deadline) -> bytes:
        from spotitags.io.transport import Request

        for _ in range(MAX_REDIRECTS + 1):
            private = check_address(url, allowed)
            response = self._connected().exchange(
                Request(url, deadline, self.max_bytes, private=private, headers=_headers(self.headers))
            )
            target = response.headers.get("Location")
            if response.status not in _REDIRECTS or not target:
                self._check_status(response)
                return response.body
            url = parse_url(_redirect_url(url, _joined(url, target)))
        raise FetchError("server", f"more than {MAX_REDIRECTS} redirects")

    def _check_status(self, response: Response) -> None:
        status = response.status
        if status == HTTPStatus.OK:
            return
        detail = f"HTTP {status}"
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise FetchError("not-found", detail, status=status)
        too_many = status == HTTPStatus.TOO_MANY_REQUESTS
        if not too_many and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise FetchError("refused", detail, status=status)
        error = _StatusError("rate-limited" if too_many else "server", detail, status=status)
        error.wait = retry_after(response.headers)
        if error.wait is not None and error.wait > self.max_wait:
            raise _rate_limit(error.wait) from error
        raise error


def _headers(own: Mapping[str, str]) -> dict[str, str]:
    from importlib.metadata import version

    return {"Accept": "*/*", "User-Agent": f"SpotiTags/{version('spotitags')}", **own}


def _joined(source: httpx2.URL, target: str) -> httpx2.URL:
    """Return the address of a redirect, which may be relative to the one that it comes from."""
    import httpx2

    try:
        return source.join(target)
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchError("address", "a redirect to no address") from error


def _redirect_url(source: httpx2.URL, target: httpx2.URL) -> str:
    """Return the URL of a redirect, with https if the source has https, even if the server says http."""
    if target.scheme not in {"http", "https"}:
        raise FetchError("address", "a redirect to neither http nor https")
    if source.scheme == "https" and target.scheme == "http":
        target = target.copy_with(scheme="https", port=None if target.port == HTTP_PORT else target.port)
    return str(target)


def _pause(error: Exception, deadline: Deadline) -> bool | float:
    """Tell stamina whether to retry after this error, or after how many seconds, if there is time left."""
    if not isinstance(error, FetchError) or error.reason not in _TRANSIENT:
        return False
    wait = error.wait if isinstance(error, _StatusError) else None
    if not deadline.allows(wait or 0):
        return False
    return True if wait is None else wait


def _rate_limit(wait: float | None) -> RateLimitError:
    if wait is None:
        return RateLimitError("too many requests: wait a while, then run again")
    retry_at = retry_time(wait)
    return RateLimitError(
        f"too many requests: run again after {retry_at:%Y-%m-%d %H:%M:%S} UTC", retry_at=retry_at
    )
