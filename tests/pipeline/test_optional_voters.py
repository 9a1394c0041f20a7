"""Image models that a training or a prediction asks for by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from helpers.manifests import labelled
from helpers.model_files import copy_model, edit_card
from helpers.quick_training import quick_training

from spotitags.catalogs.labels import read_labels
from spotitags.commands._render import show_training
from spotitags.errors import InputError
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.settings import Settings
from spotitags.training.ensemble import train

if TYPE_CHECKING:
    from pathlib import Path

KNN = ("colours", "embedding", "colour-knn")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(cache_dir=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return labelled(tmp_path_factory.mktemp("labels"))


@pytest.fixture(scope="module")
def model(settings: Settings, labels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With nearest colours among its voters, and a transferred network for those who ask."""
    out = tmp_path_factory.mktemp("model") / "styles"
    spotitags = SpotiTags(settings=settings, manifest=labels, tagger="lite")
    artists, _ = read_labels(labels)
    with quick_training():
        report = train(spotitags, artists, out, folds=2, voters=["colour-knn"], optional=["transfer"])
    assert [file.name for file in report.files] == ["styles.onnx", "styles.json", "styles.optional.onnx"]
    assert show_training(report)
    return out


def asked(
    settings: Settings, labels: Path, model: Path | None, **options: object
) -> tuple[SpotiTags, list[str]]:
    said: list[str] = []
    spotitags = SpotiTags(
        settings=settings, manifest=labels, tagger="lite", model=model, notify=said.append, **options
    )  # type: ignore[arg-type]
    return spotitags, said


def test_a_model_of_colours_votes_on_what_is_measured_on_the_covers(
    settings: Settings, labels: Path, model: Path
) -> None:
    prediction = asked(settings, labels, model)[0].predict("sea1")
    voters = {(vote.tagger, vote.view, vote.classifier): vote for vote in prediction.voters}
    assert voters[KNN].genre == "sea"
    assert voters[KNN].weight > 0
    assert prediction.genre == "sea"
    assert ("lite", "embedding", "transfer") not in voters


def test_the_card_says_how_good_each_voter_is_and_what_it_was_measured_with(model: Path) -> None:
    card = json.loads(model.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["measures"] == [{"name": "colours", "version": "hsv-8x8x8-1"}]
    (knn,) = (voter for voter in card["voters"] if voter["classifier"] == "colour-knn")
    assert knn["balanced_accuracy"] > 0.8, "the styles are colours"
    (transfer,) = card["optional"]["voters"]
    assert transfer["classifier"] == "transfer"
    assert transfer["balanced_accuracy"] > 0.8


def test_an_optional_voter_joins_where_it_is_asked_for(settings: Settings, labels: Path, model: Path) -> None:
    with_it = asked(settings, labels, model, voters=["transfer"])[0].predict("moss1")
    without = asked(settings, labels, model)[0].predict("moss1")
    assert len(with_it.voters) == len(without.voters) + 1
    assert with_it.voters[-1].classifier == "transfer"
    assert sum(vote.weight for vote in with_it.voters) == pytest.approx(1)
    assert with_it.confidence is None


def test_covers_measured_otherwise_than_in_training_are_pointed_out(
    settings: Settings, labels: Path, model: Path, tmp_path: Path
) -> None:
    old = copy_model(model, tmp_path, "old")
    edit_card(old, lambda card: card["measures"][0].update(version="hsv-4x4x4-1"))
    spotitags, said = asked(settings, labels, tmp_path / "old")
    assert spotitags.predict("fire1").voters
    assert "model: it was trained with another version of colours; train it again" in said


def test_a_voter_of_the_bundled_model_that_abstains_takes_no_confidence_away(settings: Settings) -> None:
    found = [
        SpotiTags(settings=settings, offline=True, voters=voters).predict("2ye2Wgw4gimLv2eAKyk1NB")
        for voters in ((), ("colour-knn",), ("transfer",))
    ]
    assert found[0].confidence == found[1].confidence is not None
    assert found[2].confidence is None, "it has a say, and nobody measured how often that is right"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("colour-boost", "no voter 'colour-boost': take transfer.*spotitags train.*--voter colour-boost"),
        (
            "nobody",
            "no voter is called 'nobody'; there are .*pca-forest.*has transfer: take one of these",
        ),
    ],
)
def test_a_voter_that_the_model_lacks_is_an_error_with_the_next_step(
    settings: Settings, labels: Path, model: Path, name: str, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        asked(settings, labels, model, voters=[name])[0].predict("sea1")


def test_the_library_has_no_covers_to_measure(settings: Settings, model: Path) -> None:
    said: list[str] = []
    spotitags = SpotiTags(settings=settings, offline=True, model=model, notify=said.append)
    prediction = spotitags.predict("2ye2Wgw4gimLv2eAKyk1NB")
    assert KNN not in {(vote.tagger, vote.view, vote.classifier) for vote in prediction.voters}
    assert prediction.confidence is None
    assert any("colours abstain" in line for line in said)


def test_an_unknown_model_stops_a_training_before_any_cover_is_opened(
    settings: Settings, labels: Path, tmp_path: Path
) -> None:
    spotitags = SpotiTags(settings=settings, manifest=labels, tagger="lite")
    with pytest.raises(InputError, match="colour-boost, colour-knn, pca-forest, transfer"):
        train(spotitags, read_labels(labels)[0], tmp_path / "m", voters=["colour-guess"])
