"""Fakes of Spotify, MusicBrainz and the Cover Art Archive on one loopback server, for any ids, with faults.

Responses about an id depend on the id alone. Which request fails, and how, is drawn from a seed, the request
and its number of repetitions, so that equal seeds give equal faults, in whatever order requests come.
"""

from __future__ import annotations

import json
import random
import struct
import threading
import time
import uuid
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from helpers.manifests import STYLES, cover

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TRANSIENT: Mapping[str, Sequence[str]] = {
    "musicbrainz": ("500", "503", "garbled", "reset", "slow"),
    "spotify": ("401", "429", "500", "garbled", "reset", "slow"),
    "cover": ("500", "reset", "slow"),
}
"""Faults that are over on a retry, by service."""
PERMANENT = {"quota": (429, {"Retry-After": "86236"}), "no-premium": (403, {})}
COVERS = 12


class Call(NamedTuple):
    """One request: when it came, to which service, its path and query, and whether it was answered."""

    time: float
    service: str
    request: str
    answered: bool


class FaultyServices:
    """State of the server: its faults and its log.

    Args:
        rate: Share of requests that fail, in [0, 1].
        seed: Seed of the random faults.
        faults: Kinds of random faults, by service.
        permanent: Faults of `PERMANENT`, by the number of the request to Spotify, counted from 0.
    """

    def __init__(
        self,
        rate: float = 0.0,
        seed: int = 0,
        faults: Mapping[str, Sequence[str]] = TRANSIENT,
        permanent: Mapping[int, str] | None = None,
    ) -> None:
        self.rate = rate
        self.seed = seed
        self.faults = faults
        self.permanent = dict(permanent or {})
        self.calls: list[Call] = []
        self.url = ""
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._repetitions: dict[str, int] = {}
        self._covers = [cover(list(STYLES)[n % len(STYLES)], n) for n in range(COVERS)]

    def environment(self) -> dict[str, str]:
        """Variables that make the command line use this server."""
        return {
            "SPOTITAGS_MUSICBRAINZ_URL": self.url,
            "SPOTITAGS_COVERART_URL": f"{self.url}/archive",
            "SPOTITAGS_MUSICBRAINZ_PAUSE": "0",
            "SPOTITAGS_CONTACT": "me@example.org",
            "SPOTITAGS_SPOTIFY_API_URL": f"{self.url}/v1/",
            "SPOTITAGS_SPOTIFY_TOKEN_URL": f"{self.url}/api/token",
        }

    def calls_to(self, service: str) -> list[Call]:
        """The calls to one service, in order."""
        return [call for call in self.calls if call.service == service]

    def needless_requests(self) -> list[str]:
        """Requests that were repeated after they had been answered."""
        answered: set[str] = set()
        needless = []
        for call in self.calls:
            if call.request in answered:
                needless.append(call.request)
            elif call.answered:
                answered.add(call.request)
        return needless

    def fault(self, service: str, request: str) -> str | None:
        """Draw the fault of this request, if it has one."""
        with self._lock:
            repetition = self._repetitions[request] = self._repetitions.get(request, 0) + 1
            permanent = self.permanent.get(len(self.calls_to("spotify"))) if service == "spotify" else None
        draw = random.Random(f"{self.seed}:{request}:{repetition}")
        return permanent or (draw.choice(self.faults[service]) if draw.random() < self.rate else None)

    def log(self, service: str, request: str, *, answered: bool, time: float) -> None:
        """Add a request to the log."""
        with self._lock:
            self.calls.append(Call(time, service, request, answered))

    def cover(self, name: str) -> bytes:
        """Return the cover of that name."""
        return self._covers[_number(name) % COVERS]

    def respond(self, service: str, request: str) -> dict[str, Any] | None:
        """Respond as a service to a path with a query, None for 404."""
        parts = urlsplit(request)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        rest = parts.path.split("/", 2)[2].removeprefix("2/")
        answers = {"musicbrainz": self.musicbrainz, "spotify": self.spotify}
        return answers[service](rest, query) if service in answers else None

    def fail(self, handler: Handler, fault: str, service: str) -> bool:  # noqa: ARG002 — for classes with more faults
        """Answer a request with a fault of a derived class; return False if it has none of that name."""
        return False

    def musicbrainz(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """Respond as MusicBrainz, None for 404. One id in ten has no artist; each name has three artists."""
        if path == "url":
            wanted = query["resource"].rpartition("/")[2]
            if _number(wanted) % 10 == 0:
                return None
            artist = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, wanted)), "name": f"Artist {wanted}"}
            return {"relations": [{"target-type": "artist", "ended": False, "artist": artist}]}
        if path == "release-group":
            mbid = query["artist"]
            groups = [
                {
                    "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{mbid}{n}")),
                    "title": f"Album {n}",
                    "first-release-date": str(2000 + n),
                    "primary-type": "Album",
                    "secondary-types": [],
                }
                for n in range(1 + _number(mbid) % 3)
            ]
            return {"release-group-count": len(groups), "release-groups": groups}
        if path == "artist":
            name = query["query"]
            found = [self._namesake(name, n) for n in range(3)]
            return {"artists": [{"id": mbid, "name": name, "disambiguation": why} for mbid, why in found]}
        mbid = path.rpartition("/")[2]
        genres = [{"name": f"{word} {genre}", "count": 1 + _number(mbid + genre) % 9}
                  for word in ("late", "early") for genre in ("rock", "jazz")]  # fmt: skip
        return {"id": mbid, "name": f"Artist {mbid}", "genres": genres if _number(mbid) % 5 else []}

    def _namesake(self, name: str, number: int) -> tuple[str, str]:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}{number}")), f"number {number}"

    def spotify(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """Respond as Spotify, None for 404, with only the required fields. One id in ten is unknown."""
        wanted = path.split("/")[1]
        number = _number(wanted)
        if number % 10 == 0:
            return None
        count = 1 + number % 14 if query["include_groups"] == "album" else 0
        items = [
            {
                "id": f"{wanted}{n}",
                "name": f"Album {n}",
                "images": [{"url": f"{self.url}/covers/{wanted}{n}", "width": None, "height": None}],
                "artists": [{"id": wanted, "name": f"Artist {wanted}", "genres": []}],
            }
            for n in range(count)
        ]
        offset = int(query["offset"])
        return {"items": items[offset : offset + 10], "next": "more" if count > offset + 10 else None}


@contextmanager
def serving(services: FaultyServices) -> Iterator[FaultyServices]:
    """Run the server on 127.0.0.1."""

    class Bound(Handler):
        pass

    Bound.services = services
    with ThreadingHTTPServer(("127.0.0.1", 0), Bound) as server:
        services.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield services
        finally:
            services.stopping.set()
            server.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    """Answers requests for the services of its class."""

    services: FaultyServices

    def log_message(self, *_words: object) -> None:
        """Print nothing."""

    def do_POST(self) -> None:
        """Send a token."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send(200, {"access_token": "t", "token_type": "Bearer", "expires_in": 3600})

    def do_GET(self) -> None:
        """Answer, or fail as drawn."""
        parts = urlsplit(self.path)
        if parts.path.startswith("/archive/"):
            group, _, size = parts.path.removeprefix("/archive/release-group/").partition("/front-")
            self._send(307, None, {"Location": f"/covers/{group}-{size}"})
            return
        now = time.monotonic()
        _, first, rest = parts.path.split("/", 2)
        service = {"ws": "musicbrainz", "v1": "spotify", "covers": "cover"}[first]
        fault = self.services.fault(service, self.path)
        answered = fault in {None, "slow"}
        self.services.log(service, self.path, answered=answered, time=now)
        if fault == "slow":
            time.sleep(0.1)
        if not answered:
            if not self.services.fail(self, str(fault), service):
                self._fail(str(fault))
        elif service == "cover":
            self._send_cover(rest)
        else:
            body = self.services.respond(service, self.path)
            self._send(404 if body is None else 200, body or {"error": {"status": 404, "message": "no"}})

    def _send_cover(self, name: str) -> None:
        """Send a cover; one in eight is missing in all sizes."""
        if _number(name.rpartition("-")[0] or name) % 8 == 0:
            self._send(404, None)
        else:
            self._send(200, self.services.cover(name.rpartition("-")[0] or name))

    def _fail(self, fault: str) -> None:
        if fault in PERMANENT:
            status, headers = PERMANENT[fault]
            reason = "QUOTA_EXCEEDED" if fault == "quota" else "premium"
            self._send(status, {"error": {"status": status, "message": fault, "reason": reason}}, headers)
        elif fault == "garbled":
            self._send(200, b'{"items": [{"id": "')
        elif fault == "reset":
            self.connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 5000\r\n\r\n{")
            self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        else:
            wait = {"Retry-After": "1"} if fault in {"429", "503"} else {}
            word = {"error": {"status": int(fault), "message": "The access token expired"}}
            self._send(int(fault), word, wait)

    def _send(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        try:
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(data))} | dict(headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            return  # the client was killed


def _number(text: str) -> int:
    return zlib.crc32(text.encode())
