from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.image.colour_knn import Neighbours, build

if TYPE_CHECKING:
    from numpy.typing import NDArray


def histograms(count: int, seed: int = 0, bins: int = 64) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(bins, 0.05), count)


def learnt(x: NDArray[np.float64], y: NDArray[np.intp], count: int = 10, **options: int) -> Neighbours:
    return Neighbours(count, 0, **options).fit(x, y, sample_weight=np.ones(len(y)))


def test_ten_neighbours_vote_and_the_nearest_is_the_cover_itself() -> None:
    x, y = histograms(200), np.arange(200) % 4
    model = build(0).fit(x, y, sample_weight=np.ones(200))
    near = model.nearest(x)
    assert near.shape == (200, 10)
    assert (near[:, 0] == np.arange(200)).all()
    counted = np.stack([np.bincount(row, minlength=4) for row in y[near]])
    assert model.predict_proba(x) == pytest.approx((counted + 1) / 14, abs=0.005)


def test_neighbours_are_those_of_the_hellinger_distance() -> None:
    x, asked = histograms(300), histograms(20, seed=1)
    roots = np.rint(np.sqrt(x) * 255)
    roots /= np.linalg.norm(roots, axis=1, keepdims=True)
    far = np.linalg.norm(np.sqrt(asked)[:, None] - roots[None], axis=2)
    assert (learnt(x, np.zeros(300, np.intp)).nearest(asked) == np.argsort(far, axis=1)[:, :10]).all()


def test_of_genres_with_equally_many_neighbours_the_nearer_wins() -> None:
    x = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.02, 0.96, 0.02], [0.02, 0.96, 0.02]])
    model = learnt(x, np.array([0, 1, 0, 1]), count=2)
    assert model.predict_proba(np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])).argmax(axis=1).tolist() == [0, 1]


def test_a_genre_with_few_covers_can_win() -> None:
    x = histograms(50)
    truth = np.array([1] * 3 + [0] * 47)
    x[:3] = x[0]
    votes = learnt(x, truth).predict_proba(x[:1])
    assert votes.argmax() == 1


@given(st.permutations(range(12)))
def test_the_order_of_training_makes_no_difference(order: list[int]) -> None:
    x, y = histograms(12), np.arange(12) % 3
    asked = histograms(5, seed=1)
    votes = learnt(x, y, count=5).predict_proba(asked)
    assert learnt(x[order], y[order], count=5).predict_proba(asked) == pytest.approx(votes)


def test_beyond_its_limit_an_index_finds_nearly_the_same() -> None:
    pytest.importorskip("voyager")
    x, y, asked = histograms(3000), np.arange(3000) % 3, histograms(100, seed=1)
    exact, quick = learnt(x, y), learnt(x, y, exact_up_to=2999)
    pairs = zip(exact.nearest(asked), quick.nearest(asked), strict=True)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in pairs])
    assert recall > 0.9
    assert (quick.predict_proba(asked) == learnt(x, y, exact_up_to=2999).predict_proba(asked)).all()
