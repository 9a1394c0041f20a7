"""Maps, telling words and the impact of inputs find what was planted in a data set, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from helpers.planted import CORNER, PLANTED, VERSIONS, artist, places

from classifiers.ensemble.ensemble import Ensemble
from classifiers.training import voters
from classifiers.training.save import save
from classifiers.training.train import train
from spotitags.evaluation.folds import Protocol
from spotitags.evaluation.impact import impact
from spotitags.evaluation.report.impact import impact_cells, impact_picture, impact_section, verdict
from spotitags.explain.places.features import GRID
from spotitags.explain.places.maps import vote_map
from spotitags.explain.words.effects import telling_words

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.evaluation.samples import Sample

PROTOCOL = Protocol(folds=3, repeats=2, curve_repeats=0)


@pytest.fixture(autouse=True)
def few_voters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voters, "VIEWS", ("all",))
    monkeypatch.setattr(voters, "classifier_names", lambda: ["logistic_regression"])


def measured(samples: list[Sample]) -> dict[str, dict[str, Any]]:
    found = impact(samples, VERSIONS, PROTOCOL, workers=1)
    return {group["name"]: group for group in found["groups"]} | {"all": found}


def holds_zero(group: dict[str, Any]) -> bool:
    return bool(group["balanced_accuracy"]["low"] <= 0 <= group["balanced_accuracy"]["high"])


def test_impact_finds_the_word_of_the_lyrics_and_nothing_else() -> None:
    found = measured([artist(index, word=True) for index in range(36)])
    summary = found.pop("all")
    assert not summary["weak"]
    assert next(iter(found)) == "lyrics"
    assert found["lyrics"]["balanced_accuracy"]["low"] > 0.2
    assert found["lyrics"]["retrained"]["balanced_accuracy"]["low"] > 0.1, "nothing else can replace it"
    others = {"noise", "cover embedding", "tags", "colours", "faces and lettering", "other tags"}
    assert found.keys() == others | {"lyrics"}
    assert all(holds_zero(found[name]) for name in others)
    assert verdict(summary).startswith("Shown to matter: lyrics. ")
    assert len(impact_cells(summary)) == 7
    assert "lyrics" in impact_picture(summary).inline()
    assert "What each input is worth" in impact_section({"impact": summary})


def test_impact_finds_the_coloured_corner_in_the_embedding_and_nothing_else() -> None:
    found = measured([artist(index, corner=True) for index in range(24)])
    found.pop("all")
    assert found["cover embedding"]["balanced_accuracy"]["low"] > 0.2
    assert all(holds_zero(group) for name, group in found.items() if name != "cover embedding")


def test_the_impact_of_a_model_that_knows_nothing_says_so() -> None:
    found = measured([artist(index) for index in range(24)])
    summary = found.pop("all")
    assert summary["weak"]
    assert "says nothing about the inputs" in verdict(summary)
    assert found, "the table is there all the same"


def test_words_find_the_planted_word_and_nothing_else() -> None:
    jazz, metal = telling_words([artist(index, word=True) for index in range(36)])
    for genre, sign in ((jazz, -1), (metal, 1)):
        (sure,) = [word for word in genre.words if word.sure]
        assert (sure.tagger, sure.label) == ("column:lyrics", PLANTED)
        assert np.sign(sure.effect) == sign
    assert not any(
        word.sure for genre in telling_words([artist(i) for i in range(36)]) for word in genre.words
    )


def test_maps_find_the_coloured_corner(tmp_path: Path) -> None:
    rows = [artist(index, corner=True).row for index in range(24)]
    trained = train(rows[:20], {"lite": "lite 1"}, views=("embedding",), folds=2, repeats=1)
    save(trained, tmp_path / "corner", created="2026-11-22")
    model = Ensemble.load(tmp_path / "corner")
    inside = round(GRID * CORNER / 260)
    for index in range(20, 24):
        genre = index % 2
        found = vote_map(places(index), model.linear_voters("lite"), genre, 1 - genre).places
        corner, rest = found[:inside, :inside], found.copy()
        rest[:inside, :inside] = np.nan
        assert corner.mean() > 1.3 * np.nanmean(np.abs(rest)), "of a cover that was held out"
        row, column = np.unravel_index(found.argmax(), found.shape)
        assert max(row, column) < inside
