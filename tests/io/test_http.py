from __future__ import annotations

import re
import socket
import ssl
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import trustme
from helpers.servers import raw_server
from pytest_httpserver import HTTPServer
from werkzeug import Response

from spotitags.errors import FetchError, RateLimitError
from spotitags.io.http import MAX_REDIRECTS, HttpClient, _redirect_url
from spotitags.io.rate_limit import RateLimiter

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("no_waiting")


def failure(url: str, **settings: Any) -> FetchError:
    """Return the error that `get` raises for one address."""
    with HttpClient(**settings) as client, pytest.raises(FetchError) as caught:
        client.get(url)
    return caught.value


def test_the_body_comes_and_the_server_is_told_who_asks(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data(b"\0\1")
    with HttpClient(headers={"Accept": "image/*"}) as client:
        assert client.get(httpserver.url_for("/a")) == b"\0\1"
    headers = httpserver.log[0][0].headers
    assert re.fullmatch(r"SpotiTags/\d+\.\d+\S*", headers["User-Agent"])
    assert headers["Accept"] == "image/*"


@pytest.mark.parametrize(
    ("status", "reason", "tries"),
    [
        (404, "not-found", 1),
        (410, "not-found", 1),
        (403, "refused", 1),
        (204, "refused", 1),
        (503, "server", 3),
    ],
)
def test_a_status_is_named_and_only_what_may_pass_is_tried_again(
    httpserver: HTTPServer, status: int, reason: str, tries: int
) -> None:
    httpserver.expect_request("/a").respond_with_data(b"", status)
    error = failure(httpserver.url_for("/a"))
    assert (error.reason, error.status, len(httpserver.log)) == (reason, status, tries)
    assert str(error) == f"{reason}: HTTP {status}"


@pytest.mark.parametrize("status", [500, 503, 429])
def test_trouble_that_passes_is_never_seen(httpserver: HTTPServer, status: int) -> None:
    for _ in range(2):
        httpserver.expect_oneshot_request("/a").respond_with_data(b"", status, {"Retry-After": "1"})
    httpserver.expect_request("/a").respond_with_data(b"good")
    with HttpClient() as client:
        assert client.get(httpserver.url_for("/a")) == b"good"


@pytest.mark.parametrize(("status", "wait"), [(429, "86236"), (503, "6"), (429, "9" * 400)])
def test_a_pause_longer_than_reasonable_is_raised_at_once(
    httpserver: HTTPServer, status: int, wait: str
) -> None:
    httpserver.expect_request("/a").respond_with_data(b"", status, {"Retry-After": wait})
    with HttpClient() as client, pytest.raises(RateLimitError, match=r"run again after \d{4}-") as caught:
        client.get(httpserver.url_for("/a"))
    assert caught.value.retry_at is not None
    assert caught.value.retry_at > datetime.now(UTC) + timedelta(seconds=4)
    assert len(httpserver.log) == 1


def test_a_limit_that_stays_is_a_rate_limit(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data(b"", 429)
    with HttpClient() as client, pytest.raises(RateLimitError, match="wait a while"):
        client.get(httpserver.url_for("/a"))
    assert len(httpserver.log) == 3


def test_retries_print_nothing(httpserver: HTTPServer, capfd: pytest.CaptureFixture[str]) -> None:
    httpserver.expect_request("/a").respond_with_data(b"", 500)
    failure(httpserver.url_for("/a"))
    assert "stamina" not in capfd.readouterr().err


def test_redirects_are_followed_up_to_a_limit(httpserver: HTTPServer) -> None:
    for number in range(MAX_REDIRECTS + 1):
        there = Response(b"", 307, {"Location": f"/{number + 1}"})
        httpserver.expect_request(f"/{number}").respond_with_response(there)
    httpserver.expect_request(f"/{MAX_REDIRECTS + 1}").respond_with_data(b"here")
    with HttpClient() as client:
        assert client.get(httpserver.url_for("/1")) == b"here"
    assert failure(httpserver.url_for("/0")).reason == "server"


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "ftp://127.0.0.1/a", "a.jpg", "http://", "http://a:b/"]
)
def test_only_http_and_https_are_fetched(url: str) -> None:
    assert failure(url).reason == "address"


