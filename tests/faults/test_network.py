"""Servers that hold, flood or redirect their clients, and addresses that lead to private places."""

from __future__ import annotations

import gzip
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from helpers.cover_files import cover
from helpers.servers import ARTIST, BAND, MusicBrainzReplay, SpotifyReplay, raw_server
from werkzeug import Response

from spotitags.covers.fetch import CoverFetcher, Limits
from spotitags.errors import CatalogError, FetchError, RateLimitError, SettingsError
from spotitags.io.http import HttpClient
from spotitags.records import Album, Artist, CoverFile, Image, Skipped

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    Talk = Callable[[socket.socket, threading.Event], None]

pytestmark = pytest.mark.usefixtures("no_waiting")

SECONDS = 1.0
PATIENCE = 15.0
"""Seconds after which a client would not have kept its limit of one, also on a busy machine."""
SERVICE = ("i.scdn.co", "*.scdn.co")


def dripping(first: bytes, again: bytes) -> Talk:
    """Send some bytes, and then a few more every 50 ms, for as long as the client listens."""

    def talk(connection: socket.socket, over: threading.Event) -> None:
        try:
            connection.sendall(first)
            while not over.wait(0.05):
                connection.sendall(again)
        except OSError:
            return

    return talk


SLOW = {
    "status line": dripping(b"HTTP/1.1 200 ", b"O"),
    "header": dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "1xx": dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"{"),
    "chunks": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n"),
    "chunk size": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
}


def flooding(first: bytes, again: bytes) -> Talk:
    """Send some bytes, and then the others as fast as the client takes them."""

    def talk(connection: socket.socket, over: threading.Event) -> None:
        try:
            connection.sendall(first)
            while not over.is_set():
                connection.sendall(again)
        except OSError:
            return

    return talk


FLOODS = {
    "1xx": flooding(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000),
    "headers": flooding(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000),
    "body": flooding(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 100_000),
    "chunk extension": flooding(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 1000 + b"\r\n \r\n"
    ),
}


