"""Progress outside of a terminal: a line now and then."""

from __future__ import annotations

import io
import re
import time
from contextlib import redirect_stderr
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from helpers.command_line import spotitags
from helpers.manifests import manifest

from spotitags.commands import tag
from spotitags.commands._progress import INTERVAL, UNCHANGED, _StageClock, print_results, progress
from spotitags.commands._verbosity import OUTPUT, set_output, start_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 60.0  # seconds, for a busy machine


@pytest.fixture(autouse=True)
def command() -> Iterator[None]:
    """A command with the usual amount of messages."""
    start_output()
    OUTPUT.command = "evaluate"
    yield
    start_output()


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_each_stage_is_reported() -> None:
    with redirect_stderr(io.StringIO()) as said, progress(71, interval=0.02) as step:
        wait_until(lambda: said.getvalue().startswith("evaluate: artists 0 of 71, 0 s\n"))
        step("repeats", 3, 10)
        wait_until(lambda: "evaluate: repeats 3 of 10, " in said.getvalue())
        step("repeats", 4, 10)
        wait_until(lambda: "evaluate: repeats 4 of 10, " in said.getvalue())
    assert re.fullmatch(r"(evaluate: \w+ \d+ of \d+, \d+ s(, about \d+ s left)?\n)+", said.getvalue())


def test_the_time_left_is_known_from_the_first_step_of_a_stage_on() -> None:
    now = [0.0]

    def left(seconds: float, *state: Any) -> str:
        now[0] = seconds
        clock.step(*state)
        return clock.left()

    with patch("spotitags.commands._progress.time", SimpleNamespace(monotonic=lambda: now[0])):
        clock = _StageClock(44)
        assert clock.left() == ""
        assert [left(40, "artists", done, 44) for done in range(1, 17)][-1] == "about 70 s left", "one batch"
        now[0] = 80
        assert clock.left() == "about 2 min left", "nothing more is done"
        assert left(90, "artists", 44, 44) == ""
        assert left(100, "repeats", 2, 18) == "", "two were cached"
        assert left(130, "repeats", 3, 18) == "about 8 min left"
        assert left(160, "repeats", 4, 18) == "about 7 min left"
        assert left(500, "repeats", 18, 18) == ""


def test_there_is_at_most_one_line_in_an_interval_and_fewer_if_nothing_is_done() -> None:
    interval, start = 0.05, time.monotonic()
    with redirect_stderr(io.StringIO()) as said, progress(100, interval) as step:
        for done in range(100):
            step("artists", done, 100)
            time.sleep(0.005)
    changing = time.monotonic() - start
    assert 1 <= len(said.getvalue().splitlines()) <= changing / interval
    start = time.monotonic()
    with redirect_stderr(io.StringIO()) as said, progress(100, interval):
        wait_until(lambda: said.getvalue().count("\n") == 3)
    assert time.monotonic() - start >= interval * (1 + 2 * UNCHANGED)


def test_a_short_run_says_nothing() -> None:
    assert INTERVAL == 10
    with redirect_stderr(io.StringIO()) as said, progress(2) as step:
        step("artists", 1, 2)
    assert said.getvalue() == ""


def test_quiet_runs_report_no_progress() -> None:
    set_output(verbose=False, quiet=True)
    with redirect_stderr(io.StringIO()) as said, progress(2, interval=0.01) as step:
        step("artists", 1, 2)
        time.sleep(0.1)
    assert said.getvalue() == ""


def test_long_times_are_in_minutes() -> None:
    clock = iter([0.0])
    fake = SimpleNamespace(monotonic=lambda: next(clock, 754.0))
    with (
        patch("spotitags.commands._progress.time", fake),
        redirect_stderr(io.StringIO()) as said,
        progress(2, interval=0.01),
    ):
        wait_until(said.getvalue)
    assert said.getvalue().startswith("evaluate: artists 0 of 2, 13 min\n")


def test_a_command_names_itself(tmp_path: Path) -> None:
    path = manifest(tmp_path / "covers", {f"a{n}": "sea" for n in range(4)}, covers=2, first_seed=700)

    def print_slowly(*args: object, **options: bool) -> None:
        with patch("spotitags.commands._progress.progress", partial(progress, interval=0.01)):
            print_results(*args, **options)  # type: ignore[arg-type]

    with patch.object(tag, "print_results", print_slowly):
        run = spotitags("tag", "--manifest", path, "--tagger", "lite", "--json", home=tmp_path)
    assert run.returncode == 0
    assert re.search(r"^tag: artists \d of 4, \d+ s(, about \d+ s left)?$", run.stderr, re.MULTILINE)
