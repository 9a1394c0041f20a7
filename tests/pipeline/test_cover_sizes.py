"""Confidence in votes on small covers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.ensemble.results import Confidence
from classifiers.training.calibrate import SURE_RATE as CALIBRATED_SURE_RATE
from spotitags.pipeline.cover_sizes import RATES, SURE_RATE, lower_confidence
from spotitags.records import SMALL_SIDE

SURE = Confidence(0.96, 24, sure=True)
UNSURE = Confidence(0.57, 13, sure=False)
SIDES = st.lists(st.none() | st.integers(1, 2000), max_size=12)


def test_full_size_and_unknown_size_keep_the_confidence() -> None:
    for sides in ([], [None], [300] * 5, [SMALL_SIDE] * 3, [None, None, 64]):
        assert lower_confidence(SURE, sides) == SURE
        assert lower_confidence(UNSURE, sides) == UNSURE


def test_small_covers_get_the_rate_that_was_measured_at_their_size() -> None:
    for rates in RATES:
        lowered = lower_confidence(SURE, [rates.side] * 4)
        assert lowered[:3] == (rates.sure, rates.artists[0], rates.sure >= SURE_RATE)
        assert lower_confidence(UNSURE, [rates.side] * 4)[:3] == (rates.unsure, rates.artists[1], False)
    assert not lower_confidence(SURE, [48] * 4).sure, "of votes on such small covers, too many were wrong"


def test_most_of_the_covers_decide() -> None:
    assert lower_confidence(SURE, [64, 300, 300]) == SURE
    assert lower_confidence(SURE, [64, 64, 300]) == lower_confidence(SURE, [64, 64, 300, 300])
    assert lower_confidence(SURE, [64, 64, 300, 300]).right < SURE.right


@given(st.floats(0.01, 0.99), st.booleans(), SIDES)
def test_a_confidence_never_rises(right: float, sure: bool, sides: list[int | None]) -> None:
    confidence = Confidence(right, 20, sure)
    lowered = lower_confidence(confidence, sides)
    assert lowered.right <= confidence.right
    assert lowered.sure <= confidence.sure
    assert lowered == confidence or lowered.right < confidence.right


def test_the_measured_rates_rise_with_the_size() -> None:
    assert [each.side for each in RATES] == sorted(each.side for each in RATES)
    assert RATES[-1].side < SMALL_SIDE
    for column in ("sure", "unsure"):
        rates = [getattr(each, column) for each in RATES]
        assert rates == sorted(rates)


def test_sure_means_the_same_as_in_training() -> None:
    assert pytest.approx(CALIBRATED_SURE_RATE) == SURE_RATE
