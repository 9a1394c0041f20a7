from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.ensemble.confidence import MOST_NONE, Calibration, OutsiderModel, Step, evidence

CALIBRATION = Calibration((Step(0.0, 0.4, 12), Step(0.6, 0.9, 10.4)), sure_from=0.6)
MODEL = OutsiderModel("lite/embedding", 0.2, 1.8, 0.1)
PROBABILITIES = st.floats(0, 1)


@given(st.floats(0, 1), PROBABILITIES)
def test_no_vote_is_sure_where_none_of_the_genres_is_likely_and_the_rate_stays(
    share: float, none: float
) -> None:
    unknown, known = CALIBRATION.confidence(share), CALIBRATION.confidence(share, none)
    assert known.sure == (unknown.sure and none < MOST_NONE)
    assert known[:2] == unknown[:2]
    assert unknown.fits
    assert known.fits == (none < MOST_NONE)


@pytest.mark.parametrize(("none", "sure"), [(0.0, True), (MOST_NONE - 1e-9, True), (MOST_NONE, False)])
def test_a_vote_is_sure_up_to_the_limit_exclusively(none: float, sure: bool) -> None:
    assert CALIBRATION.confidence(0.6, none).sure is sure
    assert not CALIBRATION.confidence(0.59, none).sure


def test_a_card_keeps_a_model_s_own_limit_and_one_without_a_limit_has_the_usual_one() -> None:
    own = replace(CALIBRATION, none_below=0.25)
    assert Calibration.from_card(own.to_card()) == own
    assert own.confidence(0.9, 0.24).sure
    assert not own.confidence(0.9, 0.25).sure
    earlier = own.to_card()
    del earlier["none_below"]
    assert Calibration.from_card(earlier) == CALIBRATION


def test_without_a_share_that_is_high_enough_no_vote_is_sure() -> None:
    assert not Calibration(CALIBRATION.steps, None).confidence(1.0, 0.0).sure


@given(st.lists(st.floats(-14, 14), min_size=2, max_size=9), st.integers(1, 500))
def test_the_probability_of_none_rises_with_the_evidence(values: list[float], covers: int) -> None:
    ordered = np.sort(values)
    found = MODEL.none_probability(ordered, covers)
    assert found.shape == ordered.shape
    assert ((found > 0) & (found < 1)).all()
    assert (np.diff(found) >= 0).all()
    assert (np.diff(found)[np.diff(ordered) > 1e-3] > 0).all()


def test_the_probability_is_that_of_the_formula() -> None:
    assert MODEL.none_probability(0.0, 1) == pytest.approx(1 / (1 + np.exp(-0.2)))
    assert MODEL.none_probability(-1.5, 7) == pytest.approx(
        1 / (1 + np.exp(-(0.2 - 1.5 * 1.8 + 0.1 * np.log(7))))
    )


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=12), st.randoms())
def test_evidence_is_the_mean_log_odds_in_any_order(none: list[float], random: np.random.Generator) -> None:
    def votes(each: list[float]) -> np.ndarray:
        column = np.array(each)[:, np.newaxis]
        return np.hstack([column, (1 - column) * [[0.25, 0.75]]])

    found = evidence(votes(none))
    assert found == pytest.approx(np.mean([np.log(p / (1 - p)) for p in none]))
    shuffled = list(none)
    random.shuffle(shuffled)
    assert evidence(votes(shuffled)) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_a_cover_that_is_certain_gives_finite_evidence(certain: float) -> None:
    alone = evidence(np.array([[certain, 1 - certain]]))
    assert np.isfinite(alone)
    assert (alone > 0) == bool(certain)


def test_what_a_card_holds_is_read_back() -> None:
    assert OutsiderModel.from_card(MODEL.to_card()) == MODEL
    assert Calibration.from_card(CALIBRATION.to_card()) == CALIBRATION
    with pytest.raises(KeyError):
        OutsiderModel.from_card({"input": "lite/embedding", "intercept": 1, "evidence": 1})
    with pytest.raises(ValueError, match="high"):
        OutsiderModel.from_card({**MODEL.to_card(), "evidence": "high"})
