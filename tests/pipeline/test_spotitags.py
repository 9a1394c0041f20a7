"""The façade as a library user meets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from helpers.manifests import STYLES, cover, labelled, manifest
from helpers.quick_training import quick_training
from helpers.servers import ARTIST, SpotifyReplay, fixture
from werkzeug import Response

import spotitags
from spotitags.catalogs.labels import read_labels
from spotitags.errors import ArtistNotFoundError, InputError, RateLimitError, SpotiTagsError
from spotitags.io.cache import Cache
from spotitags.io.response_cache import ResponseCache
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.records import Tag
from spotitags.settings import Settings
from spotitags.training.ensemble import train

if TYPE_CHECKING:
    from pathlib import Path

METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_dir=tmp_path / "cache")


def test_tags_are_label_weight_pairs_heaviest_first(settings: Settings) -> None:
    tags = SpotiTags(settings=settings, offline=True).tag(METALLICA)[:10]
    assert len(tags) == 10
    for label, weight in tags:
        assert isinstance(label, str)
        assert 0 < weight <= 10
    assert [tag.weight for tag in tags] == sorted((tag.weight for tag in tags), reverse=True)
    assert not settings.cache_dir.exists(), "the bundled library needs no cache"


def test_a_bag_knows_the_artist_and_its_covers(settings: Settings) -> None:
    bag = SpotiTags(settings=settings, offline=True, albums=4).bag(METALLICA)
    assert (bag.artist.name, bag.tagger, bag.covers) == ("Metallica", "lite", 4)
    assert bag.weights() == dict(bag.tags)


def test_a_frame_has_a_row_an_artist_and_a_column_a_label(settings: Settings) -> None:
    spoti = SpotiTags(settings=settings, offline=True)
    ids = [artist.id for artist in spoti.artists()][:5]
    frame = spoti.frame(ids)
    assert list(frame.index) == ids
    bag = spoti.bag(ids[2])
    row = frame.loc[ids[2]]
    assert {label: row[label] for label in row.index if row[label] > 0} == pytest.approx(bag.weights())


def test_a_prediction_is_explained_only_when_asked(settings: Settings) -> None:
    spoti = SpotiTags(settings=settings, offline=True)
    assert spoti.predict(METALLICA).reasons == ()
    explained = spoti.predict(METALLICA, explain=True)
    assert explained.reasons
    assert explained.votes == spoti.predict(METALLICA).votes


def test_an_unknown_artist_raises_and_in_a_row_of_several_only_reports(settings: Settings) -> None:
    spoti = SpotiTags(settings=settings, offline=True)
    with pytest.raises(ArtistNotFoundError):
        spoti.predict("0" * 22)
    answers = dict(spoti.predictions(["0" * 22, METALLICA]))
    assert isinstance(answers["0" * 22], SpotiTagsError)
    assert not isinstance(answers[METALLICA], SpotiTagsError)


def test_every_choice_is_said_once(settings: Settings, tmp_path: Path) -> None:
    said: list[str] = []
    path = manifest(tmp_path / "covers", {"a": "sea"}, covers=2)
    spoti = SpotiTags(settings=settings, manifest=path, tagger="lite", notify=said.append)
    spoti.predict("a")
    spoti.tag("a")
    assert said[:2] == ["catalog folder: a manifest was given", "tagger lite: requested"]
    assert said[2:] == [
        "model: voters on text abstain, since that tagger does not run",
        "model: it was not trained on the catalogue's genre sea, and cannot predict it",
    ]


def test_a_tagger_of_ones_own_needs_no_registration(settings: Settings, tmp_path: Path) -> None:
    class Size:
        name = "size"
        version = "1"
        image_size = 150
        batch_size = 2

        def tag(self, covers: Any) -> list[list[Tag]]:
            return [[Tag("large" if min(cover.pixels.shape[:2]) > 100 else "small", 1.0)] for cover in covers]

    path = manifest(tmp_path / "covers", {"a": "sea"}, covers=3)
    assert SpotiTags(settings=settings, manifest=path, tagger=Size()).tag("a") == [Tag("large", 3.0)]  # type: ignore[arg-type]


def test_spotify_from_id_to_tags_through_real_clients(spotify: SpotifyReplay, settings: Settings) -> None:
    page = fixture("spotify/albums_page_1.json")
    for number, item in enumerate(page["body"]["items"]):
        for image in item["images"]:
            image["url"] = spotify.web.url_for(f"/covers/{number}.jpg")
        spotify.web.expect_request(f"/covers/{number}.jpg").respond_with_response(
            Response(cover("sea", number))
        )
    page["body"]["next"] = None
    spotify.web.expect_request(f"/v1/artists/{ARTIST}/albums").respond_with_json(page["body"])
    keyed = settings.model_copy(
        update={
            "spotify_client_id": "id",
            "spotify_client_secret": Settings.model_validate(
                {"SPOTIPY_CLIENT_SECRET": "s"}
            ).spotify_client_secret,
            "spotify_api_url": spotify.web.url_for("/v1/"),
            "spotify_token_url": spotify.web.url_for("/api/token"),
        }
    )
    said: list[str] = []
    spoti = SpotiTags(settings=keyed, tagger="lite", albums=3, notify=said.append)
    bag = spoti.bag(f"https://open.spotify.com/artist/{ARTIST}")
    assert said[0] == "catalog spotify: its keys are set"
    assert (bag.artist.name, bag.covers) == ("The Fixtures", 3)
    assert "blue" in bag.weights()
    asked = len(spotify.web.log)
    assert SpotiTags(settings=keyed, tagger="lite", albums=3).bag(ARTIST).tags == bag.tags
    assert len(spotify.web.log) == asked, "a second run asks nobody"


def test_a_used_up_quota_stops_the_questions_but_not_the_answers(
    spotify: SpotifyReplay, settings: Settings
) -> None:
    spotify.web.expect_request(f"/v1/artists/{ARTIST}/albums").respond_with_response(
        Response(
            json.dumps(fixture("spotify/rate_limit_quota.json")["body"]),
            429,
            {"Retry-After": "86236"},
            mimetype="application/json",
        )
    )
    kept = ResponseCache(Cache(settings.cache_dir), "spotify")
    spoti = SpotiTags(settings=settings, catalog=spotify.catalog(responses=kept), tagger="lite")
    answers = list(spoti.all_bags([ARTIST, "1" * 22, "2" * 22]))
    assert len(answers) == 3
    assert all(isinstance(answer, RateLimitError) and answer.quota for _, answer in answers)
    assert len(spotify.calls) == 1


@pytest.mark.parametrize("albums", [0, -1])
def test_out_of_range_arguments_are_refused_at_once(albums: int) -> None:
    with pytest.raises(InputError, match="at least 1"):
        SpotiTags(albums=albums)


def test_training_is_the_same_for_the_same_seed_and_covers(settings: Settings, tmp_path: Path) -> None:
    labels = labelled(tmp_path / "covers")
    artists, with_covers = read_labels(labels)
    assert with_covers
    steps: list[tuple[str, int, int]] = []
    with quick_training(views=None, classifiers=None):
        reports = [
            train(
                SpotiTags(settings=settings, manifest=labels, tagger="lite"),
                artists,
                tmp_path / name,
                folds=2,
                progress=lambda *step: steps.append(step),
            )
            for name in ("one", "two")
        ]
    one, two = (report.files for report in reports)
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]
    assert reports[0].trained.scores.balanced_accuracy > 1 / len(STYLES)
    assert ("artists", 12, 12) in steps
    assert {stage for stage, _, _ in steps} == {"artists", "folds"}


def test_training_says_what_the_labels_lack(settings: Settings, tmp_path: Path) -> None:
    labels = manifest(tmp_path / "covers", {"a": "sea", "b": "fire"}, covers=1)
    spoti = SpotiTags(settings=settings, manifest=labels, tagger="lite")
    with pytest.raises(InputError, match="too few artists"):
        train(spoti, read_labels(labels)[0], tmp_path / "model")
    with pytest.raises(InputError, match="polka"):
        read_labels(labels, ["polka"])


def test_public_names_are_there_and_cost_nothing_to_import() -> None:
    for name in spotitags.__all__:
        assert getattr(spotitags, name)
        assert name in dir(spotitags)
    with pytest.raises(AttributeError):
        _ = spotitags.nothing
