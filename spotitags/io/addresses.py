"""Addresses that may be requested: those of a service by its hosts, those of a user on any public host.

A list of allowed addresses has hosts (``i.scdn.co``, ``*.scdn.co``), which are reached by https at public
addresses only; origins (``http://127.0.0.1:8080``), which a user named and may be anywhere; or `ANY_HOST`.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from spotitags.errors import FetchError, SettingsError
from spotitags.io.text import single_line

if TYPE_CHECKING:
    from collections.abc import Collection

    import httpx2

ANY_HOST: Final = "*"
"""Any public host, by http or https."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")  # the last 32 bits are an IPv4 address (RFC 6052)
_6TO4: Final = ipaddress.ip_network("2002::/16")  # bits 16 to 47 are one (RFC 3056)


def parse_url(url: str) -> httpx2.URL:
    """Parse an address as it is also parsed for the connection, so that no other host is checked.

    Raises:
        FetchError: It is not an http or https address.
    """
    import httpx2

    try:
        parsed = httpx2.URL(url)
        if parsed.scheme in {"http", "https"} and parsed.host:
            return parsed
    except (httpx2.InvalidURL, ValueError, TypeError):
        pass
    raise FetchError("address", "not an http or https address")


def origin(url: httpx2.URL) -> str:
    """Return scheme, host and port of an address, such as ``http://127.0.0.1:80``."""
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return f"{url.scheme}://{url.raw_host.decode('ascii').lower()}:{port}"


def setting_origin(url: str | None, setting: str, *, keys: bool = False) -> tuple[str, ...]:
    """Return the origin of a service's address that the user set, to be allowed; nothing if it is not set.

    Args:
        url: The address.
        setting: The setting to name in the error.
        keys: Whether a key is sent there; a password in the address is one, too.

    Raises:
        SettingsError: It is not an http or https address, or would send a key unencrypted elsewhere.
    """
    if not url:
        return ()
    try:
        parsed = parse_url(url)
    except FetchError:
        raise SettingsError(f"{setting} is not an http or https address: correct it") from None
    if (keys or parsed.userinfo) and parsed.scheme == "http" and not is_loopback(parsed.host):
        raise SettingsError(
            f"{setting} would send a key unencrypted to another machine: give an https address, or one of "
            "this machine, such as http://127.0.0.1:8080"
        )
    return (origin(parsed),)


def own_address(url: httpx2.URL) -> tuple[str, ...]:
    """Return what an address of the user's own allows: any public host, and this machine if it is named."""
    return (ANY_HOST, origin(url)) if is_loopback(url.host) else (ANY_HOST,)


def check_address(url: httpx2.URL, allowed: Collection[str]) -> bool:
    """Check that an address may be requested.

    Args:
        url: The address, also of a redirect.
        allowed: Hosts and origins.

    Returns:
        Whether its host may be at a private address: only as an origin that the user named.

    Raises:
        FetchError: The address is not allowed.
    """
    if origin(url) in allowed:
        return True
    host = url.host.lower().rstrip(".")
    shown = single_line(host, 80)
    if ANY_HOST not in allowed:
        if not any(_fits(host, pattern) for pattern in allowed):
            raise FetchError("address", f"{shown} is no host of this service")
        if url.scheme != "https" or url.port not in {None, 443}:
            raise FetchError("address", f"{shown} is not addressed by https")
    if is_literal(host) and not is_public(host):
        raise FetchError("address", f"{shown} is no public address")
    return False


def _fits(host: str, pattern: str) -> bool:
    """Return whether a host is the one of a pattern, or for ``*.scdn.co`` below that domain."""
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def is_loopback(host: str) -> bool:
    """Return whether a host, as it is written, is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_literal(host: str) -> bool:
    """Return whether a host is a numeric address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Return whether a numeric address is public: not private, of this machine or link, nor multicast."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)))
        if ip in _6TO4:
            return is_public(str(ipaddress.IPv4Address(int(ip) >> 80 & 0xFFFF_FFFF)))
    return ip.is_global and not ip.is_multicast
