from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from helpers.servers import ARTIST, SpotifyReplay, answer
from werkzeug import Response

from spotitags.catalogs.base import Match
from spotitags.errors import CatalogError, InputError

if TYPE_CHECKING:
    from werkzeug import Request

PLAYLIST = "3SpotiTagsFixtureList0"


def search_page(spotify: SpotifyReplay, name: str, offset: int) -> None:
    query = {"q": "the fixtures", "type": "artist", "market": "US", "limit": "10", "offset": str(offset)}
    spotify.web.expect_request("/v1/search", query_string=query).respond_with_response(
        answer(f"spotify/{name}.json")
    )


def test_a_search_takes_pages_of_ten(spotify: SpotifyReplay) -> None:
    search_page(spotify, "search_page_1", 0)
    search_page(spotify, "search_page_2", 10)
    assert spotify.catalog().search("the fixtures", 3)[0] == Match(ARTIST, "The Fixtures")
    assert len(spotify.calls) == 1
    found = spotify.catalog().search("the fixtures", 20)
    assert len(found) == 10
    assert found[-1].detail == "indie rock, 1,234 followers"
    assert [query["offset"] for _, query in spotify.calls] == ["0", "0", "10"]


@pytest.mark.parametrize(
    "form", ["{}", "spotify:playlist:{}", "https://open.spotify.com/intl-de/playlist/{}?si=1"]
)
def test_a_playlist_gives_the_first_artist_of_each_track_once(spotify: SpotifyReplay, form: str) -> None:
    query = {"market": "US", "limit": "50", "offset": "0", "additional_types": "track,episode"}
    spotify.web.expect_request(f"/v1/playlists/{PLAYLIST}/items", query_string=query).respond_with_response(
        answer("spotify/playlist_items.json")
    )
    artists = spotify.catalog().playlist(form.format(PLAYLIST))
    assert [(artist.id, artist.name) for artist in artists] == [
        (ARTIST, "The Fixtures"),
        ("4SpotiTagsFixtureBan02", "Fixture 2"),
    ]


def test_a_playlist_is_read_page_by_page_to_its_end(spotify: SpotifyReplay) -> None:
    def page(request: Request) -> Response:
        offset = int(request.args["offset"])
        numbers = range(offset, min(offset + int(request.args["limit"]), 120))
        items = [{"track": {"artists": [{"id": f"{n:022}", "name": f"Artist {n}"}]}} for n in numbers]
        body = {"items": items, "next": "more" if offset + 50 < 120 else None}
        return Response(json.dumps(body), mimetype="application/json")

    spotify.web.expect_request(f"/v1/playlists/{PLAYLIST}/items").respond_with_handler(page)
    artists = spotify.catalog().playlist(PLAYLIST)
    assert [artist.name for artist in artists] == [f"Artist {n}" for n in range(120)]
    assert [query["offset"] for _, query in spotify.calls] == ["0", "50", "100"]


@pytest.mark.parametrize("name", ["playlist_forbidden", "not_found"])
def test_a_playlist_that_spotify_hides_is_told_with_another_way(spotify: SpotifyReplay, name: str) -> None:
    spotify.web.expect_request(f"/v1/playlists/{PLAYLIST}/items").respond_with_response(
        answer(f"spotify/{name}.json")
    )
    with pytest.raises(CatalogError, match=r"does not show the playlist.*--artists FILE"):
        spotify.catalog().playlist(PLAYLIST)


def test_what_is_no_playlist_is_told_before_any_call(spotify: SpotifyReplay) -> None:
    with pytest.raises(InputError, match="not a playlist"):
        spotify.catalog().playlist("https://example.org/playlist/1")
    assert spotify.web.log == []


def test_a_playlist_gives_the_album_of_each_track_once(spotify: SpotifyReplay) -> None:
    def album(name: str) -> dict[str, object]:
        images = [{"url": "https://i.scdn.co/image/1", "width": 300, "height": 300}]
        artists = [{"id": ARTIST, "name": "The Fixtures"}]
        return {"id": name, "name": f"Album {name}", "images": images, "artists": artists}

    items = [
        {"item": {"album": album("a")}},
        {"track": {"album": album("b")}},
        {"item": {"album": album("a")}},
    ]
    body = {"items": [*items, None, {"item": None}, {"track": {"album": None}}], "next": None}
    spotify.web.expect_request(f"/v1/playlists/{PLAYLIST}/items").respond_with_json(body)
    albums = spotify.catalog().playlist_albums(PLAYLIST)
    assert [(each.id, each.name, each.artist.name) for each in albums] == [
        ("a", "Album a", "The Fixtures"),
        ("b", "Album b", "The Fixtures"),
    ]
    assert albums[0].images[0].url == "https://i.scdn.co/image/1"
    ((_, query),) = spotify.calls
    assert "album" in query["fields"]