@contextmanager
def patience() -> Iterator[None]:
    """Fail if what is inside takes much longer than its limit."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < PATIENCE


@pytest.mark.parametrize("kind", SLOW)
def test_one_limit_covers_the_whole_exchange(kind: str) -> None:
    with raw_server(SLOW[kind]) as url, HttpClient(seconds=SECONDS) as client, patience():
        with pytest.raises(FetchError) as caught:
            client.get(url)
        assert caught.value.reason == "timeout"


def test_the_limit_covers_the_handshake_of_tls() -> None:
    record = dripping(b"\x16\x03\x03\x40\x00\x02", b"\x00")  # of 16 kB
    with raw_server(record) as url, HttpClient(seconds=SECONDS) as client, patience():
        with pytest.raises(FetchError) as caught:
            client.get(url.replace("http://", "https://"))
        assert caught.value.reason in {"timeout", "connection"}


def test_redirects_do_not_start_the_time_again() -> None:
    def redirect(connection: socket.socket, over: threading.Event) -> None:
        over.wait(0.4)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n")

    with raw_server(redirect) as url, HttpClient(seconds=SECONDS) as client, patience():
        with pytest.raises(FetchError) as caught:
            client.get(url)
        assert caught.value.reason == "timeout"


def test_a_name_server_that_does_not_answer_takes_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_args: Any, **_options: Any) -> Any:
        time.sleep(PATIENCE)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with HttpClient(seconds=SECONDS) as client:
        start = time.monotonic()
        with pytest.raises(FetchError) as caught:
            client.get("https://example.org/")
    assert caught.value.reason == "timeout"
    assert time.monotonic() - start < PATIENCE - 1


@pytest.mark.parametrize("kind", SLOW)
@pytest.mark.parametrize("service", ["token_url", "api_url"])
def test_spotify_s_client_keeps_its_limit(spotify: SpotifyReplay, kind: str, service: str) -> None:
    spotify.stock()
    with raw_server(SLOW[kind]) as url, patience(), pytest.raises(CatalogError, match=r"Spotify.*timeout"):
        spotify.catalog(**{service: url}, seconds=SECONDS).albums(ARTIST, 5)


@pytest.mark.parametrize("kind", FLOODS)
@pytest.mark.parametrize("service", ["token_url", "api_url"])
def test_spotify_s_client_reads_no_flood(spotify: SpotifyReplay, kind: str, service: str) -> None:
    spotify.stock()
    with raw_server(FLOODS[kind]) as url, pytest.raises(CatalogError, match=r"too-many-bytes|connection"):
        spotify.catalog(**{service: url}, seconds=60).albums(ARTIST, 5)


@pytest.mark.parametrize("kind", FLOODS)
def test_no_flood_is_read(kind: str) -> None:
    with (
        raw_server(FLOODS[kind]) as url,
        HttpClient(seconds=60, max_bytes=100_000) as client,
        pytest.raises(FetchError) as caught,
    ):
        client.get(url)
    assert caught.value.reason in {"too-many-bytes", "connection"}


BOMB = gzip.compress(bytes(200_000_000), 9)


@pytest.mark.parametrize("status", [200, 404])
def test_no_bomb_is_unpacked(httpserver: HTTPServer, spotify: SpotifyReplay, status: int) -> None:
    path = f"/v1/artists/{ARTIST}/albums"
    packed = Response(BOMB, status, {"Content-Encoding": "gzip"}, mimetype="application/json")
    httpserver.expect_request(path).respond_with_response(packed)
    with HttpClient() as client, pytest.raises(FetchError) as caught:
        client.get(httpserver.url_for(path))
    assert caught.value.reason == ("too-many-bytes" if status == 200 else "not-found")
    with pytest.raises(CatalogError, match="too-many-bytes" if status == 200 else "no artist"):
        spotify.catalog().albums(ARTIST, 5)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "deflate"])
def test_only_the_requested_compression_is_unpacked(httpserver: HTTPServer, encoding: str) -> None:
    packed = Response(gzip.compress(b"{}"), 200, {"Content-Encoding": encoding})
    httpserver.expect_request("/a").respond_with_response(packed)
    with HttpClient(attempts=1) as client, pytest.raises(FetchError) as caught:
        client.get(httpserver.url_for("/a"))
    assert caught.value.reason == "server"


def test_a_compressed_answer_is_read(httpserver: HTTPServer) -> None:
    packed = Response(gzip.compress(b"x" * 100_000), 200, {"Content-Encoding": "gzip"})
    httpserver.expect_request("/a").respond_with_response(packed)
    with HttpClient() as client:
        assert client.get(httpserver.url_for("/a")) == b"x" * 100_000
    assert httpserver.log[0][0].headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "wait",
    [
        "9" * 400,
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Fri, 31 Dec 99999999999999999999 23:59:59 GMT",
        "Fri, 31 Dec 2026 23:59:59 +99999999999999999999",
        "-5",
        "NaN",
        "\xb2",
    ],
)
def test_a_pause_of_any_form_is_no_crash_and_ends(
    spotify: SpotifyReplay, musicbrainz: MusicBrainzReplay, wait: str
) -> None:
    def answer(connection: socket.socket, _over: threading.Event) -> None:
        head = b"HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\nRetry-After: "
        connection.sendall(head + wait.encode("latin-1") + b"\r\n\r\n")

    with raw_server(answer) as url:
        for catalog in (spotify.catalog(api_url=url), musicbrainz.catalog(url=url)):
            with pytest.raises(RateLimitError) as caught:
                catalog.albums(ARTIST, 5)
            if caught.value.retry_at is not None:
                assert (caught.value.retry_at.timestamp() - time.time()) < 8 * 24 * 3600


# Addresses


def fetched(url: str, hosts: tuple[str, ...] = SERVICE, **limits: Any) -> CoverFile | Skipped:
    """Fetch one cover at an address that a service gave; with no hosts, that the user gave."""
    album = Album("id", "Kiln", Artist("a"), (Image(url, 300, 300, hosts),))
    with CoverFetcher(Limits(seconds=5, **limits)) as fetcher:
        return fetcher.fetch([album])[0]


def refused(found: CoverFile | Skipped) -> bool:
    return isinstance(found, Skipped) and found.code == "address"


@pytest.fixture
def server(httpserver: HTTPServer) -> HTTPServer:
    """A server of this machine that would give a cover to whoever asks."""
    httpserver.expect_request("/cover").respond_with_data(cover())
    return httpserver


@pytest.mark.parametrize(
    "form", ["{path}", "file://{path}", "FILE://localhost{path}", " {path}", "\\\\{path}"]
)
def test_no_service_names_a_local_file(tmp_path: Path, form: str) -> None:
    (tmp_path / "own.jpg").write_bytes(cover())
    assert refused(fetched(form.format(path=tmp_path / "own.jpg")))
    assert isinstance(fetched(str(tmp_path / "own.jpg"), ()), CoverFile)


def test_an_address_of_spotify_s_answer_is_no_file(spotify: SpotifyReplay, tmp_path: Path) -> None:
    (tmp_path / "own.jpg").write_bytes(cover())
    images = [{"url": str(tmp_path / "own.jpg"), "width": 300, "height": 300}]
    release = {"id": "c", "name": "Kiln", "images": images, "artists": [{"id": ARTIST, "name": "A"}]}
    page = {"items": [release], "next": None}
    spotify.web.expect_request(f"/v1/artists/{ARTIST}/albums").respond_with_json(page)
    with CoverFetcher() as fetcher:
        assert refused(fetcher.fetch(spotify.catalog().albums(ARTIST, 1))[0])


@pytest.mark.parametrize(
    "url",
    [
        "http://i.scdn.co/a",
        "https://i.scdn.co:8443/a",
        "https://example.org/a",
        "https://i.scdn.co.example.org/a",
        "https://i.scdn.co@example.org/a",
        "https://evilscdn.co/a",
        "https://scdn.co/a",
        "ftp://i.scdn.co/a",
        "https://[::1]/a",
        "https://127.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://",
        "https://i.scdn.co\\@127.0.0.1/",
        "//i.scdn.co/a",
        "https://\ud800/",
        "https://i.scdn.co/\x00",
        "a",
        "",
    ],
)
def test_a_service_s_covers_come_from_its_hosts_by_https(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: pytest.fail("looked up"))
    assert refused(fetched(url))


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
    "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "::",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_to_a_private_address_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    entry = (family, socket.SOCK_STREAM, 6, "", (address, 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: [entry])
    assert refused(fetched("https://i.scdn.co/image/a"))
    assert refused(fetched("https://covers.example.org/a", ()))


@pytest.mark.parametrize("address", [each for each in PRIVATE if each not in {"127.0.0.1", "::1"}])
def test_a_private_address_of_the_user_s_is_refused_unless_it_is_this_machine(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    found = fetched(f"http://{host}:9/a", ())
    assert refused(found)


def test_a_second_look_up_leads_nowhere_else(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with DNS rebinding: the first look-up gives a public address, the next one this machine."""
    answers = iter(["203.0.114.1", "127.0.0.1", "127.0.0.1"])
    looked_up = []

    def look_up(host: str, port: int, *_args: Any, **_options: Any) -> Any:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    connected = []

    def connect(address: tuple[str, int], *_args: Any, **_options: Any) -> Any:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with HttpClient(attempts=1) as client, pytest.raises(FetchError) as caught:
        client.get(f"http://covers.example.org:{server.port}/cover")
    assert caught.value.reason == "connection"
    assert (looked_up, connected) == (["covers.example.org"], ["203.0.114.1"])
    assert server.log == []


