from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.contest_samples import GENRES, samples

from classifiers.ensemble.results import VoterName
from spotitags.errors import InputError
from spotitags.evaluation.folds import Protocol, fold_dataset
from spotitags.evaluation.leaderboard.contest import ModelPredictions, cross_validate_models
from spotitags.evaluation.leaderboard.leaderboard import compare_models
from spotitags.evaluation.leaderboard.standings import all_rows, pair_areas, standings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.evaluation.samples import Sample

KNN = VoterName("colours", "embedding", "colour-knn")
FOREST = VoterName("thumbnail", "embedding", "pca-forest")
BAYES = VoterName("lite", "all", "complement_nb")
COVERS = VoterName("lite", "covers", "multinomial_nb")
ONCE = Protocol(folds=3, repeats=1, curve_repeats=0)


def compare(found: Sequence[Sample], *models: VoterName, protocol: Protocol = ONCE) -> ModelPredictions:
    return cross_validate_models([fold_dataset(found, protocol)], models, workers=1)[0]


def test_models_of_colours_win_where_colours_decide() -> None:
    found = samples(per_genre=12)
    table = standings(found, compare(found, BAYES, KNN, COVERS), {"tags": [BAYES, COVERS]})
    names = [row["name"] for row in table["standings"]]
    assert names[0] == "colours/embedding/colour-knn"
    assert sorted(names[1:]) == ["ensemble of tags", "lite/all/complement_nb", "lite/covers/multinomial_nb"]
    best = table["standings"][0]["scores"]["balanced_accuracy"]
    assert best["low"] > 0.5
    assert [row["within_noise"] for row in table["standings"]] == [True, False, False, False]
    assert all(row["to_best"]["high"] < 0 for row in table["standings"][1:])
    blend = table["blend"]
    assert blend["of"][0]["name"] == "colours/embedding/colour-knn"
    assert blend["scores"]["balanced_accuracy"]["value"] > 0.6


def test_shuffled_genres_score_chance() -> None:
    one = fold_dataset(samples(per_genre=20), Protocol(folds=4, repeats=2, curve_repeats=0, shuffled=True))
    (found,) = cross_validate_models([one], [KNN, COVERS], workers=1)
    table = standings(one.samples, found)
    for row in [*table["standings"], table["blend"]]:
        score = row["scores"]["balanced_accuracy"]
        assert abs(score["value"] - 1 / 3) < 0.2


def test_a_model_that_fails_is_named_and_the_others_go_on() -> None:
    found = samples()
    numbers = dict(found[0].row.embeddings) | {"thumbnail": np.full((3, 48), np.nan, dtype=np.float32)}
    found[0] = replace(found[0], row=replace(found[0].row, embeddings=numbers))
    result = compare(found, FOREST, KNN)
    assert result.voters == (KNN,)
    assert "ValueError" in result.failed[FOREST]
    assert "NaN" in result.failed[FOREST]
    table = standings(found, result)
    assert [(row["name"], "error" in row) for row in table["standings"]] == [
        ("colours/embedding/colour-knn", False),
        ("thumbnail/embedding/pca-forest", True),
    ]
    assert table["blend"] is None
    with pytest.raises(InputError, match="every model failed"):
        compare(found, FOREST)


@pytest.mark.parametrize("pairs", [False, True])
def test_a_model_without_features_is_named_and_the_others_go_on(pairs: bool) -> None:
    found = samples()
    only_colours = {"colours": found[0].row.embeddings["colours"]}
    found[0] = replace(found[0], row=replace(found[0].row, embeddings=only_colours))
    result = compare_models(found, [FOREST, KNN], ONCE, pairs=pairs, workers=1, progress=None)
    errors = {row["name"]: row.get("error") for row in all_rows(result)}
    assert errors == {
        "colours/embedding/colour-knn": None,
        "thumbnail/embedding/pca-forest": "there is no thumbnail of all covers",
    }
    assert result["chance"] == (1 / 2 if pairs else 1 / 3)


def test_a_dataset_without_predictions_does_not_spoil_the_others() -> None:
    found = samples()
    numbers = dict(found[0].row.embeddings) | {"thumbnail": np.full((3, 48), np.nan, dtype=np.float32)}
    broken = [replace(found[0], row=replace(found[0].row, embeddings=numbers)), *found[1:]]
    datasets = [fold_dataset(broken, ONCE), fold_dataset(found, ONCE)]
    without, whole = cross_validate_models(datasets, [FOREST], workers=1)
    assert (without.voters, whole.voters) == ((), (FOREST,))
    assert "NaN" in without.failed[FOREST]
    assert [row["error"] for row in pair_areas(broken, without)] == [without.failed[FOREST]]


def test_covers_that_all_look_alike_are_refused() -> None:
    alike = [replace(one, row=replace(one.row, groups=("same",) * len(one))) for one in samples()]
    with pytest.raises(InputError, match="too similar to be split"):
        fold_dataset(alike, ONCE)


def test_equal_seeds_give_equal_answers_and_others_other_folds() -> None:
    found = samples(per_genre=6)
    first, again = (compare(found, KNN, FOREST) for _ in range(2))
    assert np.array_equal(first.votes, again.votes, equal_nan=True)
    assert np.array_equal(first.blend, again.blend, equal_nan=True)
    other = compare(found, KNN, FOREST, protocol=replace(ONCE, seed=1))
    assert not np.array_equal(first.votes, other.votes, equal_nan=True)


def test_all_models_predict_every_artist_once_per_repeat() -> None:
    result = compare(samples(), KNN, FOREST, protocol=replace(ONCE, repeats=2))
    assert result.votes.shape == (2, 27, 2, 3)
    assert result.genres == GENRES
    assert result.votes.sum(axis=-1) == pytest.approx(1)
    assert result.blend.sum(axis=-1) == pytest.approx(1)
    assert all(times.fit > 0 and times.predict > 0 for times in result.times.values())


def test_no_cover_and_no_unit_is_on_both_sides_of_a_fold() -> None:
    found = samples()
    shared = replace(found[0].row, groups=("shared", *found[0].row.groups[1:]))
    other = replace(found[9].row, groups=("shared", *found[9].row.groups[1:]))
    found[0], found[9] = replace(found[0], row=shared), replace(found[9], row=other)
    together = [replace(sample, unit=f"{sample.genre} {i % 9 // 2}") for i, sample in enumerate(found)]
    one = fold_dataset(together, replace(ONCE, repeats=3))
    unit = {sample.id: sample.unit for sample in together}
    assert one.masked > 0
    for fold in (fold for split in one.splits for fold in split.folds):
        assert not {unit[row.id] for row in fold.train} & {unit[row.id] for row in fold.test}
        sides = [{group for row in rows for group in row.groups} for rows in fold]
        assert not sides[0] & sides[1]


def test_an_ensemble_pools_its_own_models_alone() -> None:
    found = samples(per_genre=6)
    alone = compare(found, BAYES, COVERS).pooled([0, 1])[0]
    among = compare(found, BAYES, KNN, COVERS).pooled([0, 2])[0]
    assert among == pytest.approx(alone, abs=1e-9)
