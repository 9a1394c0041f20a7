from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sk

from classifiers.errors import TrainingDataError
from classifiers.metrics.bootstrap import (
    METRICS,
    by_genre,
    confusion,
    estimate,
    estimates,
    metrics,
    pair_aucs,
    pair_curve,
    pair_scores,
    reliability,
    resamples,
    row_stats,
)
from classifiers.metrics.splits import scores

Floats = NDArray[np.float64]


def answers(
    seed: int = 0, repeats: int = 1, rows: int = 60, genres: int = 3
) -> tuple[Floats, NDArray[np.intp]]:
    """Probabilities that lean to the truth, and the truth."""
    rows, genres = 60, 3
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(rows) % genres)
    votes = rng.dirichlet(np.ones(genres), size=(repeats, rows)) + 0.4 * np.eye(genres)[truth]
    return votes / votes.sum(axis=-1, keepdims=True), truth


def once(truth: NDArray[np.intp]) -> Floats:
    return np.ones((1, len(truth)))


@settings(max_examples=25)
@given(st.integers(0, 200))
def test_scores_are_scikit_learns(seed: int) -> None:
    votes, truth = answers(seed)
    named = votes[0].argmax(axis=1)
    found = {name: value[0] for name, value in metrics(row_stats(votes, truth), once(truth)).items()}
    assert set(found) == set(METRICS)
    assert found["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(truth, named))
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(truth, named))
    assert found["macro_f1"] == pytest.approx(sk.f1_score(truth, named, average="macro"))
    assert found["top2_accuracy"] == pytest.approx(sk.top_k_accuracy_score(truth, votes[0], k=2))
    assert found["log_loss"] == pytest.approx(scores(votes[0], truth).log_loss)
    table = confusion(row_stats(votes, truth), once(truth))[0]
    assert np.array_equal(table, sk.confusion_matrix(truth, named))
    precision, recall, f1, _ = sk.precision_recall_fscore_support(truth, named, zero_division=0)
    each = by_genre(table)
    assert np.allclose([each["precision"], each["recall"], each["f1"]], [precision, recall, f1])


@settings(max_examples=25)
@given(st.integers(0, 200))
def test_areas_are_scikit_learns_and_the_curve_encloses_them(seed: int) -> None:
    votes, truth = answers(seed)
    areas = pair_aucs(votes, truth, once(truth))
    assert set(areas) == {(0, 1), (0, 2), (1, 2)}
    for (a, b), (area, samples) in areas.items():
        chosen = (truth == a) | (truth == b)
        expected = sk.roc_auc_score(truth[chosen] == a, pair_scores(votes, a, b)[0][chosen])
        assert area == pytest.approx(expected)
        assert samples == pytest.approx([expected])
        curve = pair_curve(votes, truth, a, b, points=2001)
        assert np.trapezoid(curve, np.linspace(0, 1, 2001)) == pytest.approx(expected, abs=0.01)
        assert (np.diff(curve) >= 0).all()


def test_a_weighted_row_counts_like_that_many_rows() -> None:
    votes, truth = answers(3, repeats=2)
    weights = np.random.default_rng(1).integers(0, 4, size=len(truth))
    many = np.repeat(np.arange(len(truth)), weights)
    stats, repeated = row_stats(votes, truth), row_stats(votes[:, many], truth[many])
    for name, value in metrics(stats, weights[None].astype(float)).items():
        assert value == pytest.approx(metrics(repeated, once(truth[many]))[name]), name
    pairs = pair_aucs(votes, truth, weights[None].astype(float))
    for pair, (_, samples) in pairs.items():
        assert samples == pytest.approx([pair_aucs(votes[:, many], truth[many], once(truth[many]))[pair][0]])


def test_repeats_are_averaged_and_rows_not_tested_are_left_out() -> None:
    votes = np.array(
        [[[0.9, 0.1], [0.2, 0.8], [np.nan, np.nan]], [[0.4, 0.6], [np.nan, np.nan], [np.nan, np.nan]]]
    )
    stats = row_stats(votes, np.array([0, 1, 1]))
    assert stats.right.tolist()[:2] == [0.5, 1.0]
    assert np.isnan(stats.right[2])
    found = metrics(stats, once(stats.truth))
    assert found["accuracy"] == found["balanced_accuracy"] == 0.75
    with pytest.raises(TrainingDataError, match="nothing to score"):
        row_stats(np.full((1, 2, 2), np.nan), np.array([0, 1]))


