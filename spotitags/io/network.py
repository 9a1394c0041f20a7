"""Network of all HTTP: connections whose every operation keeps to the limits of the whole exchange.

httpcore's own time limits apply to a single read each, so a server that sends a byte a second, or responses
1xx without end, would hold it for ever. Here each operation gets the time that is left for the exchange, each
byte that arrives counts, and connections are made to addresses that were checked.
"""

from __future__ import annotations

import socket
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpcore2

from spotitags.errors import FetchError
from spotitags.io.addresses import is_literal, is_public

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from spotitags.io.deadline import Deadline

HEADER_BYTES: Final = 256 * 1024
"""Bytes of an exchange besides the body: headers, and responses 1xx before them; TLS is not counted."""
MAX_ADDRESSES: Final = 8
"""Addresses of a host that are tried; a name server may list thousands."""


@dataclass(slots=True)
class Exchange:
    """Limits of the exchange that the current thread makes; httpcore passes none to its network.

    Attributes:
        deadline: Time for the exchange.
        max_bytes: Maximum size of the body.
        any_address: Whether to connect to private addresses, too: the user named the host, or a proxy.
        received: Number of bytes that have arrived.
        in_body: Whether the headers are complete.
    """

    deadline: Deadline
    max_bytes: int
    any_address: bool
    received: int = 0
    in_body: bool = False

    def count(self, size: int) -> None:
        """Count received bytes.

        Raises:
            FetchError: They are more than `HEADER_BYTES`, and from the body on twice its maximum, for chunks.
        """
        self.received += size
        if self.received > HEADER_BYTES + (2 * self.max_bytes if self.in_body else 0):
            raise FetchError("too-many-bytes", f"more than {self.max_bytes} bytes")

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the numeric addresses of a host that may be connected to.

        The connection is made to these, so that a second look-up cannot lead elsewhere (DNS rebinding). To
        what a proxy connects is not known here; the proxy itself is the user's choice.

        Raises:
            FetchError: The host has private addresses only, or none.
        """
        found = [host] if is_literal(host) else _look_up(host, port, self.deadline)
        if self.any_address:
            return found
        public = [address for address in found if is_public(address)]
        if not public:
            raise FetchError("address", "its host is at no public address")
        return public


current: ContextVar[Exchange] = ContextVar("exchange")
"""The exchange of this thread."""


def _look_up(host: str, port: int, deadline: Deadline) -> list[str]:
    """Return the numeric addresses of a host, each once.

    The system's look-up has no time limit, so it runs in a thread, which is left behind if it takes too long.

    Raises:
        FetchError: There is no such host, or the time is over.
    """
    found: list[str] = []

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend(dict.fromkeys(str(entry[4][0]) for entry in entries))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(deadline.remaining())
    if thread.is_alive():
        raise deadline.error()
    if not found:
        raise FetchError("connection", "its host was not found")
    return found[:MAX_ADDRESSES]


class Network(httpcore2.NetworkBackend):
    """Connects within the limits of the current exchange."""

    _system: Final = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 — the exchange has its own
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers, in equal parts of the time that is left."""
        exchange = current.get()
        addresses = exchange.addresses(host, port)
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            seconds = exchange.deadline.remaining() / left
            try:
                stream = self._system.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if left == 1:
                    raise
            else:
                return _Stream(stream)
        raise AssertionError("the last address returns or raises")


class _Stream(httpcore2.NetworkStream):
    """A connection, each of whose operations has the time that is left for the current exchange."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Read what has arrived, and count it."""
        data = self._stream.read(max_bytes, _remaining())
        current.get().count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send all bytes; requests are short."""
        self._stream.write(buffer, _remaining())

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        """Encrypt the connection; the limit of Python's ssl applies to the whole handshake."""
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _remaining()))

    def get_extra_info(self, info: str) -> object:
        """Return what httpcore wants to know about the connection."""
        return self._stream.get_extra_info(info)


def _remaining() -> float:
    return current.get().deadline.remaining()
