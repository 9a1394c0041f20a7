from __future__ import annotations

import json
import random
from dataclasses import replace
from importlib.resources import files
from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.rows import cover, row, rows, versions

from classifiers.ensemble.ensemble import Ensemble
from classifiers.errors import ClassifierError, TrainingDataError
from classifiers.metrics.splits import MIN_ARTISTS
from classifiers.text.views import VIEWS, ViewOptions
from classifiers.training.dataset import Row
from classifiers.training.save import save
from classifiers.training.stacking import voter_weights
from classifiers.training.train import train

if TYPE_CHECKING:
    from pathlib import Path

FAST = ("complement_nb", "logistic_regression")


def test_every_tagger_view_and_classifier_is_a_voter_and_weights_sum_to_one() -> None:
    trained = train(
        rows(taggers=("lite", "clip")), versions("lite", "clip"), classifiers=FAST, folds=2, repeats=1
    )
    assert len({voter.name for voter in trained.voters}) == 2 * len(VIEWS) * len(FAST)
    assert sum(voter.weight for voter in trained.voters) == pytest.approx(1)
    assert trained.genres == ("jazz", "metal", "pop")
    assert trained.artists == {"jazz": 8, "metal": 8, "pop": 8}
    assert trained.scores.balanced_accuracy > 0.6


def test_embeddings_that_all_artists_have_are_one_more_view() -> None:
    labelled = rows(taggers=("lite", "clip"), embedded=("clip",))
    trained = train(labelled, versions("lite", "clip"), views=("embedding",), folds=2, repeats=1)
    expected = {("clip", "embedding", name) for name in ("linear_svm", "logistic_regression")}
    assert {voter.name for voter in trained.voters} == expected
    assert trained.scores.balanced_accuracy > 0.8
    some = [replace(labelled[0], embeddings={}), *labelled[1:]]
    names = {voter.name.view for voter in train(some, versions("lite"), folds=2, repeats=1).voters}
    assert names == set(VIEWS)


def test_a_genre_whose_artists_have_many_covers_teaches_no_more_than_one_with_few() -> None:
    """Both genres show the same thing; the one with thirty covers an artist must not drown the other."""
    few = [Row(f"few {i}", "a", {"lite": [{"guitar": 1.0}]}) for i in range(4)]
    many = [Row(f"many {i}", "b", {"lite": [{"guitar": 1.0}] * 30}) for i in range(4)]
    trained = train([*few, *many], versions(), views=("covers",), classifiers=FAST, folds=2, repeats=1)
    (votes,) = trained.probabilities([few[0]])
    assert votes == pytest.approx(0.5, abs=0.01)


def test_genres_that_labels_do_not_tell_apart_score_like_chance() -> None:
    rng = random.Random(3)
    noise = [Row(str(i), "ab"[i % 2], {"lite": [cover("jazz", rng, 12)]}) for i in range(40)]
    trained = train(noise, versions(), classifiers=FAST, folds=4, repeats=2)
    assert 0.2 < trained.scores.balanced_accuracy < 0.8
    assert trained.scores.log_loss > 0.5


def test_views_that_look_at_genres_do_not_leak_into_the_scores() -> None:
    """Noise, yet labels chosen with the tested artists in view would name 0.96 of the genres."""
    rng = random.Random(1)
    noise = [
        Row(str(i), "ab"[i % 2], {"lite": [{f"label {rng.randrange(300)}": 1.0 for _ in range(40)}]})
        for i in range(40)
    ]
    trained = train(
        noise,
        versions(),
        views=("log-odds",),
        classifiers=("logistic_regression",),
        options=ViewOptions(log_odds=20),
        folds=4,
    )
    assert trained.scores.balanced_accuracy < 0.7


def test_skill_weighs_voters_and_chance_weighs_nothing() -> None:
    good, chance, worse = voter_weights(np.array([0.4, np.log(3), 2.0]), 3)
    assert (good, chance, worse) == (1.0, 0.0, 0.0)
    assert voter_weights(np.array([2.0, 3.0]), 3).tolist() == [0.5, 0.5]
    better, less = voter_weights(np.array([0.4, 0.6]), 3)
    assert better > less > 0


