"""Each fuzz target for a moment; ``SPOTITAGS_FUZZ_SECONDS=600`` runs each for ten minutes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("fuzz.py")
SECONDS = os.environ.get("SPOTITAGS_FUZZ_SECONDS", "1")
TARGETS = ("card", "config", "decoder", "labels", "manifest", "names", "responses", "words")


def fuzz(target: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the fuzzer in a process of its own: libFuzzer ends the process that it runs in."""
    return subprocess.run(
        [sys.executable, str(FUZZ), target, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=os.environ | {"SPOTITAGS_CACHE_DIR": str(folder / "cache"), "TMPDIR": str(folder)},
    )


@pytest.mark.parametrize("target", TARGETS)
def test_random_input_raises_only_errors_that_say_what_to_do(target: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this platform")
    done = fuzz(
        target, tmp_path, f"-max_total_time={SECONDS}", "-timeout=20", "-rss_limit_mb=4096", "-seed=1"
    )
    crashes = [
        file.read_bytes() for file in tmp_path.glob("*-*") if re.match("crash|timeout|oom|leak", file.name)
    ]
    assert (done.returncode, crashes) == (0, []), done.stderr[-4000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs
    assert int(runs[1]) > 10
