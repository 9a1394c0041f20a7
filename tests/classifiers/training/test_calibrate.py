from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.ensemble.confidence import MOST_NONE, Calibration, OutsiderModel, Step
from classifiers.ensemble.results import Confidence
from classifiers.training.calibrate import (
    LEAST_KEPT,
    MIN_ARTISTS,
    MOST_SURE,
    SURE_RATE,
    calibrate,
    limit_none,
)
from classifiers.training.detector import Kind
from classifiers.training.outsiders import TrainedOutsiders, Trial

if TYPE_CHECKING:
    from numpy.typing import NDArray

CARD: dict[str, Any] = {"sure_from": 0.7, "steps": [{"share": 0.0, "right": 0.5, "artists": 12.0}]}


def answers(shares: NDArray[np.float64], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(..., n_rows, 2) answers to rows of genre 0, given the winners' shares and whether they are right."""
    first = np.where(right, shares, 1 - shares)
    return np.stack([first, 1 - first], axis=-1)


def drawn(artists: int, repeats: int, seed: int, lift: float = 0.0) -> NDArray[np.float64]:
    """Answers that are right as often as they claim, and ``lift`` more."""
    rng = np.random.default_rng(seed)
    shares = rng.uniform(0.501, 0.999, (repeats, artists))
    return answers(shares, rng.random((repeats, artists)) < shares + lift)


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 3), st.integers(0, 10_000))
def test_steps_rise_and_each_has_artists_enough_behind_it(artists: int, repeats: int, seed: int) -> None:
    given_answers = drawn(artists, repeats, seed)
    given_answers[0, : artists // 3] = np.nan
    steps = calibrate(given_answers, np.zeros(artists, dtype=np.intp)).steps
    assert steps[0].share == 0
    assert all(a.share < b.share and a.right < b.right for a, b in pairwise(steps)), steps
    assert all(0 < step.right < 1 for step in steps)
    assert len(steps) == 1 or min(step.artists for step in steps) >= MIN_ARTISTS - 0.01
    tested = artists if repeats > 1 else artists - artists // 3
    assert sum(step.artists for step in steps) == pytest.approx(tested, abs=0.01 * len(steps))


@pytest.mark.parametrize("lift", [-0.3, 0.0])
def test_what_is_found_is_how_often_such_votes_are_right(lift: float) -> None:
    calibration = calibrate(drawn(4000, 1, 1, lift), np.zeros(4000, dtype=np.intp))
    for share in (0.55, 0.65, 0.75, 0.85, 0.95):
        assert calibration.confidence(share).right == pytest.approx(share + lift, abs=0.08)
    assert (
        calibration.sure_from is None if lift else calibration.sure_from == pytest.approx(SURE_RATE, abs=0.05)
    )


def test_asking_the_same_artists_again_brings_no_more_of_them() -> None:
    once, genre = drawn(50, 1, 4), np.zeros(50, dtype=np.intp)
    assert calibrate(np.repeat(once, 3, axis=0), genre) == calibrate(once, genre)


def test_a_few_lucky_artists_are_no_certainty() -> None:
    shares = np.linspace(0.9, 0.99, 12)[np.newaxis]
    calibration = calibrate(answers(shares, shares > 0), np.zeros(12, dtype=np.intp))
    assert calibration.steps == (Step(0.0, round(13 / 14, 4), 12.0),)
    assert calibration.confidence(0.95) == Confidence(calibration.steps[0].right, 12, sure=True)


def test_a_few_artists_join_the_neighbours_whose_rate_is_closest() -> None:
    """Right 2 times in 20, then 4 in 5, then 19 in 20: the five go with those above them."""
    shares = np.concatenate([np.full(20, 0.55), np.full(5, 0.7), np.full(20, 0.9)])
    right = np.arange(45) % 20 < 2
    right[20:25], right[25:] = np.arange(5) < 4, np.arange(20) < 19
    calibration = calibrate(answers(shares[None], right[None]), np.zeros(45, dtype=np.intp))
    assert calibration.steps == (
        Step(0.0, round(3 / 22, 4), 20.0),
        Step(0.625, round(24 / 27, 4), 25.0),
    )
    assert calibration.confidence(0.7).sure
    assert not calibration.confidence(0.6).sure


def test_votes_are_sure_from_the_threshold_on() -> None:
    calibration = Calibration((Step(0.0, 0.4, 20.4), Step(0.6, 0.8, 30.6)), 0.6)
    assert calibration.confidence(0.2) == calibration.confidence(0.599) == Confidence(0.4, 20, sure=False)
    assert calibration.confidence(0.6) == calibration.confidence(1.0) == Confidence(0.8, 31, sure=True)


def test_guesses_are_never_sure() -> None:
    rng = np.random.default_rng(2)
    calibration = calibrate(rng.dirichlet(np.ones(5), (3, 80)), rng.integers(0, 5, 80))
    assert calibration.sure_from is None
    assert not calibration.confidence(1.0).sure


def test_the_card_gives_back_what_was_put_in() -> None:
    calibration = calibrate(drawn(60, 2, 3), np.zeros(60, dtype=np.intp))
    assert Calibration.from_card(json.loads(json.dumps(calibration.to_card()))) == calibration


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"sure_from": 0.5},
        CARD | {"steps": []},
        CARD | {"sure_from": "much"},
        CARD | {"steps": [CARD["steps"][0] | {"share": 0.1}]},
        CARD | {"steps": CARD["steps"] + [{"share": 0.5, "right": "often", "artists": 1}]},
        CARD | {"steps": [{"share": s, "right": 0.5, "artists": 9} for s in (0.0, 0.6, 0.4)]},
    ],
)
def test_a_card_that_makes_no_sense_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Calibration.from_card(broken)


