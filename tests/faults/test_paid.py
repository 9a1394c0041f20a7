"""Paid taggers under attack: several processes at once, killed or interrupted, on one cache."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from helpers.grpc_servers import KEY, GoogleReplay
from helpers.manifests import manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")

ROOT = Path(__file__).resolve().parents[2]
COVERS, A_CALL = 121, 16


class SlowGoogle(GoogleReplay):
    """Takes its time for each answer, so that the calls of several processes overlap."""

    seconds = 0.1

    def deliver(self, responses: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the responses to send."""
        time.sleep(self.seconds)
        return responses

    def sent(self) -> Counter[bytes]:
        """Return how often each image was sent."""
        return Counter(image for call in self.calls for image in call.images)


@pytest.fixture(scope="module")
def covers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many covers of one artist each."""
    artists = {f"a{n}": "sea" for n in range(COVERS)}
    return manifest(tmp_path_factory.mktemp("covers"), artists, covers=1, size=60)


@pytest.fixture
def google() -> Iterator[SlowGoogle]:
    server = SlowGoogle()
    server.answers("labels")
    with server.running():
        yield server


def start(server: GoogleReplay, home: Path, covers: Path) -> subprocess.Popen[str]:
    """Start a run over all covers, whose output goes to files."""
    command = ["tag", "--manifest", str(covers), "--tagger", "google-vision", "--json"]
    environment = {"SPOTITAGS_CACHE_DIR": str(home), "SPOTITAGS_GOOGLE_VISION_ADDRESS": server.address}
    return subprocess.Popen(
        [sys.executable, "-m", "spotitags", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, cwd=ROOT, env=os.environ | environment | {"CLARIFAI_PAT": KEY},
    )  # fmt: skip


def finished(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """Return the results of a run, which must be complete."""
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) == COVERS
    assert all(line["tags"] and line["covers"]["used"] == 1 for line in lines)
    return lines


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_on_one_cache_pay_for_no_cover_twice(
    google: SlowGoogle, covers: Path, tmp_path: Path, processes: int
) -> None:
    runs = [start(google, tmp_path, covers) for _ in range(processes)]
    first, *others = [finished(run) for run in runs]
    assert all(other == first for other in others)
    sent = google.sent()
    assert len(sent) == COVERS
    assert set(sent.values()) == {1}


def test_when_a_process_is_killed_only_its_call_in_flight_is_sent_again(
    google: SlowGoogle, covers: Path, tmp_path: Path
) -> None:
    google.seconds = 0.5
    killed, other = (start(google, tmp_path, covers) for _ in range(2))
    deadline = time.monotonic() + 120
    while len(google.calls) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.kill()  # not waited for: a process that is dead, but not yet gone
    began = time.monotonic()
    finished(other)
    assert time.monotonic() - began < 60, "no lease had to lapse"
    killed.communicate()
    sent = google.sent()
    assert len(sent) == COVERS
    assert sum(sent.values()) - COVERS <= A_CALL
    assert not list((tmp_path / "paid-answers").glob("*.lock"))


def test_ctrl_c_waits_for_the_answer_that_is_paid_for(
    google: SlowGoogle, covers: Path, tmp_path: Path
) -> None:
    google.seconds = 1.5
    run = start(google, tmp_path, covers)
    wait_for_call(google)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "waiting up to 10 s for the answer of a call that is paid for" in err
    assert "Traceback" not in err
    google.seconds = 0
    finished(start(google, tmp_path, covers))
    assert set(google.sent().values()) == {1}


def test_a_second_ctrl_c_ends_at_once(google: SlowGoogle, covers: Path, tmp_path: Path) -> None:
    google.seconds = 30
    run = start(google, tmp_path, covers)
    assert run.stderr is not None
    wait_for_call(google)
    run.send_signal(signal.SIGINT)
    while "waiting up to" not in run.stderr.readline():
        pass
    run.send_signal(signal.SIGINT)
    began = time.monotonic()
    run.wait(timeout=60)
    assert time.monotonic() - began < 5
    assert run.returncode == 130
    assert "Traceback" not in run.communicate()[1]


def wait_for_call(server: GoogleReplay) -> None:
    """Wait until the server has a call, and a moment longer, so that the call is in flight."""
    deadline = time.monotonic() + 60
    while not server.calls and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.calls
