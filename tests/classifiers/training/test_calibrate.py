from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.ensemble.confidence import Calibration, Step
from classifiers.training.calibrate import MIN_ARTISTS, SURE_RATE, calibrate

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
    assert calibration.confidence(0.95) == (calibration.steps[0].right, 12, True)


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
    assert calibration.confidence(0.2) == calibration.confidence(0.599) == (0.4, 20, False)
    assert calibration.confidence(0.6) == calibration.confidence(1.0) == (0.8, 31, True)


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
