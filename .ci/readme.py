"""Run the command lines of README, tutorial and list of commands, and README's Python code, with a wheel.

``.ci/wheel --readme`` installs it first.

Each line must succeed, except those in `EXPECTED`, which must fail with the message that README and the docs
promise where no service can be reached.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from helpers.tour import PAGES, check_outputs, fill, page_blocks

EXPECTED = {"spotitags labels ": (1, "SPOTITAGS_CONTACT")}
"""Exit code and words on stderr of lines that need a service."""
SOURCES = ("README.md:", "docs/tutorial.md:", "docs/commands.md:")
NOT_RUN = ("pip install ", "uv ")  # .ci/run runs README's first lines in a clone


def main() -> int:
    """Run all lines in a new folder, and return the number of those that did not end as they should."""
    folder = Path("readme")
    wrong = 0
    commands = [
        words for block in page_blocks() if block.source.startswith(SOURCES) for words in block.commands()
    ]
    for words in commands:
        line = " ".join(words)
        if not line.startswith(NOT_RUN):
            wrong += not _succeeds(line, words, folder)
    for code in re.findall(
        r"^```python\n(.*?)^```", PAGES[0].read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        wrong += not _succeeds("README's Python code", [sys.executable, "-c", code], folder)
    sys.stdout.write(f"{len(commands)} lines, {wrong} wrong\n")
    return wrong


def _succeeds(line: str, words: list[str], folder: Path) -> bool:
    fill(folder)  # a line may have replaced what another reads
    start = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    code, message = next((end for begin, end in EXPECTED.items() if line.startswith(begin)), (0, ""))
    good = run.returncode == code and message in run.stderr and "Traceback" not in run.stderr
    sys.stdout.write(f"{'ok' if good else '--'}  {time.monotonic() - start:5.1f} s  {line}\n")
    sys.stdout.flush()
    if not good:
        sys.stdout.write(f"exit code {run.returncode}, expected {code}\n{run.stdout}{run.stderr}\n")
    elif not code:
        check_outputs(folder, words)
    return good


if __name__ == "__main__":
    sys.exit(main())