def test_this_machine_is_reached_where_the_user_s_own_address_names_it(server: HTTPServer) -> None:
    assert isinstance(fetched(server.url_for("/cover"), ()), CoverFile)
    assert isinstance(fetched(f"http://localhost:{server.port}/cover", ()), CoverFile)
    assert refused(fetched(server.url_for("/cover")))


@pytest.mark.parametrize("hosts", [(), ("origin",)])
def test_a_redirect_leads_to_no_other_private_server(server: HTTPServer, hosts: tuple[str, ...]) -> None:
    def redirect(connection: socket.socket, _over: threading.Event) -> None:
        head = f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {server.url_for('/cover')}\r\n\r\n"
        connection.sendall(head.encode())

    with raw_server(redirect) as url:
        assert refused(fetched(url, (url,) if hosts else ()))
    assert server.log == []


def test_a_redirect_within_the_user_s_archive_is_followed(
    musicbrainz: MusicBrainzReplay, server: HTTPServer
) -> None:
    musicbrainz.stock()
    albums = musicbrainz.catalog().albums(BAND, 1)
    there = Response(b"", 307, {"Location": "/cover"})
    server.expect_request(f"/archive/release-group/{albums[0].id}/front-500").respond_with_response(there)
    with CoverFetcher() as fetcher:
        assert isinstance(fetcher.fetch(albums)[0], CoverFile)


def test_the_contact_goes_to_no_other_server(musicbrainz: MusicBrainzReplay, server: HTTPServer) -> None:
    def redirect(connection: socket.socket, _over: threading.Event) -> None:
        head = f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {server.url_for('/cover')}\r\n\r\n"
        connection.sendall(head.encode())

    with raw_server(redirect) as url, pytest.raises(CatalogError, match="address"):
        musicbrainz.catalog(url=url).albums(BAND, 1)
    assert server.log == []


@pytest.mark.parametrize(
    "changes",
    [
        {"api_url": "http://proxy.example.org/v1/"},
        {"token_url": "http://192.168.1.1/token"},
        {"api_url": "ftp://127.0.0.1/"},
        {"token_url": "127.0.0.1/token"},
    ],
)
def test_keys_are_sent_unencrypted_to_this_machine_only(
    spotify: SpotifyReplay, changes: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match=r"SPOTITAGS_SPOTIFY_\w+_URL"):
        spotify.catalog(**changes).albums(ARTIST, 5)
    assert spotify.web.log == []


def test_a_password_is_sent_unencrypted_to_this_machine_only(musicbrainz: MusicBrainzReplay) -> None:
    with pytest.raises(SettingsError, match="SPOTITAGS_MUSICBRAINZ_URL"):
        musicbrainz.catalog(url="http://me:password@mirror.example.org").albums(BAND, 1)
    musicbrainz.stock()
    own = musicbrainz.web.url_for("/").replace("http://", "http://me:password@")
    assert len(musicbrainz.catalog(url=own).albums(BAND, 1)) == 1
    assert musicbrainz.web.log[0][0].headers["Authorization"] == "Basic bWU6cGFzc3dvcmQ="


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_a_proxy_of_the_environment_is_used(
    server: HTTPServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """It may be anywhere, and looks names up itself; private addresses are refused all the same."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv(variable, f"http://localhost:{server.port}")
    assert isinstance(fetched("http://covers.example.org/cover", ()), CoverFile)
    assert server.log[0][0].headers["Host"] == "covers.example.org"
    assert refused(fetched("http://192.168.1.1/cover", ()))
    assert len(server.log) == 1
