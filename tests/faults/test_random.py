"""A few runs of each kind of random fault; ``python benchmarks/faults.py`` makes a thousand."""

from __future__ import annotations

import base64
import random
from typing import TYPE_CHECKING

import pytest
from helpers.fault_cases import (
    COMMANDS,
    KINDS,
    LOSS,
    PAID_TWICE,
    SECRET,
    SECRETS,
    TRACEBACK,
    UNASKED,
    UNSAFE,
    Baseline,
    Case,
    Outcome,
)
from helpers.faults import FAULTS, run_random, unavailable

if TYPE_CHECKING:
    from pathlib import Path

SEED = 11
NUMBERS = {
    "kill": 328,
    "full disk": 18,
    "full volume": 10,
    "damaged cache": 7,
    "permissions": 2,
    "two at once": 14,
    "network": 86,
    "answers": 28,
    "pictures": 2,
    "models": 0,
    "names": 7,
}
"""Number of the run of each kind; these share a few commands, and wait for no slow service."""


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    return Baseline(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("kind", FAULTS)
def test_after_a_fault_the_same_command_ends_as_if_there_had_been_none(kind: str, baseline: Baseline) -> None:
    if reason := unavailable(baseline.folder).get(kind):
        pytest.skip(reason)
    assert run_random(baseline, {kind: 1}, SEED, NUMBERS[kind]).findings == []


USUAL = Outcome(0, '{"a": 1}\n', "", ())


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path, COMMANDS["paid"], random.Random(0), exact=True)


def kinds(case: Case, again: Outcome = USUAL) -> list[str]:
    return [finding.kind for finding in case.findings(again, USUAL)]


def test_an_undisturbed_run_has_no_findings(case: Case) -> None:
    assert kinds(case) == []


@pytest.mark.parametrize(
    ("again", "found"),
    [
        (USUAL._replace(out='{"a": 2}\n'), LOSS),
        (USUAL._replace(code=1), LOSS),
        (USUAL._replace(files=(b"half",)), LOSS),
        (USUAL._replace(err="Traceback (most recent call last):\n"), TRACEBACK),
        (USUAL._replace(err="\x1b[2J"), UNSAFE),
        (USUAL._replace(err=f"key {SECRETS[1]} refused"), SECRET),
    ],
)
def test_what_must_not_happen_is_noticed(case: Case, again: Outcome, found: str) -> None:
    assert kinds(case, again) == [found]


def test_a_crash_and_a_success_with_another_output_are_noticed(case: Case) -> None:
    case.disturbed = [USUAL._replace(code=-11), USUAL._replace(out="")]
    assert sorted(kinds(case)) == sorted([TRACEBACK, LOSS])


def test_a_secret_is_found_in_files_in_every_form(case: Case) -> None:
    header = base64.b64encode(f"id:{SECRETS[0]}".encode())
    (case.folder / "cache").mkdir()
    (case.folder / "cache" / "log").write_bytes(b"Authorization: Basic " + header)
    (case.folder / "url").write_text(
        f"?token={SECRETS[1].replace('/', '%2F').replace('+', '%2B').replace('=', '%3D')}"
    )
    assert set(kinds(case)) == {SECRET}
    assert {finding.detail.split(" in ")[1] for finding in case.findings(USUAL, USUAL)} == {
        "cache/log",
        "url",
    }


def test_a_second_payment_is_noticed_unless_the_first_was_lost_with_its_process(case: Case) -> None:
    case.ledger.write_text("7 aa bb\n7 cc dd\n8 cc dd\n")
    assert kinds(case) == [PAID_TWICE]
    case.killed = {7}
    assert kinds(case) == []
    case.ledger.write_text("7 aa bb\n7 cc dd\n8 aa bb\n")
    assert kinds(case) == [PAID_TWICE]


def test_a_connection_to_another_machine_is_noticed(case: Case) -> None:
    line = '7 connect(5, {{sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("{}")}}, 16) = 0\n'
    (case.folder / "trace-1").write_text(line.format("127.0.0.1"))
    assert kinds(case) == []
    (case.folder / "trace-1").write_text(line.format("192.0.2.1"))
    assert kinds(case) == [UNASKED]


def test_every_kind_that_is_known_to_fail_is_a_kind_of_fault() -> None:
    assert FAULTS.keys() == NUMBERS.keys()
    assert len(set(KINDS)) == len(KINDS)
