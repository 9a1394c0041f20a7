"""Servers on 127.0.0.1 that answer as the fixtures say, or as badly as a test wants."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug import Response

from spotitags.catalogs.spotify import SpotifyCatalog

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from pytest_httpserver import HTTPServer

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
ARTIST = "4SpotiTagsFixtureBand0"
SECRET = "fixture-client-secret"


def fixture(name: str) -> dict[str, Any]:
    """One recorded, documented or synthetic answer: ``status``, ``headers`` and ``body``."""
    envelope: dict[str, Any] = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return envelope


def answer(name: str) -> Response:
    """A fixture as a server sends it."""
    envelope = fixture(name)
    return Response(
        json.dumps(envelope["body"]), envelope["status"], envelope["headers"], mimetype="application/json"
    )


class SpotifyReplay:
    """Spotify's two servers. What it was not told to answer is a 500 that names the request."""

    def __init__(self, web: HTTPServer) -> None:
        self.web = web
        self.token("token")

    def token(self, name: str) -> None:
        """Answer requests for a token with a fixture; the last word counts."""
        self.web.expect_request("/api/token", method="POST").respond_with_response(
            answer(f"spotify/{name}.json")
        )

    def albums(self, name: str, kind: str = "album", offset: int = 0, *, once: bool = False) -> None:
        """Answer one page of one kind with a fixture, always or only the first time."""
        query = {"include_groups": kind, "market": "US", "limit": "10", "offset": str(offset)}
        expect = self.web.expect_oneshot_request if once else self.web.expect_request
        handler = expect(f"/v1/artists/{ARTIST}/albums", query_string=query)
        handler.respond_with_response(answer(f"spotify/{name}.json"))

    def artist(self, name: str) -> None:
        """Answer questions about the artist with a fixture."""
        self.web.expect_request(f"/v1/artists/{ARTIST}").respond_with_response(answer(f"spotify/{name}.json"))

    def catalog(self, **changes: Any) -> SpotifyCatalog:
        """The real catalogue through the real spotipy, pointed here, without pauses between tries."""
        settings: dict[str, Any] = {
            "client_id": "fixture-client-id",
            "client_secret": SECRET,
            "api_url": self.web.url_for("/v1/"),
            "token_url": self.web.url_for("/api/token"),
            "backoff": 0,
        }
        return SpotifyCatalog(**settings | changes)

    @property
    def calls(self) -> list[tuple[str, dict[str, str]]]:
        """Path and query of every request but those for tokens, in order."""
        requests = [request for request, _ in self.web.log if request.path != "/api/token"]
        return [(request.path.removeprefix("/v1/artists/"), request.args.to_dict()) for request in requests]


@contextmanager
def raw_server(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that hands each connection, its request read, to ``talk``; gives its URL.

    The event is set when the test is over.
    """
    over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            talk(self.request, over)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            over.set()
            server.shutdown()
            thread.join()
