from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.contest_samples import samples

from classifiers import image
from classifiers.ensemble.results import VoterName
from classifiers.text import classifier_names
from classifiers.text.views import VIEWS
from spotitags.errors import InputError
from spotitags.evaluation.leaderboard.models import (
    ensembles,
    input_name,
    pixel_features,
    select_models,
    source,
    unavailable_models,
)


def test_every_installed_classifier_is_compared_on_all_its_inputs() -> None:
    names = select_models(["lite", "clip"])
    assert len(names) == len(set(names))
    for tagger in ("lite", "clip"):
        tags = {name[1:] for name in names if name.tagger == tagger and name.view != "embedding"}
        assert tags == {(view, classifier) for view in VIEWS for classifier in classifier_names()}
    assert {name.classifier for name in names if name.view == "embedding"} == set(image.classifier_names())
    assert VoterName("colours", "embedding", "colour-knn") in names
    assert VoterName("clip", "embedding", "transfer") in names


@pytest.mark.parametrize(
    ("wish", "count"),
    [
        ("transfer", 1),
        ("colour-knn", 1),
        ("covers", 4),
        ("tags", 20),
        ("complement_nb", 5),
        ("lite/top/linear_svm", 1),
    ],
)
def test_models_can_be_selected(wish: str, count: int) -> None:
    assert len(select_models(["lite"], [wish])) == count


def test_selections_add_up_and_one_that_fits_no_model_is_refused() -> None:
    both = select_models(["lite"], ["transfer", " colours "])
    assert {name.classifier for name in both} == {"transfer", "colour-knn", "colour-boost"}
    with pytest.raises(InputError, match=r"no model is called 'colour knn'; there are: tags, .*colour-knn"):
        select_models(["lite"], ["tags", "colour knn"])


def test_only_needed_pixel_features_are_extracted() -> None:
    assert pixel_features(select_models(["lite"], ["tags"])) == []
    assert pixel_features(select_models(["lite"], ["pca-forest"])) == ["thumbnail"]
    assert pixel_features(select_models(["lite"])) == ["colours", "thumbnail"]


def test_models_without_features_are_named_with_the_reason() -> None:
    rows = [sample.row for sample in samples(per_genre=2)]
    rows[0] = replace(rows[0], embeddings={"colours": np.zeros((3, 512), dtype=np.float32)})
    names = select_models(["lite"], ["lite/embedding/transfer", "colour-knn", "pca-forest", "covers"])
    assert unavailable_models(rows, names) == {
        VoterName("lite", "embedding", "transfer"): "there is no lite embedding of all covers",
        VoterName("thumbnail", "embedding", "pca-forest"): "there is no thumbnail of all covers",
    }


def test_the_input_of_a_model_has_a_name() -> None:
    assert input_name(VoterName("lite", "covers", "linear_svm")) == "lite tags: covers"
    assert input_name(VoterName("clip", "embedding", "transfer")) == "clip embedding"
    assert input_name(VoterName("colours", "embedding", "colour-knn")) == "colours"
    assert source(VoterName("lite", "covers", "linear_svm")) == source(VoterName("lite", "all", "linear_svm"))
    assert source(VoterName("lite", "embedding", "transfer")) != source(
        VoterName("lite", "all", "linear_svm")
    )


def test_ensembles_are_those_that_training_makes() -> None:
    names = select_models(["lite"])
    groups = ensembles(names)
    assert list(groups) == ["tags", "tags, embedding"]
    assert len(groups["tags"]) == 20
    assert {name.classifier for name in groups["tags, embedding"]} >= {"linear_svm", "logistic_regression"}
    assert not {"transfer", "colour-knn"} & {name.classifier for name in groups["tags, embedding"]}
    assert ensembles(select_models(["lite"], ["colours"])) == {}
    assert list(ensembles(select_models(["lite"], ["covers"]))) == ["tags"]
