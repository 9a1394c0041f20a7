from __future__ import annotations

import json
import logging
import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from helpers.servers import ARTIST, SECRET, SpotifyReplay

from spotitags.errors import (
    ArtistNotFoundError,
    CatalogError,
    InputError,
    RateLimitError,
    SettingsError,
    SpotiTagsError,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_one_page_with_enough_titles_is_one_call_with_market_and_page_size(spotify: SpotifyReplay) -> None:
    spotify.stock()
    albums = spotify.catalog().albums(f"spotify:artist:{ARTIST}", 5)
    assert [album.name for album in albums] == [
        "Paper Lanterns (Deluxe Edition)",
        "Salt Roads",
        "Night Ferry",
        "Night Ferry (Live)",
        "Kiln",
    ]
    query = {"include_groups": "album", "market": "US", "limit": "10", "offset": "0"}
    assert spotify.calls == [(f"{ARTIST}/albums", query)]


def test_an_album_carries_what_the_catalogue_said(spotify: SpotifyReplay) -> None:
    spotify.stock()
    album = spotify.catalog().albums(ARTIST, 1)[0]
    assert (album.artist.id, album.artist.name, album.artist.genre) == (ARTIST, "The Fixtures", None)
    assert (album.kind, album.release_date) == ("album", "2021-05-07")
    assert [(image.width, image.height) for image in album.images] == [(640, 640), (300, 300), (64, 64)]
    assert all(image.url.startswith("https://i.scdn.co/image/") for image in album.images)


def test_albums_come_before_singles_before_compilations_and_never_appears_on(spotify: SpotifyReplay) -> None:
    spotify.stock()
    albums = spotify.catalog().albums(ARTIST, 50)
    assert [(album.kind, album.name) for album in albums[6:]] == [
        ("album", "Glass Harbour"),
        ("album", "First Light"),
        ("single", "Kite"),
        ("single", "Kite (Radio Edit)"),
        ("compilation", "Best of The Fixtures"),
    ]
    assert [query["include_groups"] for _, query in spotify.calls] == [
        "album",
        "album",
        "single",
        "compilation",
    ]


def test_later_kinds_are_not_asked_for_once_there_are_enough(spotify: SpotifyReplay) -> None:
    spotify.stock()
    assert len(spotify.catalog().albums(ARTIST, 9)) == 9
    assert [query["include_groups"] for _, query in spotify.calls] == ["album", "album", "single"]


def test_null_sizes_and_missing_images_are_no_trouble(spotify: SpotifyReplay) -> None:
    spotify.stock()
    glass, first = spotify.catalog().albums(ARTIST, 8)[6:]
    assert {(image.width, image.height) for image in glass.images} == {(None, None)}
    assert first.images == ()


def test_popularity_orders_and_picks_the_edition_where_it_is_there(spotify: SpotifyReplay) -> None:
    spotify.albums("albums_extended")
    albums = spotify.catalog().albums(ARTIST, 3)
    assert [album.name for album in albums] == ["Harbour Songs (Deluxe)", "Quarry", "Unheard Demos"]


def test_an_artist_without_releases_has_none(spotify: SpotifyReplay) -> None:
    for kind in ("album", "single", "compilation"):
        spotify.albums("albums_none", kind=kind)
    assert spotify.catalog().albums(ARTIST, 10) == []


def test_a_name_that_no_album_gives_is_asked_for(spotify: SpotifyReplay) -> None:
    spotify.albums("albums_other_name")
    spotify.artist("artist")
    assert spotify.catalog().albums(ARTIST, 1)[0].artist.name == "The Fixtures"
    assert spotify.calls[1][0] == ARTIST


def test_albums_are_kept_where_the_name_cannot_be_had(spotify: SpotifyReplay) -> None:
    spotify.albums("albums_other_name")
    spotify.artist("rate_limit_window")
    albums = spotify.catalog().albums(ARTIST, 1)
    assert [(album.name, album.artist.name) for album in albums] == [("Foundling", None)]


def test_a_catalogue_that_never_ends_is_left_after_a_few_pages(spotify: SpotifyReplay) -> None:
    for offset in range(0, 200, 10):
        spotify.albums("albums_page_1", offset=offset)
    for kind in ("single", "compilation"):
        spotify.albums("albums_none", kind=kind)
    assert len(spotify.catalog().albums(ARTIST, 20)) == 6
    assert len(spotify.calls) == 5 + 2


@pytest.mark.parametrize(
    ("name", "seconds", "quota"), [("rate_limit_window", 1, False), ("rate_limit_quota", 86_236, True)]
)
def test_a_rate_limit_surfaces_at_once_with_the_time_to_come_back(
    spotify: SpotifyReplay, name: str, seconds: int, *, quota: bool
) -> None:
    spotify.albums(name)
    with pytest.raises(RateLimitError, match=r"run again after 20.*finished work is cached") as caught:
        spotify.catalog().albums(ARTIST, 10)
    assert caught.value.quota is quota
    assert ("quota" in str(caught.value)) is quota
    assert caught.value.retry_at is not None
    expected = datetime.now(UTC) + timedelta(seconds=seconds)
    assert abs(caught.value.retry_at - expected) < timedelta(seconds=20)
    assert len(spotify.calls) == 1


@pytest.mark.parametrize("name", ["not_found", "bad_id"])
def test_an_unknown_artist_is_not_found(spotify: SpotifyReplay, name: str) -> None:
    spotify.albums(name)
    with pytest.raises(ArtistNotFoundError, match=f"{ARTIST}.*check the id"):
        spotify.catalog().albums(ARTIST, 10)


@pytest.mark.parametrize("name", ["unauthorized", "forbidden"])
def test_refused_keys_name_the_variables_and_the_alternative(spotify: SpotifyReplay, name: str) -> None:
    spotify.albums(name)
    with pytest.raises(SettingsError, match=r"SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET.*--offline"):
        spotify.catalog().albums(ARTIST, 10)


def test_a_refused_token_names_the_variables(spotify: SpotifyReplay) -> None:
    spotify.web.clear()
    spotify.token("token_refused")
    with pytest.raises(SettingsError, match=r"Invalid client secret.*SPOTIPY_CLIENT_SECRET"):
        spotify.catalog().albums(ARTIST, 10)


def test_a_rate_limit_on_tokens_is_one_as_well(spotify: SpotifyReplay) -> None:
    spotify.web.clear()
    spotify.token("rate_limit_quota")
    with pytest.raises(RateLimitError):
        spotify.catalog().albums(ARTIST, 10)


@pytest.mark.parametrize("changes", [{"client_id": ""}, {"client_secret": ""}, {"client_secret": "géheim"}])
def test_missing_or_mangled_keys_are_told_before_any_call(
    spotify: SpotifyReplay, changes: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match="SPOTIPY_CLIENT_ID") as caught:
        spotify.catalog(**changes).albums(ARTIST, 10)
    assert "é" not in str(caught.value)
    assert spotify.web.log == []


def test_a_server_error_that_passes_is_never_seen(spotify: SpotifyReplay) -> None:
    spotify.albums("server_error", once=True)
    spotify.albums("server_error", once=True)
    spotify.albums("albums_extended")
    assert len(spotify.catalog().albums(ARTIST, 2)) == 2
    assert len(spotify.calls) == 3


def test_a_server_error_that_stays_is_told_after_a_few_tries(spotify: SpotifyReplay) -> None:
    spotify.albums("server_error")
    with pytest.raises(CatalogError, match="HTTP 502"):
        spotify.catalog().albums(ARTIST, 10)
    assert len(spotify.calls) == 4


def test_a_market_is_checked_here_and_there(spotify: SpotifyReplay) -> None:
    with pytest.raises(InputError, match="'usa' is not a market"):
        spotify.catalog(market="usa").albums(ARTIST, 10)
    spotify.albums("bad_market")
    with pytest.raises(InputError, match="Invalid market code"):
        spotify.catalog().albums(ARTIST, 10)


def test_zero_albums_cannot_be_asked_for(spotify: SpotifyReplay) -> None:
    with pytest.raises(InputError, match="1 or more"):
        spotify.catalog().albums(ARTIST, 0)


@pytest.mark.parametrize(
    "body", ["<html>login</html>", "[]", '{"items": {}}', '{"error": "oops"}', "null", '"text"']
)
@pytest.mark.parametrize("status", [200, 302, 418, 500])
def test_nonsense_is_a_catalogue_error(spotify: SpotifyReplay, body: str, status: int) -> None:
    path = f"/v1/artists/{ARTIST}/albums"
    spotify.web.expect_request(path).respond_with_data(body, status, {"Location": "https://example.org/"})
    with pytest.raises(CatalogError):
        spotify.catalog().albums(ARTIST, 10)


@pytest.mark.parametrize("body", ["<html>login</html>", "[]", "{}", "null"])
def test_nonsense_for_a_token_is_a_catalogue_error(spotify: SpotifyReplay, body: str) -> None:
    spotify.web.clear()
    spotify.web.expect_request("/api/token").respond_with_data(body)
    with pytest.raises(CatalogError):
        spotify.catalog().albums(ARTIST, 10)


def test_keys_follow_no_redirect(spotify: SpotifyReplay) -> None:
    path = f"/v1/artists/{ARTIST}/albums"
    spotify.web.expect_request(path).respond_with_data(
        "", 302, {"Location": spotify.web.url_for("/elsewhere")}
    )
    with pytest.raises(CatalogError, match="HTTP 302"):
        spotify.catalog().albums(ARTIST, 10)
    assert [request.path for request, _ in spotify.web.log] == ["/api/token", path]


@pytest.mark.parametrize("odd", [1, True, {}, {"id": "a"}, [[]], "x", [{"id": None}]], ids=repr)
def test_an_entry_that_is_no_release_is_an_error_and_not_one_release_less(
    spotify: SpotifyReplay, odd: object
) -> None:
    page = {"items": [odd, {"id": "c", "name": "Good", "images": [{"url": "u"}]}], "next": None}
    spotify.web.expect_request(f"/v1/artists/{ARTIST}/albums").respond_with_json(page)
    with pytest.raises(CatalogError, match="malformed"):
        spotify.catalog().albums(ARTIST, 1)


def test_what_is_gone_is_passed_over(spotify: SpotifyReplay) -> None:
    guest = {"id": "b", "name": "Guest", "album_group": "appears_on"}
    odd = [None, {"id": None, "name": "Gone"}, {"id": "a", "name": ""}, guest]
    good = {"id": "c", "name": "Bare", "images": [None, {"url": None}, {"url": "u"}], "artists": [None]}
    page = {"items": [*odd, good], "next": None}
    spotify.web.expect_request(f"/v1/artists/{ARTIST}/albums").respond_with_json(page)
    albums = spotify.catalog().albums(ARTIST, 1)
    assert [(album.name, [image.url for image in album.images]) for album in albums] == [("Bare", ["u"])]


def test_no_server_is_a_catalogue_error_with_a_next_step(spotify: SpotifyReplay) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed_port = f"http://127.0.0.1:{free.getsockname()[1]}/"
    catalog = spotify.catalog(api_url=closed_port, token_url=closed_port)
    with pytest.raises(CatalogError, match=r"check the network.*--offline"):
        catalog.albums(ARTIST, 10)


def test_only_one_of_two_addresses_would_send_keys_to_the_real_spotify(spotify: SpotifyReplay) -> None:
    with pytest.raises(SettingsError, match="give both or neither"):
        spotify.catalog(token_url=None).albums(ARTIST, 10)


def test_secrets_stay_out_of_messages_logs_reprs_and_the_disk(
    spotify: SpotifyReplay,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    echo = json.dumps({"error": {"status": 403, "message": f"no: {SECRET}\n\x1b[31m"}})
    spotify.web.expect_request(f"/v1/artists/{ARTIST}/albums").respond_with_data(echo, 403)
    catalog = spotify.catalog()
    with pytest.raises(SpotiTagsError) as caught:
        catalog.albums(ARTIST, 10)
    logged = "".join(record.getMessage() for record in caplog.records if record.name != "werkzeug")
    printed = capfd.readouterr()
    seen = str(caught.value) + repr(catalog) + logged + printed.out + printed.err
    assert "no: ***" in seen
    for secret in (SECRET, "fixture-access-token", "Zml4dHVyZS1jbGllbnQt", "\x1b"):
        assert secret not in seen
    assert list(tmp_path.iterdir()) == []
