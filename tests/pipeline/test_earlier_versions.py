"""Read what an earlier version wrote: a cache, in which paid tags may be, and a trained model.

``fixtures/earlier`` has a folder for each such version, named after its commit. The cache holds responses of
MusicBrainz and Spotify and digests of covers, all served by `helpers.faulty_services` at port 9, and lite's
tags, embeddings and pixel features; ``expected.json`` holds that version's output.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, NoReturn
from zipfile import ZipFile

import numpy as np
import pytest
from helpers.command_line import spotitags
from helpers.servers import FIXTURES

from spotitags.catalogs.labels import read_labels
from spotitags.evaluation.samples import collect_samples
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.settings import Settings
from spotitags.taggers.features.colour import ColourHistogram, Thumbnail
from spotitags.taggers.features.embedding import EmbeddingExtractor
from spotitags.taggers.features.perceptual_hash import PerceptualHash
from spotitags.taggers.lite import LiteTagger

if TYPE_CHECKING:
    from pathlib import Path

EARLIER = FIXTURES / "earlier" / "ead2be0"
EXPECTED: dict[str, Any] = json.loads((EARLIER / "expected.json").read_text(encoding="utf-8"))
COVERS = EARLIER / "covers" / "covers.csv"
NOBODY = "http://127.0.0.1:9"
"""Where the services were; nothing answers there now."""
SERVICES = {
    "SPOTITAGS_MUSICBRAINZ_URL": NOBODY,
    "SPOTITAGS_COVERART_URL": f"{NOBODY}/archive",
    "SPOTITAGS_CONTACT": "me@example.org",
    "SPOTITAGS_SPOTIFY_API_URL": f"{NOBODY}/v1/",
    "SPOTITAGS_SPOTIFY_TOKEN_URL": f"{NOBODY}/api/token",
    "SPOTIPY_CLIENT_ID": "id",
    "SPOTIPY_CLIENT_SECRET": "secret",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The cache as if it had been written a minute ago."""
    with ZipFile(EARLIER / "cache.zip") as archive:
        archive.extractall(tmp_path)
    with closing(sqlite3.connect(tmp_path / "answers" / "cache.db")) as database, database:
        (written,) = database.execute("SELECT max(store_time) FROM Cache").fetchone()
        later = time.time() - 60 - written
        database.execute("UPDATE Cache SET store_time = store_time + ?", [later])
        database.execute("UPDATE Cache SET expire_time = expire_time + ?", [later])
    return tmp_path


@pytest.fixture(autouse=True)
def no_tagging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a cover is tagged or measured."""

    def refuse(*_args: object) -> NoReturn:
        raise AssertionError("this cover is in the cache")

    monkeypatch.setattr(LiteTagger, "tag", refuse)
    for extractor in (ColourHistogram, Thumbnail, PerceptualHash, EmbeddingExtractor):
        monkeypatch.setattr(extractor, "extract", refuse)


@pytest.mark.parametrize("catalog", ["musicbrainz", "spotify", "manifest"])
def test_an_earlier_cache_and_model_give_the_same_answers_without_a_request(home: Path, catalog: str) -> None:
    expected = EXPECTED[catalog]
    source = ["--manifest", COVERS] if catalog == "manifest" else ["--catalog", catalog, "--albums", "3"]
    if catalog != "manifest":
        source += [arg for answer in expected for arg in ("--artist", answer["artist"]["id"])]
    model = EARLIER / "model" / "styles"
    run = spotitags("predict", *source, "--tagger", "lite", "--model", model, "--json", home=home, **SERVICES)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert [answer["artist"] for answer in answers] == [answer["artist"] for answer in expected], run.stderr
    for answer, before in zip(answers, expected, strict=True):
        if "error" in before:
            assert answer["error"]["type"] == before["error"]["type"]
            assert answer["error"]["type"] == "ArtistNotFoundError", "not that nobody answers"
            continue
        assert "error" not in answer, answer["error"]
        assert answer["covers"].items() >= before["covers"].items()
        assert answer["tags"][: len(before["tags"])] == before["tags"]
        shares, shares_before = (
            {vote["genre"]: vote["share"] for vote in each["votes"]} for each in (answer, before)
        )
        assert shares == pytest.approx(shares_before, abs=1e-4)


def test_an_earlier_cache_gives_the_same_features(home: Path) -> None:
    cached = SpotiTags(settings=Settings(cache_dir=home), manifest=COVERS, tagger="lite")
    extractors = [ColourHistogram(), Thumbnail()]
    samples = collect_samples(cached, read_labels(COVERS)[0], extractors=extractors)
    found = {sample.id: sample.row.embeddings for sample in samples.rows}
    assert found.keys() == EXPECTED["features"].keys()
    for artist, before in EXPECTED["features"].items():
        sums = {
            name: [array.sum(), array.max(), (array * np.arange(array.size)).sum()]
            for name, array in found[artist].items()
        }
        assert sums == {name: pytest.approx(numbers, rel=1e-5) for name, numbers in before.items()}
