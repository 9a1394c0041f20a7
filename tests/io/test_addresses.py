from __future__ import annotations

import pytest

from spotitags.errors import FetchError, SettingsError
from spotitags.io.addresses import ANY_HOST, check_address, own_address, parse_url, setting_origin

SERVICE = ("i.scdn.co", "*.scdn.co", "http://127.0.0.1:8080")


@pytest.mark.parametrize(
    ("url", "allowed", "private"),
    [
        ("https://i.scdn.co/a", SERVICE, False),
        ("https://I.SCDN.CO./a", SERVICE, False),
        ("https://mosaic.scdn.co:443/a", SERVICE, False),
        ("http://127.0.0.1:8080/a", SERVICE, True),
        ("http://example.org:81/a", (ANY_HOST,), False),
        ("https://8.8.8.8/a", (ANY_HOST,), False),
    ],
)
def test_an_allowed_address_is_private_only_if_the_user_named_it(
    url: str, allowed: tuple[str, ...], *, private: bool
) -> None:
    assert check_address(parse_url(url), allowed) is private


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:8081/a", SERVICE),
        ("https://127.0.0.1:8080/a", SERVICE),
        ("http://i.scdn.co/a", SERVICE),
        ("https://example.org/a", SERVICE),
        ("https://10.0.0.1/a", (ANY_HOST,)),
        ("http://[::1]/a", (ANY_HOST,)),
    ],
)
def test_any_other_address_is_refused(url: str, allowed: tuple[str, ...]) -> None:
    with pytest.raises(FetchError) as caught:
        check_address(parse_url(url), allowed)
    assert caught.value.reason == "address"


def test_an_own_address_allows_this_machine_only_if_it_names_it() -> None:
    assert own_address(parse_url("https://example.org/a")) == (ANY_HOST,)
    assert own_address(parse_url("http://localhost/a")) == (ANY_HOST, "http://localhost:80")


def test_a_setting_is_an_address_and_keeps_keys_encrypted() -> None:
    assert setting_origin(None, "S") == ()
    assert setting_origin("http://mirror.example.org/", "S") == ("http://mirror.example.org:80",)
    assert setting_origin("http://[::1]:8080/v1/", "S", keys=True) == ("http://::1:8080",)
    for url, keys in (("mirror", False), ("http://mirror.org", True), ("http://a:b@mirror.org", False)):
        with pytest.raises(SettingsError, match=r"^S "):
            setting_origin(url, "S", keys=keys)
