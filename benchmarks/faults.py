"""Run commands with random faults and again without, and count what must never happen.

    python benchmarks/faults.py [--runs 1000] [--seed 1] [--workers 4] [--only KIND] [--first 0]

Faults are kills, full disks, damaged caches, two processes at once, bad networks, and hostile answers,
pictures, models and names (`tests/helpers/faults.py`). After each, the same command must finish with the
output of an undisturbed run, byte for byte. Run NUMBER of a seed alone: ``--seed SEED --first NUMBER --runs
1``, with the same ``--only``. Prints a table and what was found; the exit code is 1 if anything was. The paid
services and catalogues are servers on this machine.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # servers and taggers of the tests

from helpers.fault_cases import KINDS, Baseline, can_trace
from helpers.faults import FAULTS, run_random, unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from helpers.faults import Run

WIDTH = 14


def print_table(runs: Sequence[Run]) -> None:
    """Print a row for each kind of fault, and their sums."""
    print(f"{'fault':{WIDTH}}{'runs':>6}{'felt':>6}" + "".join(f"{kind:>{WIDTH}}" for kind in KINDS))
    for name in [*FAULTS, "all"]:
        chosen = [run for run in runs if name in {run.kind, "all"}]
        counts = Counter(kind for run in chosen for kind in {finding.kind for finding in run.findings})
        felt = sum(run.felt for run in chosen)
        if chosen:
            columns = "".join(f"{counts[kind]:>{WIDTH}}" for kind in KINDS)
            print(f"{name:{WIDTH}}{len(chosen):>6}{felt:>6}{columns}")


def main() -> int:
    """Run the benchmark; return 1 if something happened that must not."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first run")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument(
        "--only", choices=FAULTS, action="append", help="only this kind of fault; may be repeated"
    )
    given = parser.parse_args()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a background job ignores it, and so would its children
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        kinds = {kind: fault.share for kind, fault in FAULTS.items() if not given.only or kind in given.only}
        for kind, reason in unavailable(folder).items():
            if kinds.pop(kind, None):
                print(f"skipped: {kind}: {reason}")
        if not can_trace():
            print("skipped: unasked: strace cannot trace processes here")
        numbers = range(given.first, given.first + given.runs)
        with ThreadPoolExecutor(given.workers) as pool:
            runs = []
            for run in pool.map(partial(run_random, Baseline(folder), kinds, given.seed), numbers):
                runs.append(run)
                for finding in run.findings:
                    print(
                        f"run {run.number} ({run.kind}, {run.command}): {finding.kind}: {finding.detail}",
                        flush=True,
                    )
    print_table(runs)
    print(f"{len(runs)} runs in {time.monotonic() - began:.0f} s, seed {given.seed}")
    return int(any(run.findings for run in runs))


if __name__ == "__main__":
    sys.exit(main())
