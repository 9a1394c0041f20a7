"""Catalogues and covers on loopback that stall, drip, cut, mislead and answer with what no service would."""

from __future__ import annotations

import json
import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from helpers.cover_files import cover as picture
from helpers.cover_files import png_header
from helpers.faulty_services import FaultyServices

if TYPE_CHECKING:
    from helpers.faulty_services import Handler

STALL_SECONDS = 300.0
"""Longer than any wait for a response."""
SLOW = frozenset({"stall", "drip", "drip-headers"})
"""Faults that cost a run its whole timeout: one such fault in a run."""
NETWORK = (
    "500",
    "429",
    "reset",
    "garbled",
    "html",
    "empty",
    "cut",
    "chunk-cut",
    "endless",
    "loop",
    *sorted(SLOW),
)
"""Faults of the network and of overloaded or misconfigured servers, for any service."""
ANSWERS = ("wrong-type", "deep", "number", "not-json", "bomb", "long-string")
"""Well-formed responses that no service would send."""

_WRONG: tuple[Any, ...] = ({"a": {"b": []}}, [[]], 10**400, True, [{"id": None}])
_DEPTH = 100_000


class HostileServices(FaultyServices):
    """`FaultyServices` with the faults of `NETWORK` and `ANSWERS`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.slow_faults = 0

    def fault(self, service: str, request: str) -> str | None:
        """Draw the fault of this request; slow ones only once in a run."""
        found = super().fault(service, request)
        if found in SLOW:
            self.slow_faults += 1
            return found if self.slow_faults == 1 else None
        return found

    def fail(self, handler: Handler, fault: str, service: str) -> bool:
        """Answer a request with a fault; return False for one that is not of this class."""
        answer = getattr(self, "_" + fault.replace("-", "_"), None)
        if answer is None:
            return False
        handler.close_connection = True
        with suppress(OSError):  # the client has had enough
            answer(handler, service)
        return True

    def _raw(self, handler: Handler, *parts: bytes) -> None:
        for part in parts:
            handler.connection.sendall(part)

    def _stall(self, _handler: Handler, _service: str) -> None:
        self._wait(STALL_SECONDS)

    def _drip(self, handler: Handler, _service: str) -> None:
        self._raw(handler, b"HTTP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\n")
        self._drops(handler, b"{")

    def _drip_headers(self, handler: Handler, _service: str) -> None:
        self._raw(handler, b"HTTP/1.0 200 OK\r\n")
        self._drops(handler, b"X: y\r\n")

    def _drops(self, handler: Handler, drop: bytes) -> None:
        """Send a few bytes twice a second, longer than any run may take."""
        end = time.monotonic() + STALL_SECONDS
        while time.monotonic() < end and not self._wait(0.5):
            self._raw(handler, drop)

    def _wait(self, seconds: float) -> bool:
        """Wait; return True if the server is to stop."""
        return self.stopping.wait(seconds)

    def _cut(self, handler: Handler, _service: str) -> None:
        body = picture()
        self._raw(
            handler, b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body), body[: len(body) // 2]
        )

    def _chunk_cut(self, handler: Handler, _service: str) -> None:
        body = picture()[:1000]
        self._raw(
            handler, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (2 * len(body)), body
        )

    def _html(self, handler: Handler, _service: str) -> None:
        self._send(handler, b"<!doctype html><title>Sign in to this network</title>", "text/html")

    def _empty(self, handler: Handler, _service: str) -> None:
        self._send(handler, b"")

    def _endless(self, handler: Handler, _service: str) -> None:
        self._raw(handler, b"HTTP/1.0 200 OK\r\n\r\n", *[bytes(1 << 20)] * 64)

    def _loop(self, handler: Handler, _service: str) -> None:
        self._raw(
            handler,
            b"HTTP/1.0 302 Found\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % handler.path.encode(),
        )

    def _wrong_type(self, handler: Handler, service: str) -> None:
        """Send the right response with one value of another type."""
        draw = random.Random(f"{self.seed}:{handler.path}")
        body = self.respond(service, handler.path)
        if not body:
            self._send(handler, json.dumps(draw.choice(_WRONG)).encode())
            return
        _replace_one(body, draw)
        self._send(handler, json.dumps(body).encode())

    def _deep(self, handler: Handler, _service: str) -> None:
        self._send(handler, b'{"a":' * _DEPTH + b"1" + b"}" * _DEPTH)

    def _number(self, handler: Handler, _service: str) -> None:
        self._send(handler, b"9" * 10_000)

    def _not_json(self, handler: Handler, _service: str) -> None:
        self._send(handler, b"\xff\xfe\x00NaN")

    def _long_string(self, handler: Handler, _service: str) -> None:
        self._send(
            handler, json.dumps({"error": {"status": 200, "message": "\x1b]0;x\x07" * 100_000}}).encode()
        )

    def _bomb(self, handler: Handler, _service: str) -> None:
        self._send(handler, png_header(60_000, 60_000), "image/png")

    def _send(self, handler: Handler, body: bytes, kind: str = "application/json") -> None:
        head = f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._raw(handler, head.encode(), body)


def _replace_one(body: Any, draw: random.Random) -> None:
    """Replace a value of a JSON object or array, at any depth, by one of another type."""
    while True:
        keys = list(body) if isinstance(body, dict) else list(range(len(body)))
        key = draw.choice(keys)
        if isinstance(body[key], dict | list) and body[key] and draw.random() < 0.8:
            body = body[key]
            continue
        body[key] = draw.choice([wrong for wrong in _WRONG if type(wrong) is not type(body[key])])
        return
