"""The local server lets in one browser, and no other site, host or program."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING

import pytest
from helpers.explored import HOSTILE, Served, explored, served

from spotitags.explore.security import POLICY, POST_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotitags.explore.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return explored(tmp_path_factory.mktemp("explore"), 30)


@pytest.fixture
def server(store: Store) -> Iterator[Served]:
    with served(store) as found:
        yield found


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()


def request(
    server: Served, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method, path, skip_host="Host" in given)
    for name, value in given.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    try:
        return Answer(connection.getresponse())
    finally:
        connection.close()


def enter(server: Served) -> str:
    """Exchange the token for the cookie."""
    answer = request(server, f"/start?token={server.access.token}")
    assert answer.status == 303
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    return cookie.partition(";")[0]


def test_the_token_works_once(server: Served) -> None:
    assert request(server, "/start?token=guess").status == 403
    cookie = enter(server)
    assert request(server, f"/start?token={server.access.token}").status == 403
    again = request(server, f"/start?token={server.access.token}", Cookie=cookie)
    assert (again.status, again.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    "path", ["/", "/meta.json", "/texts.json", "/points.bin", "/atlas-0.webp", "/covers/0/small", "/app.js"]
)
def test_nothing_is_served_without_the_cookie(server: Served, path: str) -> None:
    assert request(server, path).status == 403
    assert request(server, path, Cookie=f"{server.access.cookie_name}=guess").status == 403
    assert request(server, path, Cookie=enter(server)).status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "evil.example:{port}", "127.0.0.1:1", ""])
def test_other_hosts_are_refused(server: Served, host: str) -> None:
    answer = request(server, "/", Host=host.format(port=server.port), Cookie=enter(server))
    assert answer.status == 400


def test_every_answer_has_the_policy(server: Served) -> None:
    cookie = enter(server)
    for path in ("/", "/app.js", "/missing", "/start", "/covers/99999/small"):
        headers = request(server, path, Cookie=cookie).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
    assert "unsafe" not in POLICY
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path",
    ["/../covers.json", "/%2e%2e/covers.json", "/covers.json", "/vectors.npy", "/..%2f..%2fetc%2fpasswd",
     "/covers/..%2f0/small", "/covers/-1/small", "/covers/30/small", "/covers/0/covers.json", "/atlas-1.webp",
     "/atlas-0.webp%00", "//etc/passwd", "/covers/0/small/../../covers.json", "/covers/1e1/small"],
)  # fmt: skip
def test_only_known_files_and_numbers_are_served(server: Served, path: str) -> None:
    answer = request(server, path, Cookie=enter(server))
    assert answer.status == 404
    assert b"album-" not in answer.body


def test_the_page_has_no_inline_script(server: Served) -> None:
    page = request(server, "/", Cookie=enter(server)).body.decode()
    assert page.count("<script") == 1
    assert '<script src="app.js"></script>' in page
    assert "style=" not in page
    assert server.access.post_token in page
    assert server.access.token not in page


def test_titles_are_data_and_never_part_of_the_page(server: Served) -> None:
    cookie = enter(server)
    assert HOSTILE not in request(server, "/", Cookie=cookie).body.decode()
    answer = request(server, "/texts.json", Cookie=cookie)
    assert answer.headers["Content-Type"] == "application/json"
    assert HOSTILE in json.loads(answer.body)["title"]


def test_lists_are_written_by_the_page_alone(server: Served, store: Store) -> None:
    cookie, token = enter(server), server.access.post_token
    body = json.dumps({"liked": [1, 2], "other": [3]}).encode()
    good = {
        "Cookie": cookie,
        POST_HEADER.replace("-", "_"): token,
        "Origin": server.origin,
        "Content_Type": "application/json",
    }
    for missing in ("Cookie", POST_HEADER.replace("-", "_"), "Origin"):
        given = {name: value for name, value in good.items() if name != missing}
        assert request(server, "/lists", "POST", body, **given).status == 403
    assert request(server, "/lists", "POST", body, **good | {"Origin": "http://evil.example"}).status == 403
    assert request(server, "/lists", "POST", body, **good | {"Content_Type": "text/plain"}).status == 415
    assert request(server, "/lists", "GET", **{k: v for k, v in good.items() if k != "Origin"}).status in {
        404,
        405,
    }
    for wrong in (b"{", b"[]", b'{"liked": [99], "other": []}', b'{"liked": ["x"], "other": []}'):
        assert request(server, "/lists", "POST", wrong, **good).status == 400
    assert not (store.folder / "liked.csv").exists()
    answer = request(server, "/lists", "POST", body, **good)
    assert answer.status == 200
    assert json.loads(answer.body)["command"].startswith("spotitags like ")
    lines = (store.folder / "liked.csv").read_text("utf-8").splitlines()
    assert lines[0] == "artist_id,artist_name,album_id,album_name"
    assert lines[2] == "artist-1,Artist 1,album-2,Album 2"


def test_a_large_body_is_refused(server: Served) -> None:
    given = {POST_HEADER.replace("-", "_"): server.access.post_token, "Origin": server.origin}
    answer = request(
        server,
        "/lists",
        "POST",
        b"0" * 2_100_000,
        Cookie=enter(server),
        Content_Type="application/json",
        **given,
    )
    assert answer.status == 413


def test_the_server_listens_on_loopback_only() -> None:
    from spotitags.explore.server import open_socket

    opened = open_socket()
    try:
        assert opened.getsockname()[0] == "127.0.0.1"
        assert opened.getsockname()[1] > 0
    finally:
        opened.close()
