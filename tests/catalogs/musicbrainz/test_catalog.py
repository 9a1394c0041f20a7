from __future__ import annotations

import json
import re
import socket
from typing import Any

import pytest
from helpers.servers import ARTIST, BAND, CONTACT, OTHER_BAND, HasParameters, MusicBrainzReplay, fixture

from spotitags.catalogs.base import Match
from spotitags.catalogs.musicbrainz.client import pause_for
from spotitags.errors import (
    ArtistNotFoundError,
    CatalogError,
    InputError,
    RateLimitError,
    SettingsError,
    SpotiTagsError,
)
from spotitags.records import Artist

pytestmark = pytest.mark.usefixtures("no_waiting")

PLAIN = ["Glass Harbour", "Salt Roads", "The Fixtures", "The Fixtures", "Night Ferry", "Undated"]


def names(albums: Any) -> list[str]:
    return [album.name for album in albums]


@pytest.mark.parametrize(
    "ref", [ARTIST, f"spotify:artist:{ARTIST}", f"https://open.spotify.com/artist/{ARTIST}?si=1"]
)
def test_a_spotify_artist_is_found_by_its_link_in_two_requests(
    musicbrainz: MusicBrainzReplay, ref: str
) -> None:
    musicbrainz.stock()
    albums = musicbrainz.catalog().albums(ref, 10)
    assert albums[0].artist == Artist(ARTIST, "The Fixtures")
    assert [path for path, _ in musicbrainz.calls] == ["url", "release-group"]
    assert musicbrainz.calls[1][1] == {
        "artist": BAND, "type": "album", "release-group-status": "website-default",
        "inc": "artist-credits", "limit": "100", "offset": "0", "fmt": "json",
    }  # fmt: skip


@pytest.mark.parametrize("ref", [BAND, BAND.upper(), f"https://musicbrainz.org/artist/{BAND}/releases"])
def test_an_mbid_or_its_page_needs_no_link(musicbrainz: MusicBrainzReplay, ref: str) -> None:
    musicbrainz.stock()
    albums = musicbrainz.catalog().albums(ref, 10)
    assert albums[0].artist == Artist(BAND, "The Fixtures")
    assert [path for path, _ in musicbrainz.calls] == ["release-group"]