def test_progress_counts_to_its_end() -> None:
    steps: list[tuple[int, int]] = []
    train(
        rows(4),
        versions(),
        classifiers=FAST[:1],
        folds=2,
        repeats=2,
        progress=lambda *step: steps.append(step),
    )
    assert steps == [(i, 5) for i in range(6)]


def test_scores_and_calibration_are_of_answers_out_of_fold() -> None:
    """Genres dealt at random: inside the folds every artist is known by its own label, outside by none."""
    noise = [Row(str(i), "ab"[i % 2], {"lite": [{f"own {i}": 1.0, "shared": 1.0}]}) for i in range(40)]
    trained = train(noise, versions(), views=("all",), classifiers=FAST, folds=4, repeats=2)
    assert trained.tested == 40
    accuracy = trained.estimates["balanced_accuracy"]
    assert accuracy.low < 0.75
    assert accuracy.value == trained.scores.balanced_accuracy
    assert trained.calibration.sure_from is None
    clear = train(rows(12), versions(), classifiers=FAST, folds=4, repeats=2)
    assert clear.estimates["balanced_accuracy"].low > 0.6
    assert clear.calibration.confidence(1.0).sure


def test_fewer_folds_than_asked_for_are_noted() -> None:
    trained = train(rows(MIN_ARTISTS), versions(), classifiers=FAST[:1], folds=5, repeats=1)
    assert trained.folds == MIN_ARTISTS
    assert "3 folds instead of 5" in trained.notes[0]


def test_artists_that_no_fold_could_test_are_noted() -> None:
    shared = [replace(each, groups=["hits"] * 3) if each.genre == "jazz" else each for each in rows(4)]
    trained = train(shared, versions(), classifiers=FAST[:1], folds=2, repeats=1)
    assert trained.notes == ("up to 4 artists were not tested: all of their covers are others', too",)


def test_a_view_without_a_label_casts_no_vote() -> None:
    same = [replace(each, covers={"lite": [{"man": 1.0, "text": 2.0}]}) for each in rows(4)]
    trained = train(same, versions(), classifiers=FAST[:1], folds=2, repeats=1)
    assert "view distinct of lite has no tag and casts no vote" in trained.notes
    assert {voter.name.view for voter in trained.voters} == {"all", "top", "covers"}
    with pytest.raises(TrainingDataError, match="no tag is shared"):
        train(
            [replace(each, covers={"lite": [{each.id: 1.0}]}) for each in rows(4)], versions(), views=("all",)
        )


@pytest.mark.parametrize(
    ("labelled", "message"),
    [
        ([], "0 genre"),
        (rows(genres=("jazz",)), "only 1 genre"),
        ([*rows(4), Row("x", "folk", {"lite": [{"man": 1.0}]})], r"too few artists of folk \(1\)"),
        (rows(4) + rows(4)[:1], "more than one row: jazz 0"),
        (rows(4, taggers=("clip",)), "has no tags of lite"),
        (
            [replace(each, covers={"lite": [{"man": -1.0}]}) for each in rows(4)],
            "is not finite and at least 0",
        ),
        (
            [replace(each, covers={"lite": [{"man": nan}]}) for each in rows(4)],
            "is not finite and at least 0",
        ),
        ([replace(each, covers={"lite": []}) for each in rows(4)], "has no cover"),
        ([replace(each, groups=["one"]) for each in rows(4)], "different numbers of covers"),
        ([replace(each, embeddings={"lite": np.ones((2, 4))}) for each in rows(4)], "different numbers"),
        (
            [replace(each, embeddings={"lite": np.full((3, 4), nan)}) for each in rows(4)],
            "embedding with invalid numbers",
        ),
    ],
)
def test_rows_that_cannot_be_trained_on_say_why(labelled: list[Row], message: str) -> None:
    with pytest.raises(TrainingDataError, match=message):
        train(labelled, versions())


def test_choices_that_are_none_are_refused() -> None:
    with pytest.raises(ClassifierError, match="no view is called"):
        train(rows(3), versions(), views=("best",))
    with pytest.raises(ClassifierError, match="no classifier is called"):
        train(rows(3), versions(), classifiers=("forest",))
    with pytest.raises(ClassifierError, match="2 folds and 1 repeat"):
        train(rows(3), versions(), folds=1)
    with pytest.raises(ClassifierError, match="at least"):
        train(rows(3), {})


