"""Draw the pictures of README: ``python docs/make_pictures.py prediction`` or ``… report``.

Both come from the bundled library, so they show no cover. The picture of the report needs Chromium.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
COLUMNS = 80


def prediction() -> None:
    """Draw what README's first command prints in a terminal of 80 columns, as text in an SVG."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (words,) = re.findall(r"uv run spotitags (predict .*--offline)$", readme, re.MULTILINE)
    run = subprocess.run(
        [sys.executable, "-m", "spotitags", *words.split()],
        capture_output=True, text=True, encoding="utf-8", check=True, cwd=ROOT,
        env=os.environ | {"COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "TERM": "xterm-256color"},
    )  # fmt: skip
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(run.stdout.rstrip()))
    svg = console.export_svg(title=f"spotitags {words}")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # which it would fetch from the web
    (PICTURES / "prediction.svg").write_text(svg, encoding="utf-8")


def report() -> None:
    """Draw the top of the report on the bundled library's artists."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("install Chromium to draw the report")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "spotitags", "evaluate", "--offline", "--out", f"{folder}/report"],
            check=True,
            cwd=ROOT,
        )
        page = (Path(folder) / "report" / "report.html").as_uri()
        subprocess.run(
            [
                chromium, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1100,1000",
                f"--screenshot={PICTURES / 'report.png'}", page,
            ],
            check=True,
        )  # fmt: skip


if __name__ == "__main__":
    {"prediction": prediction, "report": report}[sys.argv[1]]()
