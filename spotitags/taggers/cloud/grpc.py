"""gRPC for paid taggers: addresses, channels and errors of failed calls."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from spotitags.errors import SettingsError, TaggerError, TaggerKeyError
from spotitags.io.addresses import is_loopback
from spotitags.io.text import single_line

if TYPE_CHECKING:
    import grpc


_MAX_LINE = 200  # characters
_MAX_RESPONSE = 16 * 2**20  # bytes: 128 covers with a thousand labels each
_TRANSIENT = frozenset({"ABORTED", "CANCELLED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE"})
_REFUSED = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED"})


class BusyError(Exception):
    """A failure after which a retry may succeed. ``remedy`` is what the user can do if no retry does."""

    def __init__(self, message: str, remedy: str = "try again later, or take another --tagger") -> None:
        self.remedy = remedy
        super().__init__(message)


def endpoint(address: str | None, default: str, setting: str) -> tuple[str, bool]:
    """Return ``host:port`` of a gRPC server, and True if the connection is in plaintext.

    Args:
        address: ``host``, ``host:port`` or ``https://host:port`` for TLS, ``http://host:port`` for plaintext
            to this machine; None takes the default.
        default: The host of the service itself.
        setting: The variable to name in the error if the address is invalid.

    Raises:
        SettingsError: The address is invalid, or would send covers and key in plaintext to another machine.
    """
    if not address:
        return f"{default}:443", False
    invalid = SettingsError(
        f"{setting} cannot be used: give host:port, or http://127.0.0.1:port for a server of this machine"
    )
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise invalid from None
    plain = parts.scheme == "http"
    if not host or parts.scheme not in {"http", "https"} or (plain and not is_loopback(host)):
        raise invalid
    bracketed = f"[{host}]" if ":" in host else host
    return f"{bracketed}:{port or (80 if plain else 443)}", plain


def open_channel(target: str, *, plain: bool) -> grpc.Channel:
    """Return a channel that connects on first use; it does not retry, which `PaidTagger` does."""
    import grpc

    options = channel_options(plain=plain)
    if plain:
        return grpc.insecure_channel(target, options)
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)


def channel_options(*, plain: bool) -> list[tuple[str, int]]:
    """Return the options of a channel: no retries, the size of a response, and a proxy only for TLS."""
    return [
        ("grpc.enable_retries", 0),
        ("grpc.max_receive_message_length", _MAX_RESPONSE),
        ("grpc.enable_http_proxy", int(not plain)),
    ]


def error_of_status(service: str, code: str, message: str, key_remedy: str) -> BusyError | TaggerError:
    """Return the error for a gRPC status other than OK.

    Args:
        service: The name of the tagger.
        code: The name of the status, such as ``UNAVAILABLE``.
        message: The service's message as one line, from `short_line`.
        key_remedy: What the user can do if the service refuses the key.
    """
    details = f" ({message})" if message else ""
    if code == "DEADLINE_EXCEEDED":
        return BusyError("did not answer in time")
    if "larger than max" in message:  # gRPC's words; the same response would come again, and cost again
        return TaggerError(f"{service} sends more than {_MAX_RESPONSE >> 20} MB: take another --tagger")
    if code in _TRANSIENT:
        return BusyError(f"cannot be reached or is too busy{details}")
    if code in _REFUSED:
        return TaggerKeyError(f"{service} refuses the key{details}: {key_remedy}")
    return TaggerError(f"{service} refuses the request with {code}{details}: take another --tagger")


def short_line(text: str) -> str:
    """Return a service's message as one short line, without control characters and without known keys."""
    return single_line(text, _MAX_LINE)
