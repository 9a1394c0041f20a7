from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.errors import FetchError
from spotitags.io.deadline import MAX_PAUSE, Deadline, retry_after, retry_time


def test_a_deadline_says_what_is_left_and_when_it_is_over() -> None:
    deadline = Deadline(60)
    assert 0 < deadline.remaining() <= 60
    assert deadline.allows(1)
    assert not deadline.allows(61)
    deadline.extend(10)
    assert deadline.allows(61)
    deadline.extend(-80)
    with pytest.raises(FetchError, match="timeout: no complete response within 60 s"):
        deadline.remaining()


@given(st.floats(0, 1e300))
def test_a_pause_of_any_length_ends(seconds: float) -> None:
    left = retry_time(seconds) - datetime.now(UTC)
    assert left <= timedelta(seconds=min(seconds, MAX_PAUSE))


@given(st.integers(0, 10**8))
def test_a_pause_in_seconds_or_as_a_date_is_understood(seconds: int) -> None:
    assert retry_after({"Retry-After": str(seconds)}) == seconds
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    assert retry_after({"Retry-After": date}) == pytest.approx(seconds, abs=2)


@given(st.text())
def test_any_other_pause_is_none_or_not_negative(text: str) -> None:
    wait = retry_after({"Retry-After": text})
    assert wait is None or wait >= 0


def test_no_header_is_no_pause() -> None:
    assert retry_after({}) is None
    assert retry_after({"Retry-After": "Wed, 21 Oct 2015 07:28:00"}) == 0
