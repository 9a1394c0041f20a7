from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.errors import TrainingDataError
from classifiers.metrics.splits import Scores, Split, mean_scores, scores, splits

GENRES = ["jazz"] * 6 + ["metal"] * 9
NO_GROUPS: list[list[str]] = [[]] * len(GENRES)


def test_every_artist_is_tested_once_and_every_fold_has_every_genre() -> None:
    parts = splits(GENRES, NO_GROUPS, folds=3)
    assert sorted(np.concatenate([part.test for part in parts]).tolist()) == list(range(15))
    for part in parts:
        assert Counter(GENRES[i] for i in part.test) == {"jazz": 2, "metal": 3}
        assert sorted([*part.train, *part.test]) == list(range(15))


def test_folds_shrink_to_the_smallest_genre() -> None:
    assert len(splits(["a"] * 3 + ["b"] * 20, [[]] * 23, folds=5)) == 3


def test_seeds_shuffle_and_equal_seeds_agree() -> None:
    def tests(seed: int) -> list[list[int]]:
        return [part.test.tolist() for part in splits(GENRES, NO_GROUPS, folds=3, seed=seed)]

    assert tests(1) == tests(1)
    assert tests(1) != tests(2)


def test_a_cover_that_a_tested_artist_shares_leaves_training_and_nothing_else_does() -> None:
    groups = [["duet", f"own {i}"] if i in {6, 9} else [f"own {i}"] for i in range(15)]
    parts = splits(GENRES, groups, folds=3)
    for part in parts:
        assert part.train.size + part.test.size == 15
        trained_on = {6, 9} & set(part.train.tolist())
        assert part.masked == ({i: {0} for i in trained_on} if len(trained_on) == 1 else {})
    assert any(part.masked for part in parts)


def test_a_cover_that_training_cannot_spare_leaves_the_tested_artist_instead() -> None:
    groups = [["duet"] if i == 6 else ["duet", "own"] if i == 9 else [f"own {i}"] for i in range(15)]
    for part in splits(GENRES, groups, folds=3):
        assert part.train.size + part.test.size == 15
        if 9 in part.test and 6 in part.train:
            assert part.masked == {9: {0}}
        if 6 in part.test and 9 in part.train:
            assert part.masked == {9: {0}}


def test_where_nobody_can_spare_the_cover_the_artist_is_not_tested() -> None:
    everyone_shares = [["compilation"]] * 6 + [[]] * 9
    parts = splits(GENRES, everyone_shares, folds=3)
    assert not any(GENRES[i] == "jazz" for part in parts for i in part.test)
    assert all(Counter(GENRES[i] for i in part.train) == {"jazz": 4, "metal": 6} for part in parts)


@given(
    st.lists(st.lists(st.integers(0, 12).map(str), max_size=3), min_size=15, max_size=15),
    st.integers(0, 99),
)
def test_no_cover_is_ever_on_both_sides_and_training_keeps_every_artist(
    groups: list[list[str]], seed: int
) -> None:
    def left(part: Split, row: int) -> set[str]:
        return {group for n, group in enumerate(groups[row]) if n not in part.masked.get(row, ())}

    for part in splits(GENRES, groups, folds=3, seed=seed):
        assert not set(part.train) & set(part.test)
        sides = [set().union(*(left(part, i) for i in side.tolist())) for side in (part.train, part.test)]
        assert not sides[0] & sides[1]
        assert all(left(part, i) or not groups[i] for i in (*part.train.tolist(), *part.test.tolist()))
        assert Counter(GENRES[i] for i in part.train) == {"jazz": 4, "metal": 6}


@pytest.mark.parametrize(
    ("genres", "message"),
    [([], "0 genre"), (["a"] * 9, "only 1 genre"), (["a"] * 9 + ["b"] * 2, r"too few artists of b \(2\)")],
)
def test_labels_that_cannot_be_split_say_why(genres: list[str], message: str) -> None:
    with pytest.raises(TrainingDataError, match=message):
        splits(genres, [[]] * len(genres))


def test_folds_that_leave_one_artist_to_learn_from_are_refused() -> None:
    genres = ["a"] * 3 + ["b"] * 9
    with pytest.raises(TrainingDataError, match="3 artists of a leave one to train on: use 3 folds"):
        splits(genres, [[]] * 12, folds=2)
    assert len(splits(genres, [[]] * 12, folds=3)) == 3
    assert len(splits(["a"] * 4 + ["b"] * 9, [[]] * 13, folds=2)) == 2


def test_scores_treat_a_small_genre_like_a_large_one() -> None:
    votes = np.array([[0.8, 0.2]] * 4 + [[0.6, 0.4]])
    found = scores(votes, np.array([0, 0, 0, 0, 1]))
    assert found.balanced_accuracy == 0.5
    assert found.accuracy == 0.8
    assert found.log_loss == pytest.approx((-np.log(0.8) - np.log(0.4)) / 2)


def test_rows_in_no_test_fold_are_left_out_of_the_scores() -> None:
    votes = np.array([[0.9, 0.1], [np.nan, np.nan], [0.2, 0.8]])
    assert scores(votes, np.array([0, 0, 1])).accuracy == 1
    with pytest.raises(TrainingDataError, match="nothing to score"):
        scores(votes[1:2], np.array([0]))


def test_a_certain_mistake_has_a_finite_loss_and_chance_has_log_genres() -> None:
    assert np.isfinite(scores(np.array([[1.0, 0.0]]), np.array([1])).log_loss)
    assert scores(np.full((3, 4), 0.25), np.array([0, 1, 2])).log_loss == pytest.approx(np.log(4))


def test_the_mean_is_taken_of_each_score() -> None:
    assert mean_scores([Scores(0.0, 1.0, 2.0), Scores(1.0, 1.0, 4.0)]) == Scores(0.5, 1.0, 3.0)
