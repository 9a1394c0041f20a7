from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.ensemble.pooling import VOTER_FLOOR, pooled
from classifiers.ensemble.results import VoterName
from classifiers.metrics.splits import scores
from classifiers.training.blending import MAX_MODELS, best_models, blended
from classifiers.training.cross_validation import HeldOut, by_fold
from classifiers.training.dataset import Row
from classifiers.training.stacking import RIDGE, fit_weights
from classifiers.training.voters import VoterPredictions

seeds = st.integers(0, 10_000)


def drawn(
    seed: int, leans: tuple[float, ...], rows: int = 60, genres: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Votes of models that lean to the truth as much as is said."""
    rng = np.random.default_rng(seed)
    truth = np.arange(rows) % genres
    votes = rng.dirichlet(np.ones(genres), size=(rows, len(leans)))
    votes += np.array(leans)[None, :, None] * np.eye(genres)[truth][:, None]
    return votes / votes.sum(axis=-1, keepdims=True), truth


def objective(weights: np.ndarray, votes: np.ndarray, truth: np.ndarray) -> float:
    logs = np.einsum("nmg,m->ng", np.log(np.maximum(votes, VOTER_FLOOR)), weights)
    shares = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    return scores(shares, truth).log_loss + RIDGE * ((weights - 1 / len(weights)) ** 2).sum()


@settings(max_examples=20)
@given(
    seeds,
    st.lists(st.floats(0, 1), min_size=3, max_size=3),
    st.lists(st.floats(0, 3), min_size=3, max_size=3),
)
def test_no_other_weights_are_better_on_the_rows_learnt_from(
    seed: int, leans: list[float], others: list[float]
) -> None:
    votes, truth = drawn(seed, tuple(leans))
    found = fit_weights(votes, truth)
    assert (found >= 0).all()
    assert objective(found, votes, truth) <= objective(np.array(others), votes, truth) + 1e-5


@settings(max_examples=20)
@given(seeds)
def test_the_order_of_models_and_of_rows_makes_no_difference(seed: int) -> None:
    votes, truth = drawn(seed, (0.1, 0.8, 0.4))
    rows = np.random.default_rng(seed).permutation(len(truth))
    found = fit_weights(votes, truth)
    assert fit_weights(votes[rows], truth[rows]) == pytest.approx(found, abs=1e-3)
    assert fit_weights(votes[:, ::-1], truth)[::-1] == pytest.approx(found, abs=1e-3)


def test_a_model_that_knows_more_weighs_more() -> None:
    votes, truth = drawn(1, (0.0, 0.2, 1.0))
    weights = fit_weights(votes, truth)
    assert weights[0] < weights[1] < weights[2]


def test_the_best_are_taken_and_one_of_each_source() -> None:
    votes, truth = drawn(2, (0.1, 0.9, 0.8, 0.3, 0.2, 0.5, 0.05))
    assert best_models(votes, truth, list("aabcdef")) == [1, 2, 5, 3]
    assert len(best_models(votes, truth, list("abcdefg"))) == MAX_MODELS
    assert best_models(votes, truth, list("aaaaaaa")) == [1]


def held(votes: np.ndarray, truth: np.ndarray, folds: int = 3) -> HeldOut:
    known = np.ones(1, dtype=bool)
    return HeldOut(
        names=[VoterName("lite", "covers", f"model {i}") for i in range(votes.shape[1])],
        rows=[Row(str(i), "", {"lite": [{}]}) for i in range(len(truth))],
        fold=np.arange(len(truth)) // 3 % folds,
        truth=truth,
        predictions=[
            [VoterPredictions(votes[i : i + 1, m], known) for i in range(len(truth))]
            for m in range(votes.shape[1])
        ],
    )


@settings(max_examples=6)
@given(seeds)
def test_what_a_fold_is_told_does_not_depend_on_its_own_genres(seed: int) -> None:
    votes, truth = drawn(seed, (0.5, 0.4, 0.3), rows=36)
    first = held(votes, truth)
    lied = np.where(first.fold == 0, (truth + 1) % 3, truth)
    fold, other = next(by_fold(first)), next(by_fold(replace(first, truth=lied)))
    assert (fold.test == np.flatnonzero(first.fold == 0)).all()
    for ours, theirs in zip(blended(fold, list("abc")), blended(other, list("abc")), strict=True):
        assert (ours == theirs).all()


def test_two_models_that_know_different_things_are_better_together() -> None:
    rng = np.random.default_rng(5)
    truth = np.arange(120) % 4
    halves = np.stack([truth // 2, truth % 2], axis=1)
    knows = np.array(
        [[[0.45, 0.45, 0.05, 0.05], [0.05, 0.05, 0.45, 0.45]], [[0.45, 0.05] * 2, [0.05, 0.45] * 2]]
    )
    votes = np.stack([knows[m, halves[:, m]] for m in range(2)], axis=1)
    votes += 0.02 * rng.random(votes.shape)
    votes /= votes.sum(axis=-1, keepdims=True)
    alone = [scores(votes[:, m], truth).balanced_accuracy for m in range(2)]
    (fold, *_) = by_fold(held(votes, truth))
    shares, weights = blended(fold, ["one", "other"])
    assert max(alone) < 0.8
    assert scores(shares, truth[fold.test]).balanced_accuracy == 1
    assert weights.min() > 0.3
    assert shares == pytest.approx(pooled(fold.votes, weights))
