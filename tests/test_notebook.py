"""The tutorial's notebook runs from top to bottom, and finds what its text says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

NOTEBOOK = Path(__file__).resolve().parent.parent / "docs" / "tutorial.ipynb"

RUN = """
import ast, json, sys

variables = {"__name__": "__main__"}
shown = []
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        *steps, last = ast.parse("".join(cell["source"])).body
        if not isinstance(last, ast.Expr):
            steps, last = [*steps, last], ast.Expr(ast.Constant(None))
        exec(compile(ast.Module(steps, []), "cell", "exec"), variables)
        shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), variables))
sheet, tags, bag, apart, _, prediction, genres, _, votes, map_ = shown
print(json.dumps({
    "pictures": [len(each._repr_jpeg_()) for each in (sheet, map_)],
    "pages": [each._repr_html_()[:200] for each in (tags, bag, prediction, votes)],
    "genres": genres,
    "first": votes.artist_id[0],
    "tags": apart,
}))
"""


def test_the_notebook_runs_and_finds_the_wrong_label(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", RUN, NOTEBOOK],
        capture_output=True, text=True, encoding="utf-8", check=False, cwd=tmp_path,
        env=os.environ | {"SPOTITAGS_CACHE_DIR": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    assert min(found["pictures"]) > 5_000
    assert all("<" in page for page in found["pages"])
    assert found["genres"] == {f"{genre} band 6": genre for genre in ("night", "poster", "sunset")}
    assert found["first"] == "sunset band 5", "drawn by another genre on purpose"
    assert "night sky" in found["tags"]["night"]


def test_the_notebook_was_saved_with_its_results() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] for cell in code)
    assert not any(output["output_type"] == "error" for cell in code for output in cell["outputs"])
