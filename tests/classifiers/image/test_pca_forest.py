from __future__ import annotations

import numpy as np
import pytest

from classifiers.ensemble.graph_inputs import output_name
from classifiers.image.pca_forest import build
from classifiers.training.onnx_export import ExportedVoter, export


def rows(genres: int = 3, each: int = 40, width: int = 75, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Little pictures of noise on a ground that each genre has in common."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(genres), each)
    ground = np.random.default_rng(9).random((genres, width))
    return 0.5 * ground[truth] + 0.5 * rng.random((len(truth), width)), truth


def fitted(genres: int = 3, seed: int = 0) -> object:
    x, y = rows(genres)
    return build(seed).fit(x, y, sample_weight=np.ones(len(y)))


@pytest.mark.parametrize("genres", [2, 3, 6])
def test_a_graph_says_the_same_as_the_model(genres: int) -> None:
    import onnxruntime

    model = fitted(genres)
    asked, _ = rows(genres, each=200, seed=1)
    session = onnxruntime.InferenceSession(export([ExportedVoter("thumbnail", asked.shape[1], model)]))
    (votes,) = session.run([output_name("thumbnail")], {"thumbnail": asked})
    assert votes.shape == (200 * genres, 1, genres)
    assert np.abs(votes[:, 0] - model.predict_proba(asked)).max() < 1e-6


def test_it_tells_genres_that_look_different_and_equal_seeds_give_equal_answers() -> None:
    asked, truth = rows(seed=1)
    first, again, other = (fitted(seed=seed).predict_proba(asked) for seed in (0, 0, 1))
    assert (first.argmax(axis=1) == truth).mean() > 0.9
    assert first.sum(axis=1) == pytest.approx(1)
    assert (first == again).all()
    assert (first != other).any()


def test_weights_of_rows_count() -> None:
    noise = np.random.default_rng(4).random((80, 30))
    truth = np.arange(80) % 2
    heavy = build(0).fit(noise, truth, sample_weight=np.where(truth == 0, 9.0, 1.0)).predict_proba(noise)
    assert heavy[:, 0].mean() > 0.8


def test_fewer_rows_than_components_will_do() -> None:
    x, y = rows(2, each=5)
    assert build(0).fit(x, y, sample_weight=np.ones(10)).predict_proba(x).shape == (10, 2)
