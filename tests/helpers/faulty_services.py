"""Spotify, MusicBrainz and the Cover Art Archive on one loopback server, for any ids, on any bad day.

What they say of an id is made up from the id alone. Which request fails, and how, is drawn from a seed, the
request, and how often it was made: two days with one seed are alike, in whatever order things are asked.
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

PASSING: Mapping[str, Sequence[str]] = {
    "musicbrainz": ("500", "503", "garbled", "reset", "slow"),
    "spotify": ("401", "429", "500", "garbled", "reset", "slow"),
    "cover": ("500", "reset", "slow"),
}
"""Faults that pass when asked again, by service."""
HARD = {"quota": (429, {"Retry-After": "86236"}), "no-premium": (403, {})}
PICTURES = 12


class Call(NamedTuple):
    """One request: when it came, to whom, what it asked, and whether it got its answer."""

    time: float
    service: str
    question: str
    answered: bool


class Day:
    """What happens on the server.

    Args:
        rate: Share of requests that fail, in [0, 1].
        seed: Draws them.
        faults: By service, how.
        hard: Requests to Spotify, by number counted from 0, that meet one of `HARD`.
    """

    def __init__(
        self,
        rate: float = 0.0,
        seed: int = 0,
        faults: Mapping[str, Sequence[str]] = PASSING,
        hard: Mapping[int, str] | None = None,
    ) -> None:
        self.rate = rate
        self.seed = seed
        self.faults = faults
        self.hard = dict(hard or {})
        self.calls: list[Call] = []
        self.url = ""
        self._lock = threading.Lock()
        self._times: dict[str, int] = {}
        self._pictures = [cover(list(STYLES)[n % len(STYLES)], n) for n in range(PICTURES)]

    def environment(self) -> dict[str, str]:
        """What points the command line here."""
        return {
            "SPOTITAGS_MUSICBRAINZ_URL": self.url,
            "SPOTITAGS_COVERART_URL": f"{self.url}/archive",
            "SPOTITAGS_MUSICBRAINZ_PAUSE": "0",
            "SPOTITAGS_CONTACT": "me@example.org",
            "SPOTITAGS_SPOTIFY_API_URL": f"{self.url}/v1/",
            "SPOTITAGS_SPOTIFY_TOKEN_URL": f"{self.url}/api/token",
        }

    def of(self, service: str) -> list[Call]:
        """The calls to one service, in order."""
        return [call for call in self.calls if call.service == service]

    def asked_in_vain(self) -> list[str]:
        """Questions that were asked again although they had an answer."""
        answered: set[str] = set()
        again = []
        for call in self.calls:
            if call.question in answered:
                again.append(call.question)
            elif call.answered:
                answered.add(call.question)
        return again

    def fault(self, service: str, question: str) -> str | None:
        """What goes wrong with this request, if anything."""
        with self._lock:
            time_asked = self._times[question] = self._times.get(question, 0) + 1
            hard = self.hard.get(len(self.of("spotify"))) if service == "spotify" else None
        draw = random.Random(f"{self.seed}:{question}:{time_asked}")
        return hard or (draw.choice(self.faults[service]) if draw.random() < self.rate else None)

    def note(self, service: str, question: str, *, answered: bool, came: float) -> None:
        """Enter a request into the log."""
        with self._lock:
            self.calls.append(Call(came, service, question, answered))

    def picture(self, name: str) -> bytes:
        """The cover of that name."""
        return self._pictures[_number(name) % PICTURES]

    def musicbrainz(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """What MusicBrainz says, None for 404. One id in ten is linked to nobody; three share each name."""
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
        """What Spotify says, None for 404: lean, with nulls where it may. One id in ten is unknown."""
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
def serving(day: Day) -> Iterator[Day]:
    """Serve a day on 127.0.0.1."""

    class Handler(_Handler):
        pass

    Handler.day = day
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        day.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield day
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    day: Day

    def log_message(self, *_words: object) -> None:
        """Print nothing."""

    def do_POST(self) -> None:
        """Hand out a token."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send(200, {"access_token": "t", "token_type": "Bearer", "expires_in": 3600})

    def do_GET(self) -> None:
        """Answer, or fail as the day will have it."""
        parts = urlsplit(self.path)
        if parts.path.startswith("/archive/"):
            group, _, size = parts.path.removeprefix("/archive/release-group/").partition("/front-")
            self._send(307, None, {"Location": f"/covers/{group}-{size}"})
            return
        came = time.monotonic()
        _, first, rest = parts.path.split("/", 2)
        service = {"ws": "musicbrainz", "v1": "spotify", "covers": "cover"}[first]
        fault = self.day.fault(service, self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        answered = fault in {None, "slow"}
        self.day.note(service, self.path, answered=answered, came=came)
        if fault == "slow":
            time.sleep(0.1)
        if not answered:
            self._fail(str(fault))
        elif service == "cover":
            self._send_cover(rest)
        else:
            say = self.day.musicbrainz if service == "musicbrainz" else self.day.spotify
            body = say(rest.removeprefix("2/"), query)
            self._send(404 if body is None else 200, body or {"error": {"status": 404, "message": "no"}})

    def _send_cover(self, name: str) -> None:
        """A cover; one in eight is missing in every size."""
        if _number(name.rpartition("-")[0] or name) % 8 == 0:
            self._send(404, None)
        else:
            self._send(200, self.day.picture(name.rpartition("-")[0] or name))

    def _fail(self, fault: str) -> None:
        if fault in HARD:
            status, headers = HARD[fault]
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