def test_plain_albums_come_first_by_age_without_live_and_compilation(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.stock()
    albums = musicbrainz.catalog().albums(ARTIST, 10)
    assert names(albums) == [*PLAIN, "Harbour Nights: The Film"]
    assert albums[0].release_date == "2009-10-02"
    assert albums[5].release_date is None
    assert {album.kind for album in albums} == {"album"}
    assert names(musicbrainz.catalog().albums(ARTIST, 2)) == PLAIN[:2]


def test_the_order_is_the_same_in_whichever_order_they_come(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.answers("url", "url")
    page = fixture("musicbrainz/release_groups.json")["body"]
    page["release-groups"].reverse()
    musicbrainz.web.expect_request("/ws/2/release-group").respond_with_json(page)
    assert names(musicbrainz.catalog().albums(ARTIST, 10))[:6] == PLAIN


def test_more_kinds_come_when_asked_for_albums_before_eps_before_singles(
    musicbrainz: MusicBrainzReplay,
) -> None:
    musicbrainz.answers("url", "url")
    musicbrainz.answers("release-group", "release_groups_also", type="album|ep|single")
    catalog = musicbrainz.catalog(also=["single", "ep", "live", "compilation"])
    albums = catalog.albums(ARTIST, 10)
    assert [(album.kind, album.name) for album in albums] == [
        ("album", "Glass Harbour"),
        ("compilation", "Best Of"),
        ("album", "Live at the Quay"),
        ("single", "Kite"),
        ("single", "Slow Tide"),
    ]


def test_covers_are_fronts_of_500_and_250_pixels(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.stock()
    album = musicbrainz.catalog().albums(ARTIST, 1)[0]
    front = musicbrainz.web.url_for(f"/archive/release-group/{album.id}/front")
    assert [(image.url, image.width) for image in album.images] == [
        (f"{front}-500", 500),
        (f"{front}-250", 250),
    ]


def test_pages_of_a_hundred_are_read_to_the_end(musicbrainz: MusicBrainzReplay) -> None:
    group = fixture("musicbrainz/release_groups.json")["body"]["release-groups"][0]
    for offset in (0, 100, 200):
        groups = [
            group | {"title": f"{n:03}", "id": f"{n:03}"} for n in range(offset, min(offset + 100, 230))
        ]
        page = {"release-group-count": 230, "release-group-offset": offset, "release-groups": groups}
        asked = HasParameters({"offset": str(offset), "limit": "100"})
        musicbrainz.web.expect_request("/ws/2/release-group", query_string=asked).respond_with_json(page)
    albums = musicbrainz.catalog().albums(BAND, 1000)
    assert names(albums) == [f"{n:03}" for n in range(230)]
    assert len(musicbrainz.calls) == 3


@pytest.mark.parametrize(("count", "pages"), [(99, 1), (100, 1), (101, 2), (200, 2), (5000, 10)])
def test_no_page_after_the_last_is_requested(musicbrainz: MusicBrainzReplay, count: int, pages: int) -> None:
    group = fixture("musicbrainz/release_groups.json")["body"]["release-groups"][0]
    page = {"release-group-count": count, "release-groups": [group]}
    musicbrainz.web.expect_request("/ws/2/release-group").respond_with_json(page)
    musicbrainz.catalog().albums(BAND, 1)
    assert [query["offset"] for _, query in musicbrainz.calls] == [str(100 * n) for n in range(pages)]


def test_a_count_that_promises_too_much_ends_with_an_empty_page(musicbrainz: MusicBrainzReplay) -> None:
    group = fixture("musicbrainz/release_groups.json")["body"]["release-groups"][0]
    for offset, groups in ((0, [group]), (100, [])):
        page = {"release-group-count": 900, "release-groups": groups}
        asked = HasParameters({"offset": str(offset)})
        musicbrainz.web.expect_request("/ws/2/release-group", query_string=asked).respond_with_json(page)
    assert len(musicbrainz.catalog().albums(BAND, 1000)) == 1
    assert len(musicbrainz.calls) == 2


def test_requests_name_the_contact(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.stock()
    musicbrainz.catalog().albums(BAND, 1)
    agent = musicbrainz.web.log[0][0].headers["User-Agent"]
    assert re.fullmatch(rf"SpotiTags/\d+\.\d+\S* \( {CONTACT} \)", agent)


@pytest.mark.parametrize("contact", [None, "", "me", "me@example.org\r\nX: y", "mé@example.org", "a b@c"])
def test_no_contact_no_request(musicbrainz: MusicBrainzReplay, contact: str | None) -> None:
    with pytest.raises(SettingsError, match=r"SPOTITAGS_CONTACT.*e-mail or web address|neither an e-mail"):
        musicbrainz.catalog(contact=contact).albums(ARTIST, 1)
    assert musicbrainz.web.log == []


def test_what_was_answered_is_not_asked_again_even_without_a_contact(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.stock()
    first = musicbrainz.catalog().albums(ARTIST, 10)
    assert musicbrainz.catalog(contact=None).albums(ARTIST, 3) == first[:3]
    assert len(musicbrainz.calls) == 2
    assert musicbrainz.catalog(refresh=True).albums(ARTIST, 10) == first
    assert len(musicbrainz.calls) == 4


@pytest.mark.parametrize("name", ["not_found", "url_without_artist"])
def test_an_artist_without_a_link_says_what_else_can_be_given(
    musicbrainz: MusicBrainzReplay, name: str
) -> None:
    musicbrainz.answers("url", name)
    for _ in range(2):
        with pytest.raises(ArtistNotFoundError, match=rf"{ARTIST}.*--name.*MBID"):
            musicbrainz.catalog().albums(ARTIST, 10)
    assert len(musicbrainz.calls) == 1


def test_an_unknown_mbid_is_not_found(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.answers("release-group", "not_found")
    with pytest.raises(ArtistNotFoundError, match="check the id"):
        musicbrainz.catalog().albums(BAND, 10)


def test_an_artist_of_live_albums_alone_says_how_to_get_them(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.answers("release-group", "release_groups_live_only")
    with pytest.raises(ArtistNotFoundError, match="--also live"):
        musicbrainz.catalog().albums(BAND, 10)
    assert names(musicbrainz.catalog(also=["live"]).albums(BAND, 10)) == ["Live at the Quay"]


def test_load_that_passes_is_never_seen(musicbrainz: MusicBrainzReplay) -> None:
    for _ in range(2):
        musicbrainz.answers("release-group", "overloaded", once=True)
    musicbrainz.stock()
    assert len(musicbrainz.catalog().albums(BAND, 3)) == 3
    assert len(musicbrainz.calls) == 3


def test_load_that_stays_is_told_with_what_to_do(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.answers("release-group", "overloaded")
    with pytest.raises(CatalogError, match=r"HTTP 503.*run again later.*--offline"):
        musicbrainz.catalog().albums(BAND, 3)


def test_a_pause_over_the_cap_is_raised_at_once_and_holds_the_next_run(
    musicbrainz: MusicBrainzReplay,
) -> None:
    musicbrainz.web.expect_request("/ws/2/url").respond_with_data(b"", 503, {"Retry-After": "600"})
    for _ in range(2):
        with pytest.raises(RateLimitError, match=r"MusicBrainz.*run again after.*finished work is cached"):
            musicbrainz.catalog().albums(ARTIST, 3)
    assert len(musicbrainz.calls) == 1


def test_a_refused_client_is_a_matter_of_settings(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.answers("release-group", "forbidden")
    with pytest.raises(SettingsError, match="SPOTITAGS_CONTACT"):
        musicbrainz.catalog().albums(BAND, 3)


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"null", b"{}", b'{"release-groups": 3}', b'{"release-groups": [{}]}', b"\xff"]
)
def test_nonsense_is_asked_for_again_and_then_named(musicbrainz: MusicBrainzReplay, body: bytes) -> None:
    musicbrainz.web.expect_request("/ws/2/release-group").respond_with_data(body)
    with pytest.raises(CatalogError, match=r"is malformed.*try later"):
        musicbrainz.catalog().albums(BAND, 3)
    assert len(musicbrainz.calls) == 2


def test_an_answer_cut_short_is_whole_the_second_time(musicbrainz: MusicBrainzReplay) -> None:
    whole = json.dumps(fixture("musicbrainz/release_groups.json")["body"])
    musicbrainz.web.expect_oneshot_request("/ws/2/release-group").respond_with_data(whole[:500])
    musicbrainz.stock()
    assert len(musicbrainz.catalog().albums(BAND, 3)) == 3


def test_a_closed_port_is_a_catalogue_error_with_a_next_step(musicbrainz: MusicBrainzReplay) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    catalog = musicbrainz.catalog(url=f"http://127.0.0.1:{port}")
    with pytest.raises(CatalogError, match=r"connection.*--offline"):
        catalog.albums(ARTIST, 3)


@pytest.mark.parametrize(
    ("ref", "limit"), [("Metallica", 3), ("", 3), (BAND[:-1], 3), (ARTIST, 0), ("4f1b2c3d", 1)]
)
def test_what_is_no_artist_is_told_before_any_request(
    musicbrainz: MusicBrainzReplay, ref: str, limit: int
) -> None:
    with pytest.raises(InputError):
        musicbrainz.catalog().albums(ref, limit)
    assert musicbrainz.web.log == []


def test_unknown_kinds_are_refused(musicbrainz: MusicBrainzReplay) -> None:
    with pytest.raises(InputError, match=r"bootleg.*live, compilation, ep, single"):
        musicbrainz.catalog(also=["bootleg"])


def test_artists_are_found_by_name_with_what_tells_them_apart(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.answers("artist", "search_several", query=r"the fixtures\: \(uk\) or not", limit="5")
    found = musicbrainz.catalog().search("The Fixtures: (UK) OR NOT", 5)
    assert found == [
        Match(BAND, "The Fixtures", "GB, 2006"),
        Match(OTHER_BAND, "THE FIXTURES", "Leeds, brass band"),
    ]
    musicbrainz.answers("artist", "search_none", query="nobody")
    assert musicbrainz.catalog().search("nobody") == []
    assert [query["limit"] for _, query in musicbrainz.calls] == ["5", "10"]


def test_genres_come_with_their_votes_most_first(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.stock()
    artist, votes = musicbrainz.catalog().genres(ARTIST)
    assert artist == Artist(ARTIST, "The Fixtures")
    assert list(votes.items()) == [("dream pop", 9), ("indie rock", 9), ("post-punk", 4), ("rock", 3)]


@pytest.mark.parametrize(
    ("url", "wished", "held"),
    [
        (None, 0.0, 1.0),
        (None, 2.5, 2.5),
        ("https://musicbrainz.org", 0.1, 1.0),
        ("https://beta.musicbrainz.org/", 0.1, 1.0),
        ("http://127.0.0.1:5000", 0.1, 0.1),
        ("https://mirror.example.org", 0.0, 0.0),
    ],
)
def test_only_a_mirror_may_be_asked_more_often_than_once_a_second(
    url: str | None, wished: float, held: float
) -> None:
    assert pause_for(url, wished) == held


def test_every_failure_is_one_of_ours(musicbrainz: MusicBrainzReplay) -> None:
    for status in (400, 401, 404, 410, 418, 500, 502):
        musicbrainz.web.clear()
        musicbrainz.web.expect_request("/ws/2/url").respond_with_data(b"?", status)
        with pytest.raises(SpotiTagsError, match=r"; |: "):
            musicbrainz.catalog(refresh=True).albums(ARTIST, 3)
