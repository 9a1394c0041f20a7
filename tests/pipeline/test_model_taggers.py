from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers.manifests import cover

from spotitags.pipeline.model_taggers import model_taggers
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.settings import Settings
from spotitags.taggers.base import Readiness, TaggerOptions
from spotitags.taggers.text.tagger import TextTagger

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def covers(tmp_path: Path) -> Path:
    folder = tmp_path / "Kiln"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(cover("fire", 1))
    return folder


def test_predictions_take_the_taggers_of_the_model_and_tags_those_of_one(
    tmp_path: Path, covers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = Readiness(ready=False, reason="it is not installed")
    monkeypatch.setattr("spotitags.taggers.clip.ClipTagger.readiness", lambda _: absent)
    spotitags = SpotiTags(manifest=covers, settings=Settings(cache_dir=tmp_path / "cache"))
    assert spotitags.bag("Kiln").tagger == "lite"
    prediction = spotitags.predict("Kiln")
    assert [bag.tagger for bag in prediction.bags] == ["lite", "text"]
    assert prediction.confidence is not None
    assert spotitags.bag("Kiln").tagger == "lite"
    alone = SpotiTags(manifest=covers, tagger="lite", settings=Settings(cache_dir=tmp_path / "cache"))
    assert [bag.tagger for bag in alone.predict("Kiln").bags] == ["lite"]


def test_without_all_of_them_the_model_chooses_no_tagger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = TaggerOptions(cache_dir=tmp_path)
    assert model_taggers(None, (), options) == ["lite", "text"]
    assert model_taggers(None, ("Metal", "rap"), options) == ["lite", "text"]
    assert model_taggers(None, ("polka",), options) == []
    assert model_taggers(tmp_path / "no model", (), options) == []
    absent = Readiness(ready=False, reason="its networks are missing")
    monkeypatch.setattr(TextTagger, "readiness", lambda _: absent)
    assert model_taggers(None, (), options) == []
