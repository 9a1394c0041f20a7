from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers.cover_files import cover

from spotitags.covers.fetch import CoverFetcher
from spotitags.covers.fetch_cache import CoverFetchCache
from spotitags.io.cache import Cache
from spotitags.records import Album, Artist, Image, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_httpserver import HTTPServer

URL = "https://example.org/kiln.jpg"


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache(tmp_path)
    yield cache
    cache.close()


def album(url: str) -> Album:
    return Album("id", "Kiln", Artist("a"), (Image(url),))


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("truncated: JPEG: image file is truncated (3 bytes)", "truncated"),
        ("html", "html"),
        ("a reason of another version", ""),
    ],
)
def test_reasons_that_earlier_versions_cached_keep_their_code(cache: Cache, reason: str, code: str) -> None:
    cache.put("unusable", URL, ["Kiln", reason])
    (request,) = CoverFetchCache(CoverFetcher(), cache).requests([album(URL)])
    assert request.skipped == Skipped("Kiln", reason, code)


def test_what_is_wrong_with_a_cover_is_cached_as_name_and_reason(
    cache: Cache, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/gone").respond_with_data(b"", 404)
    httpserver.expect_request("/damaged").respond_with_data(cover()[:2000])
    albums = [album(httpserver.url_for(path)) for path in ("/gone", "/damaged")]
    with CoverFetcher() as fetcher:
        covers = CoverFetchCache(fetcher, cache)
        gone, damaged = requests = covers.requests(albums)
        covers.fetch(requests)
    assert gone.skipped == Skipped("Kiln", "not-found: HTTP 404", "not-found")
    covers.store_undecodable(
        {damaged.digest or "": Skipped("other", "truncated: JPEG: cut", "truncated")}, requests
    )
    urls = [httpserver.url_for(path) for path in ("/gone", "/damaged")]
    assert cache.get_many("unusable", urls) == [
        ["Kiln", "not-found: HTTP 404"], ["Kiln", "truncated: JPEG: cut"],
    ]  # fmt: skip
    again = CoverFetchCache(fetcher, cache).requests(albums)
    assert [request.skipped for request in again] == [
        gone.skipped, Skipped("Kiln", "truncated: JPEG: cut", "truncated"),
    ]  # fmt: skip


def test_the_size_of_a_cover_is_known_from_the_cache(cache: Cache, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/small").respond_with_data(cover(size=(80, 64)))
    small = album(httpserver.url_for("/small"))
    with CoverFetcher() as fetcher:
        covers = CoverFetchCache(fetcher, cache)
        requests = covers.requests([small, album("nowhere")])
        assert [request.size for request in requests] == [None, None]
        covers.fetch(requests)
        assert [request.size for request in requests] == [(80, 64), None]
        (again,) = CoverFetchCache(fetcher, cache).requests([small])
    assert again.size == (80, 64)
    assert again.file is None


def test_digests_of_earlier_versions_have_no_size(cache: Cache) -> None:
    cache.put("digest", URL, "abc")
    (request,) = CoverFetchCache(CoverFetcher(), cache).requests([album(URL)])
    assert (request.digest, request.size) == ("abc", None)


@pytest.mark.usefixtures("no_waiting")
def test_trouble_of_the_server_is_not_cached(cache: Cache, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/down").respond_with_data(b"", 503)
    with CoverFetcher() as fetcher:
        covers = CoverFetchCache(fetcher, cache)
        (request,) = covers.requests([album(httpserver.url_for("/down"))])
        covers.fetch([request])
    assert request.skipped
    assert request.skipped.code == "server"
    assert cache.get("unusable", httpserver.url_for("/down")) is None
