"""``docs/results.md``, written from ``scores.json`` files alone, so that no figure in it is typed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotitags.errors import InputError
from spotitags.evaluation.comparison import compare
from spotitags.evaluation.report.html import METRICS, protocol_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


HEAD = """# Results

Written by `spotitags results`; change the figures by running it anew. A figure stands with its 95% bootstrap
interval. [evaluation.md](evaluation.md) says how they are taken, [ensemble.md](ensemble.md) how the
votes come about.
"""


def write_results(runs: Sequence[Mapping[str, Any]], out: Path, notes: Path | None = None) -> None:
    """Write all runs as one Markdown page, runs of one data set together.

    Args:
        runs: What ``scores.json`` and ``seed.json`` files hold, in the order in which they are to stand.
        out: The file.
        notes: A Markdown file that closes the page as it is, such as the table of what was tried.

    Raises:
        InputError: The notes cannot be read, or the file not be written.
    """
    try:
        closing = [] if notes is None else [notes.read_text(encoding="utf-8")]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{notes} cannot be read ({error}): choose another --notes") from error
    try:
        out.write_text("\n".join([markdown(runs), *closing]), encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror or error}): choose another --out"
        ) from error


def markdown(runs: Sequence[Mapping[str, Any]]) -> str:
    """The page's text."""
    parts = [HEAD]
    measured = [run for run in runs if run.get("kind") != "seed"]
    for dataset in dict.fromkeys(run["dataset"] for run in measured):
        own = [run for run in measured if run["dataset"] == dataset]
        parts.append(f"## {_cell(dataset)}\n")
        parts += [_side_by_side(own)] if len(own) > 1 else []
        parts += [_run(run, numbered=len(own) > 1) for run in own]
    parts += [_seed(run) for run in runs if run.get("kind") == "seed"]
    return "\n".join(parts)


def interval(estimate: Mapping[str, float]) -> str:
    """An estimate in the form ``value (low-high)``."""
    return f"{estimate['value']:.2f} ({estimate['low']:.2f}\u2013{estimate['high']:.2f})"


def _run(run: Mapping[str, Any], *, numbered: bool) -> str:
    lines = [f"### {_cell(run['name'])}\n"] if numbered else []
    rows = ", ".join(f"{_cell(genre)} {count}" for genre, count in run["rows"].items())
    versions = ", ".join(f"{tagger['name']} (`{tagger['version']}`)" for tagger in run["taggers"])
    total = sum(run["rows"].values())
    lines.append(
        f"{run['created']}, {total} {run['unit']}s ({rows}), {run['covers']} covers. Tagger: {versions}.\n"
    )
    lines.append("\n".join(f"- {_cell(line)}" for line in protocol_lines(run)) + "\n")
    head = ["who answers", "kind", *METRICS.values()]
    systems = [_system(system) for system in run["systems"]]
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
    return "\n".join(lines)


def _system(system: Mapping[str, Any]) -> list[str]:
    scores = system["scores"]
    return [system["name"], system["kind"], *(interval(scores[metric]) for metric in METRICS)]


def _curve(run: Mapping[str, Any], key: str) -> str:
    points = run["curves"][key]
    head = [f"{run['unit']}s trained on" if key == "artists" else "covers shown", "balanced accuracy"]
    return _table(head, [[f"{point[key]:g}", interval(point)] for point in points])


def _side_by_side(runs: Sequence[Mapping[str, Any]]) -> str:
    """The ensembles of several runs, and how far each is from the first on the rows that both have."""
    rows = []
    for number, run in enumerate(runs):
        scores = run["systems"][0]["scores"]
        row = [
            run["name"],
            run["created"],
            *(interval(scores[m]) for m in ("balanced_accuracy", "log_loss", "calibration_error")),
        ]
        rows.append([*row, _against(runs[0], run) if number else ""])
    head = ["run", "date", "balanced accuracy", "log loss", "calibration error", f"against {runs[0]['name']}"]
    return _table(head, rows)


def _against(first: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    try:
        found = compare(first, run)
    except InputError:
        return "other genres or rows"
    gap = found["metrics"]["balanced_accuracy"]["difference"]
    folds = "" if found["same_folds"] else ", other folds"
    return f"{gap['value']:+.2f} ({gap['low']:+.2f} to {gap['high']:+.2f}){folds}"


def _seed(run: Mapping[str, Any]) -> str:
    lines = [f"## The experiment of 2015 on {_cell(run['dataset'])}\n", f"{run['created']}. {run['about']}\n"]
    for table in run["tables"]:
        rows = ", ".join(f"{_cell(genre)} {count}" for genre, count in table["rows"].items())
        lines.append(f"### {_cell(table['title'])}\n")
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
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in lines) + "\n"


def _cell(text: str) -> str:
    """Text from outside that cannot break out of its cell."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
