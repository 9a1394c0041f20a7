"""Ctrl-C at any moment of a run, as a terminal sends it: to the program and all processes that it started."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from helpers.manifests import labelled
from helpers.packages import install

from spotitags.io.interrupts import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")

ROOT = Path(__file__).resolve().parents[2]
METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"
RUNS = int(os.environ.get("INTERRUPTIONS", "4"))
"""Number of interrupted runs of each command."""
SLACK = 8.0
"""Seconds beyond `END_SECONDS` on a machine that is busy with other tests; alone, 0.5 are enough."""

PROGRAM = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class First:  # the first import of the command line: the earliest moment after the program has taken over
    def find_spec(self, name, path=None, target=None):
        if name == "spotitags.commands":
            os.write(SIGN, b".")
SIGN = int(sys.argv.pop(1))
sys.meta_path.insert(0, First())
from spotitags.__main__ import main
main()
"""

SLOW = """
import time
from spotitags.records import Tag
from spotitags.taggers.base import Readiness
class Slow:
    name, version, image_size, batch_size = "slow", "1", 32, 4
    @classmethod
    def from_options(cls, options):
        return cls()
    @classmethod
    def readiness(cls, options):
        return Readiness(ready=True, reason="is slow")
    def tag(self, covers):
        time.sleep(0.1)
        return [[Tag("light", round(float(cover.pixels.mean()) / 255, 4))] for cover in covers]
"""


class Ended(NamedTuple):
    """An ended program: its exit code, what it printed, and the seconds from the signal to the end."""

    code: int
    out: str
    err: str
    seconds: float


class Program:
    """The command line in a session of its own; a file descriptor says when it has begun."""

    def __init__(self, args: Sequence[object], home: Path, **environment: str) -> None:
        sign, written = os.pipe()
        environment = {"SPOTITAGS_CACHE_DIR": str(home), "COLUMNS": "80"} | environment
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(written), *map(str, args)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True, pass_fds=[written],
            env=os.environ | environment,
        )  # fmt: skip
        os.close(written)
        assert os.read(sign, 1) == b"."
        os.close(sign)

    def interrupt(self) -> None:
        """Send Ctrl-C to the whole group of processes."""
        with suppress(ProcessLookupError):  # it is done
            os.killpg(self.process.pid, signal.SIGINT)

    def ended(self, began: float) -> Ended:
        """Wait for the end."""
        try:
            out, err = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        return Ended(self.process.returncode, out, err, time.monotonic() - began)


@pytest.fixture(scope="module")
def covers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Covers of labelled artists."""
    return labelled(tmp_path_factory.mktemp("covers"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with a slow tagger."""
    site = tmp_path_factory.mktemp("site")
    install(site, "slow-tagger", {"slow": "slow_tagger:Slow"})
    (site / "slow_tagger.py").write_text(SLOW)
    return site


def command(name: str, covers: Path, out: Path) -> list[object]:
    """Return the arguments of a command."""
    if name == "predict":
        return ["predict", "--artist", METALLICA, "--offline"]
    if name == "tag":
        return ["tag", "--manifest", covers, "--tagger", "slow", "--json"]
    folds = ["--folds", 2, "--repeats", 2] if name == "evaluate" else []
    few = [] if name == "train" else ["--min-covers", 1]
    return [name, covers, "--tagger", "slow", "--out", out, *few, *folds]


@pytest.mark.parametrize(
    ("name", "latest"), [("predict", 2), ("tag", 2), ("train", 8), ("evaluate", 12), ("leaderboard", 16)]
)
def test_ctrl_c_at_any_moment_ends_a_run_soon_and_without_a_traceback(
    name: str, latest: float, covers: Path, site: Path, tmp_path: Path
) -> None:
    randomly = random.Random(name)
    for number in range(RUNS):
        program = Program(command(name, covers, tmp_path / str(number)), tmp_path, PYTHONPATH=str(site))
        delay = 0.01 + (latest - 0.01) * (number + randomly.random()) / RUNS
        time.sleep(delay)
        program.interrupt()
        check(program.ended(time.monotonic()), f"{name} after {delay:.3f} s")


WORKING = """
import time
from pathlib import Path
def work(folder):
    Path(folder).mkdir()
    time.sleep(120)
def run():
    from spotitags.evaluation.cross_validation import in_processes
    list(in_processes(work, ["one", "two", "three"], 2))
"""


@pytest.mark.parametrize("again", [None, 0.0, 0.1, 0.5])
def test_worker_processes_end_with_the_program_also_on_a_second_ctrl_c(
    again: float | None, tmp_path: Path
) -> None:
    (tmp_path / "working.py").write_text(WORKING)
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import spotitags.commands, working; spotitags.commands.main = working.run\n"
        "from spotitags.__main__ import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        start_new_session=True, env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (tmp_path / "two").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    began = time.monotonic()
    if again is not None:
        time.sleep(again)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
    # This also waits for the workers, which have the same stderr.
    out, err = process.communicate(timeout=60)
    check(Ended(process.returncode, out, err, time.monotonic() - began), "worker processes")
    assert process.returncode == 130


def check(ended: Ended, case: str) -> None:
    """Check that an interrupted program ended as it should; it may have been done before."""
    assert "Traceback" not in ended.err, f"{case}: {ended.err}"
    assert "Exception ignored" not in ended.err, f"{case}: {ended.err}"
    assert "leaked" not in ended.err, f"{case}: {ended.err}"
    assert ended.code in {0, 130, -signal.SIGINT}, f"{case}: {ended.code} {ended.err}"
    if ended.code == -signal.SIGINT:  # Python itself was ending
        assert ended.out, case
    if ended.code == 130:
        assert 1 <= ended.err.count("interrupted") <= 2, f"{case}: {ended.err}"  # 2: and a table follows
    assert ended.seconds < END_SECONDS + SLACK, f"{case}: {ended.seconds}"
