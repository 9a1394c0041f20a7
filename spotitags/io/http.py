"""HTTP client with limits and retries, for everything that is not fetched by an SDK."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from spotitags.errors import FetchError, RateLimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    import httpx2


MAX_REDIRECTS = 5
HTTP_PORT = 80

# Without a handler, Python would print every retry that stamina logs to stderr.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class _TransientError(FetchError):
    """A failure that is worth a retry; ``wait`` is the pause in seconds that the service asked for."""

    wait: float | None = None


@dataclass(kw_only=True, eq=False, repr=False)
class HttpClient:
    """Client for GET requests over http and https, with limits; safe to share between threads.

    Failed connections and 5xx responses are retried with growing pauses. ``Retry-After`` is respected up to
    ``max_wait`` seconds; a longer one is raised as `RateLimitError`. A redirect from https never leads to
    http. Connections are opened on first use.

    Args:
        seconds: Time for one `get`, with retries and pauses but without the wait for ``acquire``.
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
    _connected: httpx2.Client | None = field(default=None, init=False)

    def get(self, url: str) -> bytes:
        """Return the body of the response (status 200), after at most `MAX_REDIRECTS` redirects.

        Raises:
            FetchError: With one of `spotitags.errors.REASONS`.
            RateLimitError: The service asks for a longer pause than ``max_wait``, or still asks for one on
                the last try.
        """
        import stamina

        if not url.lower().startswith(("http://", "https://")):
            raise FetchError("address", "not an http or https address")
        deadline = time.monotonic() + self.seconds
        attempts = stamina.retry_context(
            on=_pause,
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
                    deadline += time.monotonic() - waiting_since
                    return self._get_once(url, deadline)
        except _TransientError as error:
            if error.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise _rate_limit(error.wait) from error
            raise
        raise AssertionError("stamina returns or raises")

    def close(self) -> None:
        """Close the connections; the next `get` opens new ones."""
        with self._lock:
            if self._connected is not None:
                self._connected.close()
                self._connected = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _client(self) -> httpx2.Client:
        from importlib.metadata import version

        import httpx2

        with self._lock:
            if self._connected is None:
                self._connected = httpx2.Client(
                    headers={"User-Agent": f"SpotiTags/{version('spotitags')}", **self.headers},
                    limits=httpx2.Limits(max_connections=self.connections),
                )
            return self._connected

    def _get_once(self, url: str, deadline: float) -> bytes:
        import httpx2

        try:
            for _ in range(MAX_REDIRECTS + 1):
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    raise FetchError("timeout", f"no response within {self.seconds:g} s")
                with self._client().stream("GET", url, timeout=remaining) as response:
                    if response.next_request is None:
                        self._check_status(response)
                        return self._read(response, deadline)
                    url = _redirect_url(response.url, response.next_request.url)
            raise FetchError("refused", f"more than {MAX_REDIRECTS} redirects")
        except httpx2.TimeoutException as error:
            raise FetchError("timeout", f"no response within {self.seconds:g} s") from error
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            raise FetchError("address", "not an http or https address") from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise _TransientError("connection", type(error).__name__) from error

    def _check_status(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        detail = f"HTTP {status}"
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise FetchError("not-found", detail, status=status)
        too_many = status == HTTPStatus.TOO_MANY_REQUESTS
        if not too_many and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise FetchError("refused", detail, status=status)
        error = _TransientError("rate-limited" if too_many else "server", detail, status=status)
        error.wait = retry_after(response.headers)
        if error.wait is not None and error.wait > self.max_wait:
            raise _rate_limit(error.wait) from error
        raise error

    def _read(self, response: httpx2.Response, deadline: float) -> bytes:
        """Read in chunks and check the deadline: the client's timeout applies to each chunk only."""
        declared = response.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > self.max_bytes:
            raise FetchError("too-many-bytes", f"{declared} bytes, at most {self.max_bytes}")
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self.max_bytes:
                raise FetchError("too-many-bytes", f"more than {self.max_bytes} bytes")
            if time.monotonic() > deadline:
                raise FetchError("timeout", f"not complete within {self.seconds:g} s")
        return bytes(body)


def _redirect_url(source: httpx2.URL, target: httpx2.URL) -> str:
    """Return the URL of a redirect, with https if the source has https, even if the server says http."""
    if target.scheme not in {"http", "https"}:
        raise FetchError("address", "a redirect to neither http nor https")
    if source.scheme == "https" and target.scheme == "http":
        target = target.copy_with(scheme="https", port=None if target.port == HTTP_PORT else target.port)
    return str(target)


def retry_after(headers: Mapping[str, Any]) -> float | None:
    """Return the seconds, 0 or more, that ``Retry-After`` asks for, or None.

    The header holds seconds or a date (RFC 9110, 10.2.3).
    """
    value = str(headers.get("Retry-After") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])  # timedelta would overflow on a longer number
    from email.utils import parsedate_to_datetime  # takes 20 ms to import, and is rarely needed

    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def _pause(error: Exception) -> bool | float:
    """Tell stamina whether to retry after this error, or after how many seconds."""
    if not isinstance(error, _TransientError):
        return False
    return True if error.wait is None else error.wait


def _rate_limit(wait: float | None) -> RateLimitError:
    if wait is None:
        return RateLimitError("too many requests: wait a while, then run again")
    retry_at = datetime.now(UTC) + timedelta(seconds=wait)
    return RateLimitError(
        f"too many requests: run again after {retry_at:%Y-%m-%d %H:%M:%S} UTC", retry_at=retry_at
    )