def outsiders_of(none: dict[str, list[float]], own: list[float]) -> TrainedOutsiders:
    """Outsiders of each category, all with a sure share, and own rows, with these probabilities of none."""

    def logit(p: float) -> float:
        return float(np.log(p / (1 - p)))

    trials = [
        Trial(
            Kind(category, category, None, [np.zeros((1, 2), dtype=np.float32)]),
            known,
            10,
            logit(p),
            1.0,
            largest=True,
        )
        for category, chances in none.items()
        for p in chances
        for known in (False, True)
    ]
    rows = np.array([[logit(p), 10] for p in own])
    model = OutsiderModel("lite/embedding", 0.0, 1.0, 0.0)
    return TrainedOutsiders(None, model, tuple(map(str, range(len(own)))), rows, tuple(trials))  # type: ignore[arg-type]


def limit(none: dict[str, list[float]], own: list[float]) -> float:
    """Limit for rows in another order than that of the held-out ones, all right and sure but the first."""
    shares = answers(np.full(len(own) + 1, 0.9), np.arange(len(own) + 1) > 0)
    ids = ["wrong, and not held out", *map(str, reversed(range(len(own))))]
    calibration = Calibration((Step(0.0, 0.9, 30),), sure_from=0.0)
    return limit_none(
        calibration, outsiders_of(none, own), ids, shares, np.zeros(len(ids), dtype=np.intp)
    ).none_below


EVEN = (np.arange(20) / 20 + 0.02).tolist()  # 0.02, 0.07 ... 0.97


@pytest.mark.parametrize(
    ("none", "expected"),
    [
        ({"music": [0.9] * 18 + [0.1] * 2}, MOST_NONE),
        ({"music": [0.9] * 17 + [0.42] * 3}, 0.4),
        ({"music": EVEN}, 0.1),
        ({"pictures": EVEN}, 0.05),
        ({"music": [0.9] * 20, "pictures": [0.9] * 18 + [0.31] * 2, "blanks": [0.9] * 20}, 0.3),
        ({"blanks": [0.9] * 49 + [0.21]}, 0.2),
    ],
)
def test_the_limit_is_the_largest_at_which_outsiders_are_seldom_sure(
    none: dict[str, list[float]], expected: float
) -> None:
    assert limit(none, [0.01] * 50) == expected


@given(
    st.dictionaries(
        st.sampled_from(sorted(MOST_SURE)),
        st.lists(st.floats(0.01, 0.99), min_size=1, max_size=20),
        min_size=1,
    ),
    st.lists(st.floats(0.01, 0.99), min_size=1, max_size=30),
)
def test_the_limit_keeps_most_right_votes_sure_or_is_the_usual_one(
    none: dict[str, list[float]], own: list[float]
) -> None:
    found = limit(none, own)
    kept = sum(p < found + 1e-9 for p in own)  # the model rounds a little
    assert 0 < found <= MOST_NONE
    assert found == MOST_NONE or kept >= LEAST_KEPT * len(own)


def test_right_votes_count_before_outsiders() -> None:
    assert limit({"music": [0.1] * 20}, [0.2] * 8 + [0.4] * 2) == 0.25
    assert limit({"music": [0.1] * 20}, [0.2] * 7 + [0.6] * 3) == MOST_NONE
