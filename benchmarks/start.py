"""Time of `predict --offline` of one artist, by that of importing scikit-learn and pandas.

    python benchmarks/start.py [--rounds 15]

Both run in turn in processes of their own, with bytecode on disk; medians count. Processor time is that of
all threads, in user and system mode. Linux and macOS only.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = 0.25
ARTIST = "7jxJ25p0pPjk0MStloN6o6"
COMMANDS = {
    "predict --offline": ["-m", "spotitags", "predict", "--artist", ARTIST, "--offline"],
    "import sklearn, pandas": ["-c", "import sklearn.linear_model, pandas"],
    "import onnxruntime": ["-c", "import onnxruntime"],
    "python": ["-c", "pass"],
}


def main() -> None:
    """Print the times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as cache:
        for turn in range(rounds + 1):
            for name, command in COMMANDS.items():
                measured = run(command, cache)
                if turn:  # the first writes the bytecode
                    times[name].append(measured)
    print(f"{'':24} seconds   of processor time")
    for name, each in times.items():
        wall, used = (statistics.median(column) for column in zip(*each, strict=True))
        print(f"{name:24} {wall:7.3f} {used:19.3f}")
    pairs = [*zip(*(times[name] for name in list(COMMANDS)[:2]), strict=True)]
    wall, used = (statistics.median(ours[i] / theirs[i] for ours, theirs in pairs) for i in range(2))
    verdict = "met" if wall <= TARGET else "missed"
    print(f"{'ratio':24} {wall:7.3f} {used:19.3f}   target {TARGET}: {verdict}")


def run(arguments: list[str], cache: str) -> tuple[float, float]:
    """Return wall time and processor time of Python with these arguments, in seconds."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(  # noqa: S603 — this Python, with arguments made here
        [sys.executable, *arguments],
        env=variables | {"SPOTITAGS_CACHE_DIR": cache},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
