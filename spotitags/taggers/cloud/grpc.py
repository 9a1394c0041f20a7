"""gRPC for taggers that ask a service: addresses, channels, and what a failed call means."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from spotitags.errors import SettingsError, TaggerError, TaggerKeyError

if TYPE_CHECKING:
    import grpc


_LONGEST_WORDS = 200
_LARGEST_ANSWER = 128 * 2**20
_PASSING = frozenset({"ABORTED", "CANCELLED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE"})
_REFUSED = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED"})


class BusyError(Exception):
    """Asked again, the service may answer. ``remedy`` is what a person can do where it does not."""

    def __init__(self, message: str, remedy: str = "try again later, or take another --tagger") -> None:
        self.remedy = remedy
        super().__init__(message)


def endpoint(address: str | None, default: str, setting: str) -> tuple[str, bool]:
    """``host:port`` of a gRPC server, and whether it is spoken to in plaintext.

    Args:
        address: ``host``, ``host:port`` or ``https://host:port`` for TLS, ``http://host:port`` for plaintext
            to this machine; None takes the default.
        default: Host of the service itself.
        setting: The variable to name where the address cannot be used.

    Raises:
        SettingsError: It is no address, or would send covers and key in plaintext to another machine.
    """
    if not address:
        return f"{default}:443", False
    mistake = SettingsError(
        f"{setting} cannot be used: give host:port, or http://127.0.0.1:port for a server of this machine"
    )
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise mistake from None
    plain = parts.scheme == "http"
    if not host or parts.scheme not in {"http", "https"} or (plain and not _is_here(host)):
        raise mistake
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port or (80 if plain else 443)}", plain


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def open_channel(target: str, *, plain: bool) -> grpc.Channel:
    """A channel that connects on first use and leaves asking again to `Patience`."""
    import grpc

    options = [
        ("grpc.enable_retries", 0),
        ("grpc.max_receive_message_length", _LARGEST_ANSWER),
        ("grpc.enable_http_proxy", int(not plain)),
    ]
    if plain:
        return grpc.insecure_channel(target, options)
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)


def failure(service: str, code: str, said: str, key: str) -> BusyError | TaggerError:
    """What a gRPC status that is not OK means for the whole request.

    Args:
        service: Name of the tagger.
        code: The status' name, such as ``UNAVAILABLE``.
        said: The service's own `words`.
        key: What to do where the service refuses the key.
    """
    said = f" ({said})" if said else ""
    if code == "DEADLINE_EXCEEDED":
        return BusyError("did not answer in time")
    if code in _PASSING:
        return BusyError(f"cannot be reached or is too busy{said}")
    if code in _REFUSED:
        return TaggerKeyError(f"{service} refuses the key{said}: {key}")
    return TaggerError(f"{service} refuses the request with {code}{said}: take another --tagger")


def words(text: str, secret: str = "") -> str:
    """A service's words as one short line, without control characters and without the key."""
    if secret:
        text = text.replace(secret, "…")
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _LONGEST_WORDS else line[: _LONGEST_WORDS - 1] + "…"
