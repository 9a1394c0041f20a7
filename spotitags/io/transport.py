"""Transport of all HTTP: one request and its response, with limits on time and bytes."""

from __future__ import annotations

import threading
import weakref
import zlib
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from spotitags.errors import FetchError
from spotitags.io.network import Exchange, Network, current

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator, Mapping

    from spotitags.io.deadline import Deadline


class Response(NamedTuple):
    """A complete response.

    Attributes:
        status: HTTP status.
        reason: Reason phrase of the status line.
        headers: Headers, by names in any case.
        body: Body, decompressed.
    """

    status: int
    reason: str
    headers: httpx2.Headers
    body: bytes


class Request(NamedTuple):
    """A request, with the limits of its response.

    Attributes:
        url: Address, checked by `spotitags.io.addresses.check_address`.
        deadline: Time for the exchange.
        max_bytes: Maximum size of the body, before and after decompression.
        error_bytes: Number of bytes to read of the body of a response that is no success.
        private: Whether the host may be at a private address.
        method: Method.
        headers: Headers; ``Accept-Encoding`` is gzip by default.
        content: Body.
    """

    url: httpx2.URL
    deadline: Deadline
    max_bytes: int
    error_bytes: int = 0
    private: bool = False
    method: str = "GET"
    headers: Mapping[str, str] = {}
    content: bytes = b""


@dataclass(eq=False)
class Transport:
    """Connections to servers, kept open between exchanges; safe to share between threads.

    Proxies are those of the environment (``HTTPS_PROXY``, ``NO_PROXY`` …). Certificates are checked against
    those that httpx knows, or ``SSL_CERT_FILE``.

    Args:
        connections: Maximum number of open connections.
    """

    connections: int = 8
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _pools: dict[tuple[str, str], httpcore2.ConnectionPool] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Close the connections with the last reference to this object."""
        weakref.finalize(self, _close, self._pools).atexit = False

    def exchange(self, request: Request) -> Response:
        """Send a request and return the response; redirects are not followed.

        Raises:
            FetchError: For the reason timeout, connection, too-many-bytes, address or server.
        """
        url, proxy = request.url, _proxy(request.url)
        any_address = request.private or bool(proxy)
        token = current.set(Exchange(request.deadline, request.max_bytes, any_address=any_address))
        try:
            with self._pool(url.scheme, proxy).stream(
                request.method,
                httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=_headers(request),
                content=request.content or None,
                extensions={"timeout": {"pool": request.deadline.remaining()}},
            ) as response:
                return _read(request, response)
        except httpcore2.TimeoutException:
            raise request.deadline.error() from None
        except httpcore2.LocalProtocolError as error:
            raise FetchError("address", "no request can be made of it") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError) as error:
            raise FetchError("connection", type(error).__name__) from error
        finally:
            current.reset(token)

    def close(self) -> None:
        """Close the connections; the next exchange opens new ones."""
        with self._lock:
            _close(self._pools)

    def _pool(self, scheme: str, proxy: str) -> httpcore2.ConnectionPool:
        with self._lock:
            if (scheme, proxy) not in self._pools:
                self._pools[scheme, proxy] = _open_pool(scheme, proxy, self.connections)
            return self._pools[scheme, proxy]


def _close(pools: dict[tuple[str, str], httpcore2.ConnectionPool]) -> None:
    for pool in pools.values():
        pool.close()
    pools.clear()


def _open_pool(scheme: str, proxy: str, connections: int) -> httpcore2.ConnectionPool:
    """Open a pool of connections, through a proxy if its URL is not empty."""
    context: ssl.SSLContext | None = None if scheme == "http" else httpx2.create_ssl_context()  # slow
    if not proxy:
        return httpcore2.ConnectionPool(
            ssl_context=context, max_connections=connections, network_backend=Network()
        )
    url = httpx2.URL(proxy if "://" in proxy else f"http://{proxy}")
    if url.scheme not in {"http", "https"}:
        raise FetchError("connection", "the proxy of the environment is not an http or https address")
    return httpcore2.HTTPProxy(
        httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/"),
        proxy_auth=(url.username.encode(), url.password.encode()) if url.userinfo else None,
        ssl_context=context,
        max_connections=connections,
        network_backend=Network(),
    )


def _proxy(url: httpx2.URL) -> str:
    """Return the proxy that the environment names for an address, or an empty string."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all") or ""
    return "" if not proxy or proxy_bypass(url.host) else proxy


def _headers(request: Request) -> list[tuple[str, str]]:
    url = request.url
    headers = httpx2.Headers({"Host": url.netloc.decode("ascii"), "Accept-Encoding": "gzip"})
    if url.userinfo:
        headers["Authorization"] = f"Basic {b64encode(f'{url.username}:{url.password}'.encode()).decode()}"
    headers.update(request.headers)
    if request.content:
        headers["Content-Length"] = str(len(request.content))
    return [(name.decode("ascii"), value.decode("latin-1")) for name, value in headers.raw]


def _read(request: Request, response: httpcore2.Response) -> Response:
    """Read a response to its end, or only its first bytes if it is no success."""
    current.get().in_body = True
    headers = httpx2.Headers(response.headers)
    reason = bytes(response.extensions.get("reason_phrase", b"")).decode("ascii", "replace")
    success = 200 <= response.status < 300  # noqa: PLR2004 — 2xx
    limit = request.max_bytes if success else request.error_bytes
    if not limit:
        return Response(response.status, reason, headers, b"")
    declared = headers.get("Content-Length", "")
    if success and declared.isdigit() and int(declared[:20]) > limit:
        raise FetchError("too-many-bytes", f"{declared[:20]} bytes, at most {limit}")
    body = bytearray()
    for chunk in _decoded(response.iter_stream(), headers.get("Content-Encoding", ""), limit):
        body += chunk
        if len(body) > limit:
            if not success:
                break
            raise FetchError("too-many-bytes", f"more than {limit} bytes")
    return Response(response.status, reason, headers, bytes(body[:limit]))


def _decoded(chunks: Iterable[bytes], encoding: str, limit: int) -> Iterator[bytes]:
    """Decompress gzip, at most ``limit`` bytes and one at a time: 64 kB can hold 64 MB.

    Only gzip is requested: other encodings, or several, can hold thousands of times more.
    """
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        yield from chunks
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise FetchError("server", "a compression that was not requested")
    inflate = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            data = inflate.decompress(chunk, limit + 1)
            limit -= len(data)
            yield data
    except zlib.error as error:
        raise FetchError("connection", "damaged gzip data") from error
    if not inflate.eof:
        raise FetchError("connection", "truncated gzip data")
