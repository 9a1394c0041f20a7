from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.errors import SettingsError
from spotitags.io.rate_limit import RateLimiter

if TYPE_CHECKING:
    from pathlib import Path

CALLER = """
import sys, time
from pathlib import Path
from spotitags.io.rate_limit import RateLimiter
pace = RateLimiter(Path(sys.argv[1]), 0.5)
for _ in range(4):
    with pace.acquire():
        began = time.monotonic()
        time.sleep(0.05)
        print(began, time.monotonic(), flush=True)
"""


class Clock:
    """A clock that advances only by waits."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def test_two_processes_share_one_pace(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CALLER, str(tmp_path / "shared" / "pace")]
    callers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    spans = sorted(
        tuple(map(float, line.split()))
        for caller in callers
        for line in caller.communicate(timeout=60)[0].splitlines()
    )
    assert len(spans) == 8
    gaps = [after[0] - before[1] for before, after in pairwise(spans)]
    assert min(gaps) >= 0.5


def test_a_killed_caller_leaves_no_lock_behind(tmp_path: Path) -> None:
    script = CALLER.replace("time.sleep(0.05)", "print('held', flush=True); time.sleep(60)")
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "pace")], stdout=subprocess.PIPE, text=True
    ) as caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "held\n"
        caller.kill()
    with RateLimiter(tmp_path / "pace", 0).acquire():
        pass


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=1, max_size=6))
def test_the_pause_counts_from_the_end_of_a_call(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[float, float]]
) -> None:
    clock = Clock(1000.0)
    file = tmp_path_factory.mktemp("pace") / "pace"
    ended = None
    for idle, lasts in calls:
        clock.now += idle
        with RateLimiter(file, 1.0, clock=clock, sleep=clock.wait).acquire():
            assert ended is None or clock.now - ended >= 1.0 - 1e-9
            clock.now += lasts
        ended = clock.now
    assert sum(clock.waits) <= len(calls)


@pytest.mark.parametrize("noted", ["", "nonsense", "99999999.0"])
def test_a_damaged_note_or_a_restarted_clock_costs_one_pause_at_most(tmp_path: Path, noted: str) -> None:
    (tmp_path / "pace").write_text(noted)
    clock = Clock(5.0)
    with RateLimiter(tmp_path / "pace", 1.0, clock=clock, sleep=clock.wait).acquire():
        assert clock.now in {5.0, 6.0}


def test_a_failed_call_counts_as_well(tmp_path: Path) -> None:
    clock = Clock(5.0)
    pace = RateLimiter(tmp_path / "pace", 1.0, clock=clock, sleep=clock.wait)
    with pytest.raises(ZeroDivisionError), pace.acquire():
        raise ZeroDivisionError
    with pace.acquire():
        assert clock.waits == [1.0]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(SettingsError, match="SPOTITAGS_CACHE_DIR"),
        RateLimiter(tmp_path / "file" / "pace", 1).acquire(),
    ):
        pass