def test_calibration_error_is_the_gap_between_sureness_and_rightness() -> None:
    truth = np.array([0] * 10)
    sure = np.array([[0.75, 0.25]] * 7 + [[0.25, 0.75]] * 3)[None]
    stats = row_stats(sure, truth)
    assert metrics(stats, once(truth))["calibration_error"] == pytest.approx(0.05)
    assert reliability(stats) == [pytest.approx({"confidence": 0.75, "right": 0.7, "part": 1.0})]


def test_the_calibration_error_compares_votes_of_similar_confidence_only() -> None:
    """Votes that are too sure do not make up for votes that are not sure enough."""
    truth = np.zeros(20, dtype=np.intp)
    first = np.array([0.95] * 6 + [0.05] * 4 + [0.55] * 8 + [0.45] * 2)  # right 6 and 8 times in 10
    stats = row_stats(np.stack([first, 1 - first], axis=1)[None], truth)
    assert metrics(stats, once(truth))["calibration_error"] == pytest.approx((0.35 + 0.25) / 2)
    assert reliability(stats) == [
        pytest.approx({"confidence": 0.55, "right": 0.8, "part": 0.5}),
        pytest.approx({"confidence": 0.95, "right": 0.6, "part": 0.5}),
    ]


@pytest.mark.parametrize(("confidence", "bins"), [((0.61, 0.69), 1), ((0.69, 0.71), 2), ((0.6, 0.61), 2)])
def test_bins_are_a_tenth_wide(confidence: tuple[float, float], bins: int) -> None:
    first = np.array(confidence)
    stats = row_stats(np.stack([first, 1 - first], axis=1)[None], np.zeros(2, dtype=np.intp))
    assert len(reliability(stats)) == bins


def test_a_genre_without_a_tested_row_has_no_area_and_does_not_lower_the_means() -> None:
    votes = np.array([[0.7, 0.1, 0.2], [np.nan] * 3, [0.2, 0.1, 0.7]])[None]
    for rows in ([0, 1, 2], [0, 2]):
        truth = np.array(rows)
        areas = pair_aucs(votes[:, rows], truth, once(truth))
        assert {pair: area for pair, (area, _) in areas.items()} == {(0, 2): 1.0}
        found = metrics(row_stats(votes[:, rows], truth), once(truth))
        assert found["balanced_accuracy"] == found["macro_f1"] == 1


def test_resamples_keep_each_genres_size_and_units_together() -> None:
    truth = np.array([0, 0, 0, 0, 1, 1, 1])
    units = ["a", "a", "b", "c", "d", "e", "a"]
    drawn = resamples(truth, units, count=500, seed=4)
    assert np.array_equal(drawn[:, 0], drawn[:, 1])
    assert (drawn[:, 1] + drawn[:, 2] + drawn[:, 3] == 3).all()
    assert (drawn[:, 4:].sum(axis=1) == 3).all()
    assert not np.array_equal(drawn[:, 0], drawn[:, 6])
    assert np.array_equal(drawn, resamples(truth, units, count=500, seed=4))
    assert not np.array_equal(drawn, resamples(truth, units, count=500, seed=5))


def test_intervals_hold_what_they_promise() -> None:
    """Of 200 studies of coins that are right 7 times in 10, about 95% have 0.7 in their interval."""
    rng = np.random.default_rng(0)
    truth, inside = np.zeros(80, dtype=np.intp), 0
    for study in range(200):
        right = rng.random(80) < 0.7
        votes = np.where(right[:, None], [[0.9, 0.1]], [[0.1, 0.9]])[None]
        stats, drawn = (
            row_stats(votes, truth),
            resamples(truth, [str(i) for i in range(80)], count=300, seed=study),
        )
        found = estimates(metrics(stats, once(truth)), metrics(stats, drawn))["accuracy"]
        assert found.low <= found.value <= found.high
        inside += found.low <= 0.7 <= found.high
    assert 180 <= inside <= 198


def test_an_estimate_is_the_middle_of_its_samples() -> None:
    assert estimate(5.0, np.linspace(0, 10, 1001)) == pytest.approx((5.0, 0.25, 9.75))
