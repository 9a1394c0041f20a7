"""Table and legend of a leaderboard for the terminal. Nothing is printed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from spotitags.evaluation.leaderboard.standings import RANKED_BY, all_rows
from spotitags.evaluation.report.terminal import dim, table
from spotitags.evaluation.report.wording import interval, subtitle
from spotitags.io.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from rich.console import RenderableType
    from rich.table import Table


MINUS = "\u2212"


def show_leaderboard(found: Mapping[str, Any], written: Iterable[Path] = ()) -> list[RenderableType]:
    """Build the table, its legend, and the names of written files."""
    shown: list[RenderableType] = [
        Text(plain(f"{found['dataset']}: leaderboard"), style="bold"),
        dim(subtitle(found)),
        Text(""),
        _pairs(found) if "pairs" in found else _standings(found),
    ]
    shown += [Text(plain(line), style="yellow") for line in failures(found)]
    shown.append(Text(""))
    shown += map(dim, legend(found))
    return [*shown, *(dim(str(path)) for path in written)]


def legend(found: Mapping[str, Any]) -> list[str]:
    """Explain the table, one line each."""
    protocol, unit = found["protocol"], found["unit"]
    times = "" if protocol["repeats"] == 1 else f", {protocol['repeats']} times"
    lines = [f"{found['folds']}-fold cross-validation over {unit}s{times}, the same folds for all models"]
    if found["folds"] < protocol["folds"]:
        lines.append(f"not {protocol['folds']} folds, since the smallest genre has no more {unit}s")
    lines.append("no artist, album or near-identical cover on both sides of a fold")
    if protocol["shuffled_genres"]:
        lines.insert(0, "the genres were permuted at random: every score must be chance")
    if "pairs" in found:
        lines.append("area under the ROC curve, 95% bootstrap interval; chance is 0.50")
        return [*lines, *_ranges(found), *found["notes"]]
    lines += [
        f"in brackets: 95% bootstrap interval over {unit}s; chance is {found['chance']:.2f}",
        f"\u2248: no significant difference to the best on these {unit}s (paired bootstrap, 95%)",
        f"fit: processor time to train on a fold; run: to predict one {unit}, without tagging",
    ]
    if blend := found["blend"]:
        parts = ", ".join(f"{part['model']} ({part['reads']}) {part['weight']:.2f}" for part in blend["of"])
        lines.append(f"blend, fitted for each fold on the others; mean weights: {parts}")
    return [*lines, *found["notes"]]


def failures(found: Mapping[str, Any]) -> list[str]:
    """Name each failed model and its error, one line each."""
    errors = {row["name"]: row["error"] for row in all_rows(found) if "error" in row}
    return [f"{name} failed: {error}" for name, error in errors.items()]


def to_best(row: Mapping[str, Any], *, first: bool = False) -> str:
    """Return ``best`` for the first row, else the difference to it, marked if it is not significant."""
    if first:
        return "best"
    gap = row["to_best"]["value"]
    sign = MINUS if gap < 0 else "+"
    return f"{'≈ ' if row['within_noise'] else ''}{sign}{abs(gap):.3f}"


def duration(seconds: float) -> str:
    """Format seconds with two digits in a suitable unit: ``12 s``, ``1.2 s``, ``25 ms`` or ``40 µs``."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= (size if unit == "s" else size / 10):
            value = seconds / size
            return f"{value:.0f} {unit}" if value >= 9.95 else f"{value:.1f} {unit}"  # noqa: PLR2004
    return f"{seconds * 1e6:.0f} µs"


def _standings(found: Mapping[str, Any]) -> Table:
    shown_table = table(["model", "input"], ["balanced acc.", "to best", "fit", "run"])
    rows = [row for row in found["standings"] if "error" not in row]
    for number, row in enumerate(rows):
        names = [Text(plain(cell)) for cell in (row["model"], _short(row["reads"], found))]
        numbers = [interval(row["scores"][RANKED_BY]), to_best(row, first=number == 0)]
        times = [duration(row[key]) for key in ("fit_seconds", "ask_seconds")]
        shown_table.add_row(*names, *numbers, *times, style="" if row["within_noise"] else "dim")
    if blend := found["blend"]:
        value = interval(blend["scores"][RANKED_BY])
        shown_table.add_row("blend", "the best few", value, to_best(blend), "", "", style="bold")
    return shown_table


def _short(reads: str, found: Mapping[str, Any]) -> str:
    """Name a model's input, without the tagger if there is one tagger, since lines are short."""
    taggers = found["taggers"]
    return reads.removeprefix(f"{taggers[0]['name']} ") if len(taggers) == 1 else reads


def _pairs(found: Mapping[str, Any]) -> Table:
    """Build a table with one row for each pair of genres and model."""
    shown_table = table(["genres", "model"], [f"{found['unit']}s", "ROC AUC"])
    for genres, rows, area in areas(found):
        cells = [Text(plain(cell)) for cell in (genres, f"{area['model']} ({_short(area['reads'], found)})")]
        shown_table.add_row(*cells, f"{rows:,}", interval(area))
    return shown_table


def areas(found: Mapping[str, Any]) -> list[tuple[str, int, Mapping[str, Any]]]:
    """List genres, number of rows and area under the ROC curve of each pair and model that did not fail."""
    return [
        (" / ".join(pair["genres"]), pair["rows"], area)
        for pair in found["pairs"]
        for area in pair["areas"]
        if "error" not in area
    ]


def _ranges(found: Mapping[str, Any]) -> list[str]:
    """Name the lowest, highest and mean area of each model, one line each."""
    by_name: dict[str, list[float]] = {}
    for _, _, area in areas(found):
        by_name.setdefault(f"{area['model']} ({area['reads']})", []).append(area["value"])
    return [
        f"{name}: {min(values):.2f} to {max(values):.2f}, mean {sum(values) / len(values):.2f}"
        for name, values in by_name.items()
    ]
