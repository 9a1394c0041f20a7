from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classifiers.ensemble.pooling import Sharpness, log_odds, pool_covers, pooled, temper

VOTES = arrays(np.float64, (4, 3), elements=st.floats(0.01, 1)).map(lambda v: v / v.sum(1, keepdims=True))
SHARP = st.builds(Sharpness, st.floats(0.1, 10), st.floats(0, 1))
ALL = np.ones(4, dtype=bool)


@given(VOTES, SHARP, st.permutations(range(4)))
def test_covers_pool_to_probabilities_whatever_their_order(
    votes: np.ndarray, sharp: Sharpness, order: list[int]
) -> None:
    vote = pool_covers(votes, ALL, sharp)
    assert vote.sum() == pytest.approx(1)
    assert pool_covers(votes[order], ALL, sharp) == pytest.approx(vote)


@given(VOTES, SHARP, arrays(np.bool_, 4))
def test_covers_on_which_nothing_is_known_do_not_count(
    votes: np.ndarray, sharp: Sharpness, known: np.ndarray
) -> None:
    alone = pool_covers(votes[known], np.ones(known.sum(), dtype=bool), sharp)
    assert pool_covers(votes, known, sharp) == pytest.approx(alone)
    if not known.any():
        assert alone == pytest.approx(1 / 3)


def test_a_single_cover_counts_as_it_is_and_agreeing_ones_make_surer() -> None:
    cover = np.array([[0.5, 0.3, 0.2]])
    sharp = Sharpness(1.0, 0.5)
    assert pool_covers(cover, ALL[:1], sharp) == pytest.approx(cover[0])
    winners = [pool_covers(np.repeat(cover, n, axis=0), np.ones(n, dtype=bool), sharp)[0] for n in (1, 2, 4)]
    assert winners == sorted(winners)
    assert winners[0] < winners[1] < winners[2]
    # Independent covers multiply: Bayes' rule with a flat prior.
    four = pool_covers(np.repeat(cover, 4, axis=0), ALL, Sharpness(1.0, 1.0))
    assert four == pytest.approx(cover[0] ** 4 / (cover[0] ** 4).sum())


@given(VOTES, st.lists(st.floats(0.01, 1), min_size=4, max_size=4).map(np.array))
def test_voters_pool_by_weight_and_those_of_no_weight_or_opinion_do_not_move_it(
    votes: np.ndarray, weights: np.ndarray
) -> None:
    weights = weights / weights.sum()
    shares = pooled(votes, weights)
    assert shares.sum() == pytest.approx(1)
    assert pooled(np.stack([votes, votes]), np.stack([weights, weights])) == pytest.approx(
        shares[None] * [[1], [1]]
    )
    assert pooled(votes[:1], np.ones(1)) == pytest.approx(votes[0])
    heard = np.append(weights, 0.0)
    assert pooled(np.vstack([votes, [1.0, 0.0, 0.0]]), heard) == pytest.approx(shares)


def test_a_certain_cover_cannot_rule_a_genre_out() -> None:
    votes = np.array([[1.0, 0.0], *[[0.02, 0.98]] * 8])
    assert pool_covers(votes, np.ones(9, dtype=bool), Sharpness(1.0, 1.0))[1] > 0.9


def test_few_covers_bring_a_bag_closer_to_flat() -> None:
    vote = np.array([0.8, 0.2])
    assert temper(vote, 1) == pytest.approx([0.74, 0.26])
    assert temper(vote, 1)[0] < temper(vote, 3)[0] < temper(vote, 30)[0] < 0.8


def test_a_certain_voter_cannot_overrule_all_others() -> None:
    votes = np.array([[1.0, 0.0], [0.1, 0.9], [0.1, 0.9]])
    assert pooled(votes, np.array([0.2, 0.4, 0.4]))[1] > 0.5


@given(VOTES, st.lists(st.floats(0.01, 1), min_size=4, max_size=4).map(np.array))
def test_log_odds_of_the_pool_are_the_weighted_sum_of_the_voters(
    votes: np.ndarray, weights: np.ndarray
) -> None:
    weights = weights / weights.sum()
    odds = log_odds(votes, 2, 0)
    shares = pooled(votes, weights)
    assert odds @ weights == pytest.approx(np.log(shares[2] / shares[0]), abs=1e-9)
    assert log_odds(votes, 0, 2) == pytest.approx(-odds)


def test_log_odds_stay_finite_and_do_not_saturate() -> None:
    votes = np.array([[1 - 1e-9, 1e-9], [1 - 1e-12, 1e-12], [1.0, 0.0]])
    odds = log_odds(votes, 0, 1)
    assert odds[:2] == pytest.approx([9 * np.log(10), 12 * np.log(10)])
    assert np.isfinite(odds).all()
    assert odds[2] > odds[1] > odds[0]
