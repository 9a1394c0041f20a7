"""Answers of services in any form: one artist fails with a reason, the batch goes on, nothing bad is kept."""

from __future__ import annotations

import json
import math
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from clarifai_grpc.grpc.api import resources_pb2, service_pb2
from helpers.command_line import Run, spotitags
from helpers.cover_files import cover as picture
from helpers.faulty_services import FaultyServices, serving
from helpers.grpc_servers import KEY, ClarifaiReplay, GoogleReplay
from helpers.paid_covers import QUICK, covers
from helpers.servers import ARTIST, BAND, MusicBrainzReplay, SpotifyReplay, fixture
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from spotitags.catalogs.musicbrainz.responses import parse_linked_artist, parse_release_groups
from spotitags.catalogs.spotify import responses
from spotitags.catalogs.spotify.responses import parse_albums
from spotitags.covers.fetch import CoverFetcher
from spotitags.covers.fetch_cache import CoverFetchCache
from spotitags.errors import CatalogError, SpotiTagsError, TaggerError
from spotitags.io.cache import Cache
from spotitags.io.rate_limit import DailyQuota
from spotitags.io.response_cache import ResponseCache
from spotitags.records import Album, Artist, Image, Skipped
from spotitags.taggers.cloud.clarifai import ClarifaiTagger
from spotitags.taggers.cloud.google_vision import GoogleVisionTagger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("no_waiting")

ALBUMS = f"/v1/artists/{ARTIST}/albums"
DEEP = b"[" * 100_000 + b"]" * 100_000
ODD: list[Any] = [
    5, -1, 2**80, 1.5, True, "", "text", [], [[]], {}, {"a": {}}, None, [None], "9" * 5000, ["x"] * 3
]  # fmt: skip
FEW: list[Any] = [2**80, 1.5, "", [None], {"a": {}}, None]
BROKEN = {
    "deep list": DEEP,
    "deep object": b'{"items":' * 5000 + b"1" + b"}" * 5000,
    "NaN": b'{"items": NaN, "release-groups": NaN, "release-group-count": NaN}',
    "Infinity": b'{"items": [], "release-groups": [], "release-group-count": Infinity}',
    "1e999": b'{"items": 1e999, "release-groups": [], "release-group-count": 1e999}',
    "huge number": b'{"items": 1, "release-groups": [], "release-group-count": %s}' % (b"9" * 9999),
    "cut": b'{"items": [{"id": "a", "name": "b"',
    "not UTF-8": b'{"items": [], "next": "\xff\xfe"}',
    "UTF-16": '{"items": []}'.encode("utf-16"),
    "lone surrogate": b'{"items": [{"id": "a", "name": "\\udfff"}], "release-groups": [{"id": "\\ud800"}]}',
    "two values": b'{"items": []} {"items": []}',
    "empty": b"",
    "a number": b"1",
    "a list": b"[]",
}


def spotify_with(spotify: SpotifyReplay, body: bytes) -> None:
    """Give this answer for every list of releases."""
    spotify.web.expect_request(ALBUMS).respond_with_data(body, content_type="application/json")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_a_catalogue_error_that_names_the_service(
    spotify: SpotifyReplay, musicbrainz: MusicBrainzReplay, name: str
) -> None:
    spotify_with(spotify, BROKEN[name])
    with pytest.raises(CatalogError, match="Spotify"):
        spotify.catalog().albums(ARTIST, 5)
    musicbrainz.web.expect_request("/ws/2/release-group").respond_with_data(BROKEN[name])
    with pytest.raises(CatalogError, match="MusicBrainz"):
        musicbrainz.catalog().albums(BAND, 5)


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("status", [200, 400, 429])
def test_a_broken_answer_for_a_token_is_an_error_that_names_the_service(
    spotify: SpotifyReplay, name: str, status: int
) -> None:
    spotify.web.clear()
    spotify.web.expect_request("/api/token").respond_with_data(BROKEN[name], status)
    with pytest.raises(SpotiTagsError, match="Spotify"):
        spotify.catalog().albums(ARTIST, 5)


TOKEN = {"access_token": "abc", "token_type": "Bearer", "expires_in": 3600}


@pytest.mark.parametrize(
    "changes",
    [
        *({"expires_in": value} for value in ODD if value != 5),
        *({"access_token": value} for value in ODD if value not in ("text", "9" * 5000)),
        {"access_token": "a\r\nHost: b"},
        {"access_token": "ä"},
    ],
)
def test_a_token_of_another_type_is_an_error(spotify: SpotifyReplay, changes: dict[str, Any]) -> None:
    spotify.web.clear()
    spotify.web.expect_request("/api/token").respond_with_json(TOKEN | changes)
    with pytest.raises(CatalogError, match="Spotify"):
        spotify.catalog().albums(ARTIST, 5)


