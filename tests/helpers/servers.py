"""Servers on 127.0.0.1 that send the responses of the fixtures, or the faults of a test."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from pytest_httpserver.httpserver import QueryMatcher
from werkzeug import Response

from spotitags.catalogs.musicbrainz.catalog import MusicBrainzCatalog
from spotitags.catalogs.musicbrainz.client import MusicBrainzClient
from spotitags.catalogs.spotify.catalog import SpotifyCatalog
from spotitags.catalogs.spotify.client import SpotipyClient
from spotitags.io.cache import Cache
from spotitags.io.rate_limit import DailyQuota, RateLimiter
from spotitags.io.response_cache import ResponseCache

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from pytest_httpserver import HTTPServer

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
ARTIST = "4SpotiTagsFixtureBand0"
SECRET = "fixture-client-secret"
BAND = "4f1b2c3d-0000-4000-8000-00000000000a"
OTHER_BAND = "4f1b2c3d-0000-4000-8000-00000000000b"
CONTACT = "me@example.org"


def fixture(name: str) -> dict[str, Any]:
    """Load a recorded, documented or synthetic response.

    Over HTTP it has ``status``, ``headers`` and ``body``; over gRPC ``code``, ``message`` and a ``body`` in
    proto JSON.
    """
    envelope: dict[str, Any] = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return envelope


def answer(name: str) -> Response:
    """Build the response of a server from a fixture."""
    envelope = fixture(name)
    return Response(
        json.dumps(envelope["body"]), envelope["status"], envelope["headers"], mimetype="application/json"
    )


class SpotifyReplay:
    """Spotify's two servers. A request without a prepared response gets status 500, which names it."""

    def __init__(self, web: HTTPServer) -> None:
        self.web = web
        self.token("token")

    def token(self, name: str) -> None:
        """Answer requests for a token with a fixture; the last call counts."""
        self.web.expect_request("/api/token", method="POST").respond_with_response(
            answer(f"spotify/{name}.json")
        )

    def albums(self, name: str, kind: str = "album", offset: int = 0, *, once: bool = False) -> None:
        """Answer one page of one kind with a fixture, always or only the first time."""
        query = {"include_groups": kind, "market": "US", "limit": "10", "offset": str(offset)}
        expect = self.web.expect_oneshot_request if once else self.web.expect_request
        handler = expect(f"/v1/artists/{ARTIST}/albums", query_string=query)
        handler.respond_with_response(answer(f"spotify/{name}.json"))

    def stock(self) -> None:
        """Prepare twelve albums on two pages, three singles and one compilation."""
        self.albums("albums_page_1")
        self.albums("albums_page_2", offset=10)
        self.albums("singles", kind="single")
        self.albums("compilations", kind="compilation")

    def artist(self, name: str) -> None:
        """Answer requests for the artist with a fixture."""
        self.web.expect_request(f"/v1/artists/{ARTIST}").respond_with_response(answer(f"spotify/{name}.json"))

    def catalog(
        self, responses: ResponseCache | None = None, quota: DailyQuota | None = None, **changes: Any
    ) -> SpotifyCatalog:
        """Build the real catalogue with the real spotipy for this server, without pauses between retries."""
        settings: dict[str, Any] = {
            "client_id": "fixture-client-id",
            "client_secret": SECRET,
            "api_url": self.web.url_for("/v1/"),
            "token_url": self.web.url_for("/api/token"),
            "backoff": 0,
        }
        return SpotifyCatalog(SpotipyClient(**settings | changes), responses=responses, quota=quota)

    @property
    def calls(self) -> list[tuple[str, dict[str, str]]]:
        """Path and query of all requests except those for tokens, in order."""
        requests = [request for request, _ in self.web.log if request.path != "/api/token"]
        return [(request.path.removeprefix("/v1/artists/"), request.args.to_dict()) for request in requests]


class MusicBrainzReplay:
    """MusicBrainz and the Cover Art Archive on one server, for requests without pauses."""

    def __init__(self, web: HTTPServer, cache: Path) -> None:
        self.web = web
        self.cache = cache

    def answers(self, path: str, name: str, *, once: bool = False, **query: str) -> None:
        """Answer a request that has at least ``query`` with a fixture, always or only the first time."""
        expect = self.web.expect_oneshot_request if once else self.web.expect_request
        matcher = HasParameters({"fmt": "json"} | query)
        expect(f"/ws/2/{path}", query_string=matcher).respond_with_response(
            answer(f"musicbrainz/{name}.json")
        )

    def stock(self) -> None:
        """Prepare an artist with a link to Spotify, its release groups, genres and name."""
        address = f"https://open.spotify.com/artist/{ARTIST}"
        self.answers("url", "url", resource=address, inc="artist-rels")
        self.answers("release-group", "release_groups", artist=BAND, type="album")
        self.answers(f"artist/{BAND}", "artist_genres", inc="genres")
        self.answers("artist", "search")

    def catalog(
        self, *, contact: str | None = CONTACT, refresh: bool = False, url: str | None = None, **changes: Any
    ) -> MusicBrainzCatalog:
        """Build the real catalogue for this server."""
        responses = ResponseCache(Cache(self.cache), "musicbrainz", refresh=refresh)
        client = MusicBrainzClient(
            contact,
            responses=responses,
            rate_limiter=RateLimiter(self.cache / "pace", 0),
            url=url or self.web.url_for("/"),
        )
        return MusicBrainzCatalog(client, archive=self.web.url_for("/archive"), **changes)

    @property
    def calls(self) -> list[tuple[str, dict[str, str]]]:
        """Path and query of all requests to MusicBrainz, in order."""
        return [(request.path.removeprefix("/ws/2/"), request.args.to_dict()) for request, _ in self.web.log]


class HasParameters(QueryMatcher):
    """Matches a query that has at least these parameters."""

    def __init__(self, wanted: dict[str, str]) -> None:
        self.wanted = wanted

    def match(self, request_query_string: bytes) -> bool:
        return self.wanted.items() <= dict(parse_qsl(request_query_string.decode())).items()

    def get_comparing_values(self, request_query_string: bytes) -> tuple[Any, Any]:
        return dict(parse_qsl(request_query_string.decode())), self.wanted


@contextmanager
def raw_server(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Run a server that reads each request and passes the connection to ``talk``; yield its URL.

    The event is set at the end of the test.
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
