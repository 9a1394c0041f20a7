"""``docs/results.md``, written from ``scores.json`` files alone, so that no number is typed by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from classifiers.files import read_plain
from spotitags.errors import InputError
from spotitags.evaluation.comparison import compare
from spotitags.evaluation.report.wording import (
    METRICS,
    OUTSIDER_HEAD,
    count,
    genre_counts,
    interval,
    outsider_rows,
    outsider_sentences,
    protocol_lines,
)
from spotitags.io.text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


HEAD = """# Results

Written by `spotitags results`: run it again to change a number. In brackets: 95% bootstrap intervals.
[evaluation.md](evaluation.md) describes how the scores are measured, [ensemble.md](ensemble.md) how votes are
computed.
"""


def results_page(runs: Sequence[Mapping[str, Any]], notes: Path | None = None) -> str:
    """Build one Markdown page of all runs, runs of one data set together.

    Args:
        runs: Content of ``scores.json`` and ``seed.json`` files, in the order of the page.
        notes: A Markdown file to append unchanged, such as a table of what was tried.

    Raises:
        InputError: The notes cannot be read.
    """
    try:
        appendix = [] if notes is None else [read_plain(notes, stream=True).decode()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{notes} cannot be read ({getattr(error, 'strerror', None) or error}): choose another --notes"
        ) from error
    return "\n".join([markdown(runs), *appendix])


def markdown(runs: Sequence[Mapping[str, Any]]) -> str:
    """Build the text of the page."""
    parts = [HEAD]
    measured = [run for run in runs if run.get("kind") != "seed"]
    for dataset in dict.fromkeys(run["dataset"] for run in measured):
        of_dataset = [run for run in measured if run["dataset"] == dataset]
        several = len(of_dataset) > 1
        parts.append(f"## {_escaped(dataset)}\n")
        parts += [_side_by_side(of_dataset)] if several else []
        parts += [_run(run, with_heading=several) for run in of_dataset]
    parts += [_seed(run) for run in runs if run.get("kind") == "seed"]
    return "\n".join(parts)


def _run(run: Mapping[str, Any], *, with_heading: bool) -> str:
    lines = [f"### {_escaped(run['name'])}\n"] if with_heading else []
    rows = _escaped(genre_counts(run["rows"]))
    versions = ", ".join(
        f"{_escaped(tagger['name'])} (`{_code(tagger['version'])}`)" for tagger in run["taggers"]
    )
    total = count(sum(run["rows"].values()), run["unit"])
    lines.append(f"{run['created']}, {total} ({rows}), {run['covers']} covers. Tagger: {versions}.\n")
    lines.append("\n".join(f"- {_escaped(line)}" for line in protocol_lines(run)) + "\n")
    head = ["system", "kind", *METRICS.values()]
    systems = [
        [system["name"], system["kind"], *(interval(system["scores"][metric]) for metric in METRICS)]
        for system in run["systems"]
    ]
    lines.append(_table(head, systems))
    scored = run["systems"][0]
    genres = [
        [genre, *(interval(found[name]) for name in ("precision", "recall", "f1"))]
        for genre, found in scored["genres"].items()
    ]
    lines.append(_table(["genre, by the ensemble", "precision", "recall", "F1"], genres))
    pairs = [[" against ".join(pair["genres"]), interval(pair)] for pair in scored["auc"]]
    lines.append(_table(["genres, by the ensemble", "area under the ROC curve"], pairs))
    lines += [_curve(run, key) for key in ("artists", "covers") if run["curves"][key]]
    lines += _outsiders(run)
    return "\n".join(lines)


def _outsiders(run: Mapping[str, Any]) -> list[str]:
    """The answer "none of these genres"; empty if it was not evaluated."""
    if not run.get("outsiders"):
        return []
    table = _table(OUTSIDER_HEAD, outsider_rows(run["outsiders"]))
    outside, inside = outsider_sentences(run)
    return [f"{outside}\n", table, f"{inside}\n"]


def _curve(run: Mapping[str, Any], key: str) -> str:
    points = run["curves"][key]
    head = [
        f"training {run['unit']}s" if key == "artists" else "covers per tested artist",
        "balanced accuracy",
    ]
    return _table(head, [[f"{point[key]:g}", interval(point)] for point in points])


def _side_by_side(runs: Sequence[Mapping[str, Any]]) -> str:
    """Scores of several runs' ensembles, and the difference to the first run on common rows."""
    rows = []
    for number, run in enumerate(runs):
        scores = run["systems"][0]["scores"]
        row = [
            run["name"],
            run["created"],
            *(interval(scores[m]) for m in ("balanced_accuracy", "log_loss", "calibration_error")),
        ]
        rows.append([*row, _difference(runs[0], run) if number else ""])
    head = ["run", "date", "balanced accuracy", "log loss", "calibration error", f"against {runs[0]['name']}"]
    return _table(head, rows)


def _difference(first: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    try:
        found = compare(first, run)
    except InputError:
        return "other genres or rows"
    gap = found["metrics"]["balanced_accuracy"]["difference"]
    folds = "" if found["same_folds"] else ", other folds"
    return f"{gap['value']:+.2f} ({gap['low']:+.2f} to {gap['high']:+.2f}){folds}"


def _seed(run: Mapping[str, Any]) -> str:
    lines = [
        f"## The experiment of 2015 on {_escaped(run['dataset'])}\n",
        f"{run['created']}. {run['about']}\n",
    ]
    for table in run["tables"]:
        rows = _escaped(genre_counts(table["rows"]))
        lines.append(f"### {_escaped(table['title'])}\n")
        lines.append(f"{rows}; chance {table['chance']:.2f}. Balanced accuracy.\n")
        names = list(dict.fromkeys(cell["classifier"] for cell in table["cells"]))
        cells = {
            (cell["view"], cell["classifier"]): interval(cell["balanced_accuracy"]) for cell in table["cells"]
        }
        views = list(dict.fromkeys(cell["view"] for cell in table["cells"]))
        lines.append(
            _table(["tags", *names], [[view, *(cells[view, name] for name in names)] for view in views])
        )
    lines.append("### Do its findings hold?\n")
    keys = ("claim", "rows", "verdict", "measured")
    findings = [[found[key] for key in keys] for found in run["findings"]]
    lines.append(_table(["what the article of 2015 says", "rows", "here", "measured"], findings))
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in lines) + "\n"


def _code(text: str) -> str:
    """Put text from outside on one line, without an end of its code span."""
    return " ".join(plain(text).split()).replace("`", "'")


def _escaped(text: str) -> str:
    """Escape text from outside, so that it cannot break a table, or add HTML, a link or a picture."""
    line = " ".join(plain(text).split())
    return re.sub(r"([\\|\[\]`])", r"\\\1", line).replace("<", "&lt;")