@pytest.mark.parametrize("genres", [("jazz", "metal"), ("jazz", "metal", "pop")])
def test_the_saved_graph_votes_as_scikit_learn_does(genres: tuple[str, ...], tmp_path: Path) -> None:
    trained = train(rows(6, genres, embedded=("lite",)), versions(), folds=2, repeats=1)
    save(trained, tmp_path / "model", created="2026-11-20")
    ensemble = Ensemble.load(tmp_path / "model")
    rng = random.Random(11)
    unseen = [row(genre, rng, covers=n, embedded=("lite",)) for genre in genres for n in (1, 2, 9)]
    strange = replace(unseen[0], covers={"lite": [{"nobody knows": 1.0}]})
    partly = replace(unseen[1], covers={"lite": [{"nobody knows": 1.0}, unseen[1].covers["lite"][0]]})
    for new in [*unseen, strange, partly]:
        result = ensemble.vote({"lite": new.bag("lite")}, new.covers, new.embeddings)
        votes = [list(vote.probabilities.values()) for vote in result.votes]
        assert np.abs(votes - trained.probabilities([new])[0]).max() < 1e-5


def test_equal_rows_and_seed_give_equal_bytes(tmp_path: Path) -> None:
    def saved(folder: str) -> list[Path]:
        views, classifiers = ("all", "log-odds"), ("linear_svm", "complement_nb")
        trained = train(rows(4), versions(), views=views, classifiers=classifiers, folds=2, repeats=1, seed=5)
        return list(save(trained, tmp_path / folder / "v1.2", created="2026-11-20"))

    first, second = saved("a"), saved("b")
    assert [file.name for file in first] == ["v1.2.onnx", "v1.2.json"]
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


def test_the_card_tells_what_a_reader_must_know(tmp_path: Path) -> None:
    trained = train(rows(4), versions(), classifiers=FAST, folds=2, repeats=1, seed=5)
    _, file = save(trained, tmp_path / "model.onnx", created="2026-11-20")
    card = json.loads(file.read_text(encoding="utf-8"))
    assert card["format"] == 3
    assert card["created"] == "2026-11-20"
    assert card["seed"] == 5
    assert card["artists"] == {"jazz": 4, "metal": 4, "pop": 4}
    assert card["taggers"] == [{"name": "lite", "version": "lite 1"}]
    evaluation = card["evaluation"]
    assert (evaluation["folds"], evaluation["repeats"], evaluation["artists"]) == (2, 1, 12)
    for score in ("balanced_accuracy", "log_loss", "calibration_error"):
        found = evaluation[score]
        assert found["value"] == pytest.approx(trained.estimates[score].value, abs=1e-4)
        assert 0 <= found["low"] <= found["high"]
    assert sum(step["artists"] for step in card["confidence"]["steps"]) == pytest.approx(12)
    assert {source["view"] for source in card["inputs"]} == set(VIEWS)
    for voter in card["voters"]:
        assert ("sharpness" in voter) == (voter["view"] == "covers")
    assert "trumpet" in next(source["labels"] for source in card["inputs"] if source["view"] == "all")
    assert sum(voter["weight"] for voter in card["voters"]) == pytest.approx(1, abs=1e-4)


def test_a_card_has_the_keys_of_earlier_cards(tmp_path: Path) -> None:
    bundled = json.loads(files("classifiers").joinpath("models", "lite.json").read_text("utf-8"))
    save(
        train(rows(), versions(), classifiers=FAST, folds=2, repeats=1), tmp_path / "m", created="2026-11-21"
    )
    card = json.loads((tmp_path / "m.json").read_text("utf-8"))
    optional = {"measures", "optional", "outsiders", "blends", "training_covers"}
    assert card.keys() - {"blends"} == bundled.keys() - optional, (
        "no pixel features, optional voters or references"
    )
    assert card["evaluation"].keys() == bundled["evaluation"].keys()
    assert card["confidence"].keys() == bundled["confidence"].keys()
    assert card["voters"][0].keys() == bundled["voters"][0].keys()