def test_a_redirect_out_of_http_is_not_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data(b"", 302, {"Location": "file:///etc/hostname"})
    assert failure(httpserver.url_for("/a")).reason == "address"


def test_a_redirect_from_https_to_http_is_followed_by_https(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with HTTPServer(host="127.0.0.1", ssl_context=context) as secure:
        there = {"Location": secure.url_for("/end").replace("https", "http")}
        secure.expect_request("/start").respond_with_data(b"", 307, there)
        secure.expect_request("/end").respond_with_data(b"here")
        with HttpClient() as client:
            assert client.get(secure.url_for("/start")) == b"here"


@pytest.mark.parametrize(
    ("source", "target", "followed"),
    [
        ("https://a.org/x", "http://b.org/y?z=1", "https://b.org/y?z=1"),
        ("https://a.org/x", "http://b.org:80/y", "https://b.org/y"),
        ("https://a.org/x", "http://b.org:8080/y", "https://b.org:8080/y"),
        ("https://a.org/x", "https://b.org/y", "https://b.org/y"),
        ("http://a.org/x", "http://b.org/y", "http://b.org/y"),
        ("http://a.org/x", "https://b.org/y", "https://b.org/y"),
    ],
)
def test_no_redirect_leaves_https(source: str, target: str, followed: str) -> None:
    assert _redirect_url(httpx2.URL(source), httpx2.URL(target)) == followed


@pytest.mark.parametrize("wait", [0.0, 0.5])
def test_the_wait_for_the_rate_limiter_does_not_count_as_time_for_the_response(
    httpserver: HTTPServer, tmp_path: Path, wait: float
) -> None:
    httpserver.expect_oneshot_request("/a").respond_with_data(b"", 503)
    httpserver.expect_request("/a").respond_with_data(b"good")
    pace = RateLimiter(tmp_path / "pace", wait)
    with HttpClient(seconds=0.4, acquire=pace.acquire) as client:
        assert client.get(httpserver.url_for("/a")) == b"good"


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_over_the_limit_is_not_read_to_its_end(httpserver: HTTPServer, declared: bool) -> None:
    chunks = [b"x" * 1000] * 1000
    headers = {"Content-Length": "1000000"} if declared else {}
    httpserver.expect_request("/a").respond_with_response(Response(iter(chunks), 200, headers))
    assert failure(httpserver.url_for("/a"), max_bytes=5000).reason == "too-many-bytes"


def drip(connection: socket.socket, over: threading.Event) -> None:
    """Send a byte every 20 ms until the client leaves: every single wait is short."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    try:
        while not over.wait(0.02):
            connection.sendall(b"x")
    except OSError:
        return


def silent(_connection: socket.socket, over: threading.Event) -> None:
    over.wait(10)


@pytest.mark.parametrize("talk", [drip, silent])
def test_a_server_that_drips_or_sleeps_is_left_in_time(
    talk: Callable[[socket.socket, threading.Event], None],
) -> None:
    with raw_server(talk) as url:
        error = failure(url, seconds=0.3)
    assert error.reason == "timeout"
    assert "0.3 s" in error.detail


def reset(connection: socket.socket, _over: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cut(connection: socket.socket, _over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")


def babble(connection: socket.socket, _over: threading.Event) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.7\r\n\r\n")


@pytest.mark.parametrize("talk", [reset, cut, babble])
def test_a_connection_that_breaks_is_tried_again_and_named(
    talk: Callable[[socket.socket, threading.Event], None],
) -> None:
    seen = []

    def counting(connection: socket.socket, over: threading.Event) -> None:
        seen.append(connection)
        talk(connection, over)

    with raw_server(counting) as url:
        assert failure(url).reason == "connection"
    assert len(seen) == 3


def test_a_closed_port_is_a_connection_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert failure(f"http://127.0.0.1:{port}/").reason == "connection"


def test_a_closed_client_opens_again(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data(b"good")
    client = HttpClient()
    for _ in range(2):
        assert client.get(httpserver.url_for("/a")) == b"good"
        client.close()
