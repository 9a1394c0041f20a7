"""Addresses of services, and plaintext connections."""

from __future__ import annotations

import pytest

from spotitags.errors import SettingsError
from spotitags.taggers.cloud.grpc import endpoint


@pytest.mark.parametrize(
    ("address", "target", "plain"),
    [
        (None, "service.example:443", False),
        ("proxy.example", "proxy.example:443", False),
        ("proxy.example:8443", "proxy.example:8443", False),
        ("https://proxy.example", "proxy.example:443", False),
        ("http://localhost:5000", "localhost:5000", True),
        ("http://127.0.0.2:5000", "127.0.0.2:5000", True),
        ("http://[::1]:5000", "[::1]:5000", True),
    ],
)
def test_addresses_mean_tls_unless_they_say_otherwise(address: str | None, target: str, plain: bool) -> None:
    assert endpoint(address, "service.example", "S") == (target, plain)


@pytest.mark.parametrize("address", ["http://10.0.0.1:1", "ftp://127.0.0.1", "host:port", "https://", "::1"])
def test_addresses_that_cannot_be_used_are_named(address: str) -> None:
    with pytest.raises(SettingsError, match=r"^S cannot be used"):
        endpoint(address, "service.example", "S")
