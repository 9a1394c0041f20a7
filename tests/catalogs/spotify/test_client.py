"""Faults of Spotify: retries, cached responses and the daily quota."""

from __future__ import annotations

import json
import socket
import struct
from typing import TYPE_CHECKING

import pytest
from helpers.servers import ARTIST, SpotifyReplay, fixture, raw_server
from werkzeug import Response

from spotitags.errors import CatalogError, RateLimitError
from spotitags.io.cache import Cache
from spotitags.io.rate_limit import DailyQuota
from spotitags.io.response_cache import ResponseCache

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from werkzeug import Request

    from spotitags.catalogs.spotify.catalog import SpotifyCatalog


def test_a_token_that_expired_is_renewed(spotify: SpotifyReplay) -> None:
    spotify.albums("token_expired", once=True)
    spotify.stock()
    assert len(spotify.catalog().albums(ARTIST, 5)) == 5
    assert [request.path for request, _ in spotify.web.log].count("/api/token") == 2


@pytest.mark.parametrize("talk", ["reset", "cut", "garbled"])
def test_an_answer_that_breaks_off_is_asked_for_again(spotify: SpotifyReplay, talk: str) -> None:
    spotify.stock()
    whole = json.dumps(fixture("spotify/albums_page_1.json")["body"]).encode()
    seen = []

    def flaky(connection: socket.socket, _over: threading.Event) -> None:
        seen.append(talk)
        body = whole[:700] if len(seen) == 1 else whole
        length = len(body) if talk == "garbled" else len(whole)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + body)
        if talk == "reset" and len(seen) == 1:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with raw_server(flaky) as url:
        albums = spotify.catalog(api_url=url).albums(ARTIST, 5)
    assert len(albums) == 5
    assert len(seen) == 2


def test_a_slow_answer_is_left_in_time(spotify: SpotifyReplay) -> None:
    def silent(_connection: socket.socket, over: threading.Event) -> None:
        over.wait(10)

    with raw_server(silent) as url, pytest.raises(CatalogError, match="check the network"):
        spotify.catalog(api_url=url, seconds=0.2).albums(ARTIST, 5)


def test_no_page_that_was_answered_is_asked_for_again(spotify: SpotifyReplay, tmp_path: Path) -> None:
    spotify.albums("albums_page_1")
    spotify.albums("rate_limit_quota", offset=10, once=True)

    def catalog() -> SpotifyCatalog:
        return spotify.catalog(responses=ResponseCache(Cache(tmp_path), "spotify"))

    with pytest.raises(RateLimitError) as caught:
        catalog().albums(ARTIST, 8)
    assert caught.value.quota
    with pytest.raises(RateLimitError):
        catalog().albums(ARTIST, 8)
    assert len(spotify.calls) == 2
    Cache(tmp_path).put("wait", "spotify:", None)
    spotify.stock()
    assert len(catalog().albums(ARTIST, 8)) == 8
    assert len(catalog().albums(ARTIST, 5)) == 5
    assert [query["offset"] for _, query in spotify.calls] == ["0", "10", "10"]


def test_a_short_pause_is_waited_out_where_answers_are_kept(spotify: SpotifyReplay, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        cache.put("wait", "spotify:", None)

    spotify.albums("rate_limit_window", once=True)
    spotify.stock()
    catalog = spotify.catalog(responses=ResponseCache(cache, "spotify", sleep=sleep))
    assert len(catalog.albums(ARTIST, 5)) == 5
    assert len(pauses) <= 1


def test_a_run_stops_before_it_burns_the_day(spotify: SpotifyReplay, tmp_path: Path) -> None:
    spotify.stock()
    for _ in range(2):
        quota = DailyQuota(Cache(tmp_path), "me", 3, setting="SPOTITAGS_SPOTIFY_CALLS_A_DAY")
        with pytest.raises(RateLimitError, match="SPOTITAGS_SPOTIFY_CALLS_A_DAY") as caught:
            spotify.catalog(quota=quota).albums(ARTIST, 50)
        assert caught.value.quota
    assert len(spotify.calls) == 3


def test_918_releases_are_read_page_by_page_and_no_further_than_needed(spotify: SpotifyReplay) -> None:
    def page(request: Request) -> Response:
        offset = int(request.args["offset"])
        items = [
            {"id": f"{n:022}", "name": f"Release {n}", "images": [], "artists": [{"id": ARTIST, "name": "A"}]}
            for n in range(offset, min(offset + int(request.args["limit"]), 918))
        ]
        more = "more" if offset + 10 < 918 else None
        return Response(json.dumps({"items": items, "next": more, "total": 918}), mimetype="application/json")

    spotify.web.expect_request(f"/v1/artists/{ARTIST}/albums").respond_with_handler(page)
    albums = spotify.catalog().albums(ARTIST, 918)
    assert [album.name for album in albums] == [f"Release {n}" for n in range(918)]
    assert len(spotify.calls) == 92
    assert {query["limit"] for _, query in spotify.calls} == {"10"}
    assert len(spotify.catalog().albums(ARTIST, 25)) == 25
    assert len(spotify.calls) == 92 + 3
