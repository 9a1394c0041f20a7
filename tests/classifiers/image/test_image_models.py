from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifiers.arrays import power_normalised
from classifiers.ensemble.graph_inputs import feature_rows, output_name
from classifiers.errors import ClassifierError
from classifiers.image import build_classifier, classifier_names, feature_of
from classifiers.training.onnx_export import ExportedVoter, export

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from classifiers.text import Classifier

    Floats = NDArray[np.float64]

MODELS = ("colour-boost", "colour-knn", "transfer")


def rows(model: str, genres: int = 3, each: int = 12, seed: int = 0) -> tuple[Floats, NDArray[np.intp]]:
    """Numbers of the kind that a model reads, alike within a genre."""
    rng, kind = np.random.default_rng(seed), np.random.default_rng(9)
    truth = np.repeat(np.arange(genres), each)
    if feature_of(model) == "colours":
        liked = kind.dirichlet(np.full(512, 0.02), genres)
        own = np.stack([rng.dirichlet(np.full(512, 0.02)) for _ in truth])
        return 0.5 * liked[truth] + 0.5 * own, truth
    return power_normalised(
        kind.normal(size=(genres, 40))[truth] + rng.normal(0, 1.5, (len(truth), 40))
    ), truth


def fitted(model: str, genres: int = 3, each: int = 7, seed: int = 0) -> Classifier:
    """A model of the rows of seed 0; fewer than 7 rows a genre are too few for boosting to stop early."""
    x, y = rows(model, genres, each)
    return build_classifier(model, seed=seed).fit(x, y, sample_weight=np.ones(len(y)))


@pytest.mark.parametrize("genres", [2, 4])
@pytest.mark.parametrize("name", MODELS)
def test_a_graph_says_the_same_as_the_model(name: str, genres: int) -> None:
    import onnxruntime

    model = fitted(name, genres)
    asked = np.vstack([rows(name, genres, seed=1)[0], rows(name, genres)[0], np.zeros(len(rows(name)[0][0]))])
    graph = export([ExportedVoter("covers", asked.shape[1], model)])
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (votes,) = session.run([output_name("covers")], {"covers": asked})
    assert votes.shape == (len(asked), 1, genres)
    assert np.abs(votes[:, 0] - model.predict_proba(asked)).max() < 1e-6
    assert b"pickle" not in graph
    assert graph == export([ExportedVoter("covers", asked.shape[1], fitted(name, genres))])


@pytest.mark.parametrize("name", MODELS)
def test_genres_that_differ_are_told_and_equal_seeds_give_equal_answers(name: str) -> None:
    asked, truth = rows(name, seed=1)
    first, again = (fitted(name, each=30).predict_proba(asked) for _ in range(2))
    assert (first.argmax(axis=1) == truth).mean() > 0.8
    assert first.sum(axis=1) == pytest.approx(1)
    assert (first > 0).all()
    assert (first == again).all()


@pytest.mark.parametrize("name", MODELS)
def test_noise_is_told_by_chance_alone(name: str) -> None:
    x, y = rows(name, genres=2, each=40)
    y = np.random.default_rng(3).permutation(y)
    asked, truth = rows(name, genres=2, each=40, seed=1)
    votes = build_classifier(name, seed=0).fit(x, y, sample_weight=np.ones(len(y))).predict_proba(asked)
    assert (votes.argmax(axis=1) == np.random.default_rng(4).permutation(truth)).mean() < 0.75


@pytest.mark.parametrize("name", MODELS)
def test_rows_that_weigh_more_win(name: str) -> None:
    x, y = rows(name, genres=2)
    y = np.random.default_rng(3).permutation(y)
    model = build_classifier(name, seed=0)
    votes = model.fit(x, y, sample_weight=np.where(y == 1, 9.0, 1.0)).predict_proba(rows(name, 2, seed=1)[0])
    assert (votes[:, 1] > votes[:, 0]).mean() > 0.8


@pytest.mark.parametrize("each", [1, 2, 5])
@pytest.mark.parametrize("name", MODELS)
def test_a_few_covers_a_genre_will_do(name: str, each: int) -> None:
    model = fitted(name, each=each)
    votes = model.predict_proba(rows(name, seed=1)[0])
    assert votes.shape == (36, 3)
    assert votes.sum(axis=1) == pytest.approx(1)
    assert model.predict_proba(np.empty((0, len(rows(name)[0][0])))).shape == (0, 3)


def test_default_and_optional_classifiers_and_their_features() -> None:
    assert classifier_names(default=True) == ["linear_svm", "logistic_regression"]
    assert {*MODELS, "pca-forest"} == set(classifier_names(default=False))
    assert [feature_of(name) for name in ("transfer", "colour-knn", "linear_svm")] == [
        "embedding",
        "colours",
        "embedding",
    ]
    with pytest.raises(ClassifierError, match="colour-knn"):
        feature_of("colour-guess")


def test_only_embeddings_are_scaled() -> None:
    numbers = np.array([[0.0, 0.25, 0.75]])
    assert (feature_rows("colours", numbers) == numbers).all()
    assert np.linalg.norm(feature_rows("lite", numbers)) == pytest.approx(1)
