"""One client and one retry policy for what no SDK fetches."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import nullcontext
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

# Without a handler of its own, each retry that stamina logs would be printed to the user's stderr.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class _TransientError(FetchError):
    """Worth another try; ``wait`` is the pause in seconds that the service asked for."""

    wait: float | None = None


class HttpClient:
    """GETs bytes over http and https within limits; safe to share between threads.

    Connection trouble and answers of 5xx are tried again with growing pauses. A ``Retry-After`` is honoured
    up to ``longest_wait`` and raised as `RateLimitError` beyond it: nobody waits for hours untold. A redirect
    from https is followed by https alone.

    Args:
        seconds: Time for one `get`, tries and pauses included, waiting for a ``turn`` not.
        max_bytes: Largest body that is read.
        attempts: Tries of one `get`.
        longest_wait: Longest pause, in seconds, that a service may ask for.
        connections: Connections kept open at once.
        headers: Sent with every request; ``User-Agent`` replaces the plain ``SpotiTags/<version>``.
        turn: Gives a context in which a try is made, such as `spotitags.io.rate_limit.RateLimiter.acquire`.
    """

    def __init__(  # noqa: PLR0913 — independent limits
        self,
        *,
        seconds: float = 15.0,
        max_bytes: int = 20_000_000,
        attempts: int = 3,
        longest_wait: float = 5.0,
        connections: int = 8,
        headers: Mapping[str, str] | None = None,
        turn: Callable[[], AbstractContextManager[None]] | None = None,
    ) -> None:
        self.seconds = seconds
        self.max_bytes = max_bytes
        self.attempts = attempts
        self.longest_wait = longest_wait
        self.connections = connections
        self.headers = dict(headers or {})
        self.turn = turn
        self._lock = threading.Lock()
        self._opened: httpx2.Client | None = None

    def get(self, url: str) -> bytes:
        """The body that ``url`` answers 200 with, after at most `MAX_REDIRECTS` redirects.

        Raises:
            FetchError: With a reason that `spotitags.errors.REASONS` explains.
            RateLimitError: The service asks for a longer pause than ``longest_wait``, or kept asking.
        """
        import stamina

        if not url.lower().startswith(("http://", "https://")):
            raise FetchError("address", "not an http or https address")
        deadline = time.monotonic() + self.seconds
        tries = stamina.retry_context(
            on=_pause,
            attempts=self.attempts,
            timeout=None if self.turn else self.seconds,  # it would count the wait for a turn
            wait_initial=0.2,
            wait_max=2.0,
            wait_jitter=0.2,
        )
        try:
            for attempt in tries:
                queued = time.monotonic()
                with attempt, self.turn() if self.turn else nullcontext():
                    deadline += time.monotonic() - queued
                    return self._get_once(url, deadline)
        except _TransientError as error:
            if error.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise _rate_limit(error.wait) from error
            raise
        raise AssertionError("stamina returns or raises")

    def close(self) -> None:
        """Close the connections; the next `get` opens new ones."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _client(self) -> httpx2.Client:
        from importlib.metadata import version

        import httpx2

        with self._lock:
            if self._opened is None:
                self._opened = httpx2.Client(
                    headers={"User-Agent": f"SpotiTags/{version('spotitags')}", **self.headers},
                    limits=httpx2.Limits(max_connections=self.connections),
                )
            return self._opened

    def _get_once(self, url: str, deadline: float) -> bytes:
        import httpx2

        try:
            for _ in range(MAX_REDIRECTS + 1):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise FetchError("timeout", f"no answer within {self.seconds:g} s")
                with self._client().stream("GET", url, timeout=left) as response:
                    if response.next_request is None:
                        self._check_status(response)
                        return self._read(response, deadline)
                    url = _redirected(response.url, response.next_request.url)
            raise FetchError("refused", f"more than {MAX_REDIRECTS} redirects")
        except httpx2.TimeoutException as error:
            raise FetchError("timeout", f"no answer within {self.seconds:g} s") from error
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
        if error.wait is not None and error.wait > self.longest_wait:
            raise _rate_limit(error.wait) from error
        raise error

    def _read(self, response: httpx2.Response, deadline: float) -> bytes:
        """Read chunk by chunk: a timeout is for each chunk, and a dripping server would hold us for ever."""
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


def _redirected(source: httpx2.URL, target: httpx2.URL) -> str:
    """The address to go on with: whoever came by https goes on by https, even where the server says http."""
    if target.scheme not in {"http", "https"}:
        raise FetchError("address", "a redirect to neither http nor https")
    if source.scheme == "https" and target.scheme == "http":
        target = target.copy_with(scheme="https", port=None if target.port == HTTP_PORT else target.port)
    return str(target)


def retry_after(headers: Mapping[str, Any]) -> float | None:
    """Seconds, 0 or more, that ``Retry-After`` asks for in seconds or by date (RFC 9110, 10.2.3), or None."""
    value = str(headers.get("Retry-After") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])  # a longer number is a joke; timedelta would overflow on it
    from email.utils import parsedate_to_datetime  # 20 ms, seldom needed

    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _pause(error: Exception) -> bool | float:
    """What stamina asks after each failure: try again, and after how many seconds?"""
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
