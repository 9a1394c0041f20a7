"""Access to the local server: one browser of one person, and no other site or program.

The address that the command prints has a token that works once. It is exchanged for a cookie that other sites
cannot send (SameSite=Strict) and scripts cannot read (HttpOnly).
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.requests import Request

COOKIE: Final = "spotitags_explore"
"""Name of the cookie, before the number of the port: cookies of all ports are sent to all."""
POST_HEADER: Final = "X-SpotiTags-Token"
"""Header that requests which write must have; its value is in the page only."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""Content Security Policy of all answers: no inline script or style, nothing from any other place."""
HEADERS: Final = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    ("Cache-Control", "no-store"),
)
"""Headers of all answers."""


class Access:
    """Secrets of one run of the server.

    Args:
        port: Port of the server.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie_name = f"{COOKIE}_{port}"
        self.token = secrets.token_urlsafe(32)
        self.post_token = secrets.token_urlsafe(32)
        self._session = secrets.token_urlsafe(32)
        self._used = False

    @property
    def address(self) -> str:
        """Address to open; it works once."""
        return f"http://127.0.0.1:{self.port}/start?token={self.token}"

    def hosts(self) -> frozenset[str]:
        """Return the values of the header Host that are answered."""
        return frozenset((f"127.0.0.1:{self.port}", f"localhost:{self.port}"))

    def exchange(self, token: str) -> str | None:
        """Return the value of the cookie for the token, once; None for another token or the second time."""
        fits = hmac.compare_digest(token.encode(), self.token.encode())
        if not fits or self._used:
            return None
        self._used = True
        return self._session

    def knows(self, request: Request) -> bool:
        """Return whether a request has the cookie."""
        given = request.cookies.get(self.cookie_name, "")
        return hmac.compare_digest(given.encode(), self._session.encode())

    def may_write(self, request: Request) -> bool:
        """Return whether a request that writes comes from the page: cookie, header and origin."""
        given = request.headers.get(POST_HEADER, "")
        origins = {f"http://{host}" for host in self.hosts()}
        return (
            self.knows(request)
            and hmac.compare_digest(given.encode(), self.post_token.encode())
            and request.headers.get("origin") in origins
        )
