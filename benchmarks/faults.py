"""Run commands with random faults and again without, and count what must never happen.

    python benchmarks/faults.py [--runs 1000] [--seed 1] [--workers 4] [--only KIND] [--first 0]

Faults are kills, full disks, damaged caches, two processes at once, bad networks, and hostile answers, pictures,
models and names (`tests/helpers/faults.py`). After each, the same command must finish with the output of an
undisturbed run, byte for byte. Run NUMBER of a seed alone: ``--seed SEED --first NUMBER --runs 1``. Prints a table and
what was found; the exit code is 1 if anything was. The paid services and catalogues are servers on this machine.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # servers and taggers of the tests

from helpers.fault_cases import COMMANDS, KINDS, Finding, can_trace, make_assets, run_case, usual_outcome
from helpers.faults import FAULTS, unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from helpers.fault_cases import Outcome

WIDTH = 14


class Run(NamedTuple):
    """One finished run: its number, kind of fault, command, findings, and whether the fault was felt."""

    number: int
    kind: str
    command: str
    findings: list[Finding]
    felt: bool


def run_one(
    folder: Path, usual: Mapping[str, tuple[Outcome, float]], kinds: Mapping[str, int], seed: int, number: int
) -> Run:
    """Draw a fault and a command, and run them."""
    draw = random.Random(f"{seed}:{number}")
    kind = draw.choices(list(kinds), list(kinds.values()))[0]
    fault = FAULTS[kind]
    command, findings, outcomes = run_case(
        folder / "assets", folder / f"run-{number}", draw, fault.disturb, fault.commands, dict(usual)
    )
    *disturbed, _ = outcomes
    felt = any(outcome.output != usual[command][0].output for outcome in disturbed)
    return Run(number, kind, command, findings, felt)


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
        assets = make_assets(folder)
        needed = sorted({command for kind in kinds for command in FAULTS[kind].commands})
        usual = {
            command: usual_outcome(assets, folder / f"usual-{command}", COMMANDS[command], random.Random(0))
            for command in needed
        }
        numbers = range(given.first, given.first + given.runs)
        with ThreadPoolExecutor(given.workers) as pool:
            runs = []
            for run in pool.map(partial(run_one, folder, usual, kinds, given.seed), numbers):
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
