"""Results as HTML for notebooks."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from helpers.manifests import manifest
from helpers.pages import Page
from PIL import Image

from classifiers.ensemble.results import Confidence
from spotitags import SpotiTags
from spotitags.records import Skipped
from spotitags.rendering.notebook import MAX_COVERS, SIDE
from spotitags.rendering.wording import agreement
from spotitags.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.records import Prediction

METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"


@pytest.fixture(scope="module")
def prediction() -> Prediction:
    return SpotiTags(offline=True).predict(METALLICA)


def shown(result: object) -> Page:
    return Page(result._repr_html_())  # type: ignore[attr-defined]


def pictures(page: Page) -> list[Image.Image]:
    sources = [str(image["src"]) for image in page.find("img")]
    head = "data:image/jpeg;base64,"
    assert all(source.startswith(head) for source in sources)
    return [Image.open(io.BytesIO(base64.b64decode(source.removeprefix(head)))) for source in sources]


def test_a_prediction_shows_artist_bars_words_and_tags(prediction: Prediction) -> None:
    page = shown(prediction)
    for text in ("Metallica", "10 covers", "none of these", agreement(prediction), "held-out artists"):
        assert text in page.text
    assert "lite: bold sans-serif letters 0.98" in page.text
    widths = [str(each["style"]) for each in page.find("span") if "width:" in str(each.get("style"))]
    assert len(widths) == 6
    assert f"width:{prediction.votes['metal']:.1%}" in widths[0]
    assert page.find("strong"), "the winner stands out"
    assert not page.find("img"), "the library holds no pictures"


def test_an_unsure_prediction_says_so(prediction: Prediction) -> None:
    unsure = replace(prediction, confidence=Confidence(0.4, 12, sure=False))
    assert "not sure: votes this unsure were right 4 times in 10" in shown(unsure).text
    assert "the model was trained on these covers" in shown(prediction).text
    outside = replace(prediction, none=0.9)
    assert "none of these genres fits; the shares only compare them" in shown(outside).text
    unknown = replace(prediction, confidence=None, none=None, trained_on=None)
    assert "right" not in shown(unknown).text
    assert "none of these" not in shown(unknown).text


def test_skipped_covers_and_missing_taggers_are_named(prediction: Prediction) -> None:
    bag = prediction.bags[0]
    skipped = replace(bag, skipped=(Skipped("Demo", "truncated"),), sides=(64, 300))
    missing = replace(bag, tagger="clip", tags=(), missing="no weights")
    text = shown(replace(prediction, bags=(skipped, missing))).text
    assert "1 skipped" in text
    assert "Demo: truncated" in text
    assert "1 of 10 covers under 150 px (smallest 64)" in text
    assert "clip is missing: no weights" in text


def test_covers_on_disk_are_shown_small_and_those_gone_are_left_out(tmp_path: Path) -> None:
    table = manifest(tmp_path / "covers", {"burning": "fire"}, covers=4, first_seed=9100)
    bag = SpotiTags(manifest=table, tagger="lite", settings=Settings(cache_dir=tmp_path)).bag("burning")
    page = shown(bag)
    assert [picture.size for picture in pictures(page)] == [(2 * SIDE, 2 * SIDE)] * 4
    red, _, blue = pictures(page)[0].resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    assert red > 2 * blue, "fire is red"
    assert [image["alt"] for image in page.find("img")] == [f"Album {number}" for number in range(4)]
    (tmp_path / "covers" / "burning-0.jpg").unlink()
    (tmp_path / "covers" / "burning-1.jpg").write_bytes(b"no picture")
    other = (tmp_path / "covers" / "burning-3.jpg").read_bytes()
    (tmp_path / "covers" / "burning-2.jpg").write_bytes(other)
    assert [image["alt"] for image in shown(bag).find("img")] == ["Album 3"], "the others have changed"


def test_many_covers_are_not_all_shown(tmp_path: Path) -> None:
    table = manifest(tmp_path, {"sea": "sea"}, covers=MAX_COVERS + 2, first_seed=9200, size=64)
    bag = SpotiTags(
        manifest=table, tagger="lite", albums=MAX_COVERS + 2, settings=Settings(cache_dir=tmp_path)
    ).bag("sea")
    assert bag.covers == MAX_COVERS + 2
    assert len(pictures(shown(bag))) == MAX_COVERS


def test_covers_on_the_web_are_not_fetched(prediction: Prediction) -> None:
    from spotitags.records import Album, Image

    bag = prediction.bags[0]
    album = Album("a", "Album", bag.artist, (Image("https://example.org/cover.jpg"),), digest="0" * 64)
    assert not shown(replace(bag, albums=(album,))).find("img")