GOOD = {"id": "c", "name": "Kiln", "images": [{"url": "https://i.scdn.co/a", "width": 300, "height": 300}],
        "release_date": "2020", "popularity": 5, "artists": [{"id": ARTIST, "name": "A"}]}  # fmt: skip


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """Return JSON with another value at one place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


PAGE = {"items": [GOOD], "next": None}
PLACES: list[tuple[str | int, ...]] = [
    ("items",), ("next",), ("items", 0), *[("items", 0, field) for field in GOOD],
    ("items", 0, "images", 0), ("items", 0, "images", 0, "url"), ("items", 0, "images", 0, "width"),
    ("items", 0, "artists", 0), ("items", 0, "artists", 0, "id"), ("items", 0, "artists", 0, "name"),
]  # fmt: skip
GROUPS = fixture("musicbrainz/release_groups.json")["body"] | {"release-group-count": 1}
GROUP_PLACES: list[tuple[str | int, ...]] = [
    ("release-groups",), ("release-group-count",), ("release-groups", 0),
    *[("release-groups", 0, field) for field in GROUPS["release-groups"][0]],
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_any_value_at_any_place_gives_albums_or_an_error_and_is_kept_only_if_it_fits(
    spotify: SpotifyReplay, cache: Cache, place: tuple[str | int, ...]
) -> None:
    for number, odd in enumerate(FEW):
        spotify.web.clear()
        spotify.token("token")
        for kind in ("single", "compilation"):
            spotify.albums("albums_none", kind=kind)
        spotify_with(spotify, json.dumps(replaced(PAGE, place, odd)).encode())
        catalog = spotify.catalog(ResponseCache(cache, f"spotify-{number}"))
        try:
            albums = catalog.albums(ARTIST, 1)
            with CoverFetcher() as fetcher:
                CoverFetchCache(fetcher, cache).requests(albums)
        except CatalogError as error:
            assert "Spotify" in str(error)  # noqa: PT017
        spotify.web.clear()
        spotify.token("token")
        spotify_with(spotify, json.dumps(PAGE).encode())
        again = spotify.catalog(ResponseCache(cache, f"spotify-{number}")).albums(ARTIST, 1)
        assert all(isinstance(album.name, str) for album in again)


@pytest.mark.parametrize("place", GROUP_PLACES, ids=str)
def test_any_value_at_any_place_of_musicbrainz_s_answer(
    musicbrainz: MusicBrainzReplay, place: tuple[str | int, ...]
) -> None:
    for odd in ODD:
        musicbrainz.web.clear()
        musicbrainz.web.expect_request("/ws/2/release-group").respond_with_json(replaced(GROUPS, place, odd))
        try:
            albums = musicbrainz.catalog(refresh=True).albums(BAND, 100)
        except CatalogError as error:
            assert "MusicBrainz" in str(error)  # noqa: PT017
        else:
            assert all(isinstance(album.name, str) for album in albums)


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("url", lambda catalog: catalog.albums(ARTIST, 5)),
        ("artist", lambda catalog: catalog.search("a")),
        (f"artist/{BAND}", lambda catalog: catalog.genres(BAND)),
    ],
)
def test_other_answers_of_musicbrainz_of_any_form(
    musicbrainz: MusicBrainzReplay, path: str, call: Callable[[Any], Any]
) -> None:
    relation = {"target-type": "artist", "artist": {"id": BAND, "name": "A"}}
    for odd in FEW:
        forms = [
            odd,
            {"relations": odd, "artists": odd, "genres": odd, "name": odd},
            {"relations": [odd], "artists": [odd], "genres": [odd], "name": "A"},
            {"relations": [relation | {"artist": odd}], "artists": [{"id": odd, "name": odd}],
             "genres": [{"name": odd, "count": odd}], "name": "A"},
            {"relations": [relation | {"artist": {"id": odd, "name": odd}}],
             "artists": [{"id": BAND, "name": "A", "life-span": odd, "area": odd, "country": odd}],
             "genres": [{"name": "rock", "count": odd}], "name": "A"},
        ]  # fmt: skip
        for form in forms:
            musicbrainz.web.clear()
            musicbrainz.web.expect_request(f"/ws/2/{path}").respond_with_json(form)
            musicbrainz.web.expect_request("/ws/2/release-group").respond_with_json(GROUPS)
            try:
                call(musicbrainz.catalog(refresh=True))
            except CatalogError as error:
                assert "MusicBrainz" in str(error)  # noqa: PT017


def test_of_two_equal_fields_the_last_counts_everywhere(spotify: SpotifyReplay) -> None:
    one = json.dumps(GOOD)[:-1] + ', "name": "Other"}'
    spotify_with(spotify, b'{"items": [], "next": null, "items": [' + one.encode() + b"]}")
    assert [album.name for album in spotify.catalog().albums(ARTIST, 1)] == ["Other"]


BAD_ROWS: list[Any] = [
    *ODD, {"answer": None}, {"answer": {"items": [{"id": 1}], "more": False}}, {"missing": 5},
    {"answer": {"items": [GOOD | {"images": [{"url": {"a": 1}}], "artists": []}], "more": False}},
    {"answer": {"items": [GOOD | {"artists": [["only an id"]]}], "more": False}},
]  # fmt: skip


@pytest.mark.parametrize("row", BAD_ROWS, ids=lambda row: str(row)[:40])
def test_bad_rows_of_an_old_cache_are_ignored_and_fetched_again(
    spotify: SpotifyReplay, musicbrainz: MusicBrainzReplay, cache: Cache, row: Any
) -> None:
    spotify_with(spotify, json.dumps(PAGE).encode())
    cache.put("wait", "spotify:", row)
    request = f"artist_albums/{ARTIST}?include_groups=album&limit=10&offset=0&for=US"
    cache.put("answer", f"1:spotify:{request}", row)
    cache.put("calls", "me:artist_albums", row)
    quota = DailyQuota(cache, "me", 500, setting="S")
    albums = spotify.catalog(ResponseCache(cache, "spotify"), quota=quota).albums(ARTIST, 1)
    assert [album.name for album in albums] == ["Kiln"]
    assert len(spotify.calls) == 1

    musicbrainz.stock()
    own = Cache(musicbrainz.cache)
    catalog = musicbrainz.catalog()
    expected = catalog.albums(ARTIST, 5)
    with own._opened() as opened:
        keys = [str(key) for key in opened if str(key).startswith("answer:")]
    assert len(keys) == 2
    for key in keys:
        own.put("answer", key.removeprefix("answer:"), row)
    assert musicbrainz.catalog().albums(ARTIST, 5) == expected


@pytest.mark.parametrize("row", [*ODD, ["a", 1], [1, 2, 3]], ids=lambda row: str(row)[:40])
def test_bad_rows_about_covers_are_ignored(cache: Cache, httpserver: Any, row: Any) -> None:
    httpserver.expect_request("/a").respond_with_data(picture())
    album = Album("id", "Kiln", Artist("a"), (Image(httpserver.url_for("/a")),))
    for kind in ("unusable", "digest"):
        cache.put(kind, album.images[0].url, row if kind == "unusable" or not isinstance(row, str) else None)
    with CoverFetcher() as fetcher:
        fetch = CoverFetchCache(fetcher, cache)
        (request,) = fetch.requests([album])
        assert request.skipped is None
        assert request.digest is None
        fetch.fetch([request])
        assert request.digest
        cache.put("size", request.digest, row)
        (again,) = fetch.requests([album])
    assert again.digest == request.digest
    assert again.size is None


def test_one_artist_fails_and_the_batch_goes_on(tmp_path: Path) -> None:
    """A server that answers about one artist in nonsense, and is healthy in the next run."""
    # The server knows nine ids in ten, and seven covers in eight.
    refs = [f"{number:022}" for number in range(20)]
    ids = [ref for ref in refs if zlib.crc32(ref.encode()) % 10 and zlib.crc32(f"{ref}0".encode()) % 8][:3]

    class Nonsense(FaultyServices):
        broken = True

        def spotify(self, path: str, query: Any) -> Any:
            if self.broken and path.split("/")[1] == ids[1]:
                return {"items": [GOOD | {"images": [{"url": ["a"], "width": "wide"}]}], "next": None}
            return super().spotify(path, query)

    with serving(Nonsense()) as services:
        keys = {"SPOTIPY_CLIENT_ID": "id", "SPOTIPY_CLIENT_SECRET": "fixture-secret"}

        def run() -> Run:
            options = ["--catalog", "spotify", "--tagger", "lite", "--albums", 1, "--json"]
            return spotitags("tag", *ids, *options, home=tmp_path, **services.environment(), **keys)

        first = run()
        services.broken = False
        second = run()
    good, bad, other = map(json.loads, first.stdout.splitlines())
    assert bad["error"]["type"] == "CatalogError"
    assert "Spotify's response is malformed (items.0.images.0.url: " in bad["error"]["message"]
    assert good["tags"]
    assert other["tags"]
    assert [json.loads(line)["artist"]["id"] for line in second.stdout.splitlines()] == ids
    assert (first.returncode, second.returncode) == (3, 0)


# Paid taggers


class OddClarifai(ClarifaiReplay):
    """Clarifai with other concepts for the first cover."""

    concepts: Sequence[tuple[str, float]] = ()

    def deliver(self, answer: service_pb2.MultiOutputResponse) -> Any:
        first = answer.outputs[0].data
        del first.concepts[:]
        first.concepts.extend(resources_pb2.Concept(name=name, value=value) for name, value in self.concepts)
        return answer


class OddGoogle(GoogleReplay):
    """Google Vision with other labels for the first cover."""

    concepts: Sequence[tuple[str, float]] = ()

    def deliver(self, responses: list[dict[str, Any]]) -> list[dict[str, Any]]:
        names = {math.inf: "Infinity", -math.inf: "-Infinity"}  # of numbers in the JSON of protobuf
        scores = {
            name: "NaN" if math.isnan(value) else names.get(value, value) for name, value in self.concepts
        }
        labels = [{"description": name, "score": score} for name, score in scores.items()]
        return [{"labelAnnotations": labels}, *responses[1:]]


def clarifai_with(concepts: list[tuple[str, float]]) -> list[Any]:
    server = OddClarifai()
    server.answers("outputs")
    server.concepts = concepts
    with server.running():
        return ClarifaiTagger(SecretStr(KEY), address=server.address, retry_limits=QUICK).tag(covers(2))


def google_with(concepts: list[tuple[str, float]]) -> list[Any]:
    server = OddGoogle()
    server.answers("labels")
    server.concepts = concepts
    with server.running():
        return GoogleVisionTagger(None, address=server.address, retry_limits=QUICK).tag(covers(2))


SERVICES = [clarifai_with, google_with]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("weight", [math.nan, math.inf, -math.inf, 1.5, -0.5, 100.0])
def test_a_weight_out_of_range_costs_one_cover_and_is_not_kept(
    service: Callable[[list[tuple[str, float]]], list[Any]], weight: float
) -> None:
    odd, good = service([("skull", 0.9), ("metal", weight)])
    assert isinstance(odd, Skipped)
    assert "malformed" in odd.reason
    assert len(good) > 0
    assert not isinstance(good, Skipped)


@pytest.mark.parametrize("service", SERVICES)
def test_thousands_of_labels_empty_and_long_ones_become_few_plain_ones(
    service: Callable[[list[tuple[str, float]]], list[Any]],
) -> None:
    many = [(f"label {number}", number / 10_000) for number in range(10_000)]
    odd, _ = service([("", 1.0), (" \t", 1.0), ("\x1b[31mred" + "x" * 5000, 1.0), *many])
    assert len(odd) == 20
    assert all(tag.label and tag.label.isprintable() and len(tag.label) <= 100 for tag in odd)
    assert all(0 < tag.weight <= 1 for tag in odd)


def test_an_answer_of_many_megabytes_is_refused_and_not_paid_for_again() -> None:
    server = OddClarifai()
    server.answers("outputs")
    server.concepts = [("x" * 1000, 0.5)] * 20_000
    with server.running(), pytest.raises(TaggerError, match="more than 16 MB"):
        ClarifaiTagger(SecretStr(KEY), address=server.address, retry_limits=QUICK).tag(covers(2))
    assert len(server.calls) == 1


FIELDS = st.sampled_from(["items", "next", "id", "name", "images", "url", "artists"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_any_json_gives_a_page_or_an_error_of_its_schema(value: Any) -> None:
    for parse, schema in (
        (responses.parse_albums, responses.ALBUM_PAGE),
        (responses.parse_search, responses.ROW_PAGE),
        (responses.parse_playlist, responses.ROW_PAGE),
    ):
        try:
            kept = schema.dump_python(schema.validate_python(parse(value)), mode="json")
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        assert schema.dump_python(schema.validate_python(kept), mode="json") == kept
        json.dumps(kept, allow_nan=False)


LINK = {"target-type": "artist", "artist": {"id": BAND, "name": "A"}}
CREDITED = {
    "release-group-count": 1,
    "release-groups": [
        {"id": BAND, "title": "T", "artist-credit": [{"artist": {"id": BAND, "name": "As credited"}}]}
    ],
}
GUEST_PAGE = {"items": [{"id": "a", "name": "A", "album_group": "appears_on"}], "next": None}


@pytest.mark.parametrize("odd", [{"a": {"b": []}}, [[]], 10**400, True, [{"id": None}]], ids=repr)
@pytest.mark.parametrize(
    ("parse", "answer", "place"),
    [
        (parse_linked_artist, {"relations": [LINK]}, ("relations", 0, "target-type")),
        (
            partial(parse_release_groups, mbid=BAND),
            CREDITED,
            ("release-groups", 0, "artist-credit", 0, "artist", "id"),
        ),
        (parse_albums, GUEST_PAGE, ("next",)),
        (parse_albums, GUEST_PAGE, ("items", 0, "album_group")),
    ],
    ids=lambda value: str(value) if isinstance(value, tuple) else "",
)
def test_a_value_that_decides_what_is_used_must_be_a_text(
    parse: Callable[[Any], object], answer: dict[str, Any], place: tuple[str | int, ...], odd: object
) -> None:
    parse(answer)
    with pytest.raises(TypeError):
        parse(replaced(answer, place, odd))
