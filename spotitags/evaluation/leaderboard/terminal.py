"""What a terminal shows of a leaderboard. Builds, and prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from spotitags.evaluation.leaderboard.standings import RANKED_BY
from spotitags.io.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from rich.console import RenderableType


MINUS = "\u2212"


def show_leaderboard(found: Mapping[str, Any], written: Iterable[Path] = ()) -> list[RenderableType]:
    """The table, what its marks mean, what the blend is made of, and where the rest was written."""
    shown: list[RenderableType] = [
        Text(plain(f"{found['dataset']}: leaderboard"), style="bold"),
        Text(plain(subtitle(found)), style="dim"),
        Text(""),
        _pairs(found) if "pairs" in found else _standings(found),
    ]
    shown += [Text(plain(line), style="yellow") for line in failures(found)]
    shown.append(Text(""))
    shown += [Text(plain(line), style="dim") for line in legend(found)]
    return [*shown, *(Text(plain(str(path)), style="dim") for path in written)]


def subtitle(found: Mapping[str, Any]) -> str:
    """What was compared, in one line."""
    rows = ", ".join(f"{genre} {count}" for genre, count in found["rows"].items())
    return f"{found['created']} · {sum(found['rows'].values())} {found['unit']}s: {rows}"


def legend(found: Mapping[str, Any]) -> list[str]:
    """How to read the table, a line each."""
    how, unit = found["protocol"], found["unit"]
    times = "" if how["repeats"] == 1 else f", {how['repeats']} times"
    lines = [f"{found['folds']}-fold cross-validation over {unit}s{times}, the same folds for all models"]
    if found["folds"] < how["folds"]:
        lines.append(f"not {how['folds']} folds, since the smallest genre has no more {unit}s")
    lines.append("no artist, album or near-identical cover on both sides of a fold")
    if how["shuffled_genres"]:
        lines.insert(0, "the genres were dealt out anew at random: every score must be chance")
    if "pairs" in found:
        lines.append("area under the ROC curve, 95% bootstrap interval; chance is 0.50")
        return [*lines, *_ranges(found), *found["notes"]]
    lines += [
        f"in brackets: 95% bootstrap interval over {unit}s; chance is {found['chance']:.2f}",
        f"\u2248: these {unit}s cannot tell it from the best (paired bootstrap, 95%)",
        f"fit: processor time to learn a fold; ask: for one {unit}; covers were read before",
    ]
    if blend := found["blend"]:
        parts = ", ".join(f"{part['model']} ({part['reads']}) {part['weight']:.2f}" for part in blend["of"])
        lines.append(f"blend, learnt on the other folds each; mean weights: {parts}")
    return [*lines, *found["notes"]]


def failures(found: Mapping[str, Any]) -> list[str]:
    """A line on each model that could not answer."""
    if "pairs" not in found:
        rows = found["standings"]
    else:
        rows = [area for pair in found["pairs"] for area in pair["areas"]]
    why = {row["name"]: row["error"] for row in rows if "error" in row}
    return [f"{name} failed: {error}" for name, error in why.items()]


def score(estimate: Mapping[str, float]) -> str:
    """``0.86 (0.77-0.93)``, with a dash for numbers."""
    return f"{estimate['value']:.2f} ({estimate['low']:.2f}\u2013{estimate['high']:.2f})"


def to_best(row: Mapping[str, Any], *, first: bool = False) -> str:
    """``best``; else the difference to the best, marked where it may be none."""
    if first:
        return "best"
    gap = row["to_best"]["value"]
    sign = MINUS if gap < 0 else "+"
    return f"{'≈ ' if row['within_noise'] else ''}{sign}{abs(gap):.3f}"


def duration(seconds: float) -> str:
    """With two digits, in the unit that suits: ``12 s``, ``1.2 s``, ``25 ms``, ``0.3 ms``, ``40 µs``."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= (size if unit == "s" else size / 10):
            value = seconds / size
            return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"  # noqa: PLR2004
    return f"{seconds * 1e6:.0f} µs"


def _standings(found: Mapping[str, Any]) -> Table:
    table = _table("model", "reads")
    for name in ("balanced acc.", "to best", "fit", "ask"):
        table.add_column(name, justify="right", no_wrap=True)
    rows = [row for row in found["standings"] if "error" not in row]
    for number, row in enumerate(rows):
        names = [Text(plain(cell)) for cell in (row["model"], _short(row["reads"], found))]
        numbers = [score(row["scores"][RANKED_BY]), to_best(row, first=number == 0)]
        times = [duration(row[key]) for key in ("fit_seconds", "ask_seconds")]
        table.add_row(*names, *numbers, *times, style="" if row["within_noise"] else "dim")
    if blend := found["blend"]:
        value = score(blend["scores"][RANKED_BY])
        table.add_row("blend", "the best few", value, to_best(blend), "", "", style="bold")
    return table


def _short(reads: str, found: Mapping[str, Any]) -> str:
    """What a model reads, without the tagger's name where there is one tagger: lines are short."""
    taggers = found["taggers"]
    return reads.removeprefix(f"{taggers[0]['name']} ") if len(taggers) == 1 else reads


def _pairs(found: Mapping[str, Any]) -> Table:
    """A row a pair of genres and model."""
    table = _table("genres", "model")
    for name in (f"{found['unit']}s", "ROC AUC"):
        table.add_column(name, justify="right", no_wrap=True)
    for genres, rows, area in areas(found):
        cells = [Text(plain(cell)) for cell in (genres, f"{area['model']} ({_short(area['reads'], found)})")]
        table.add_row(*cells, f"{rows:,}", score(area))
    return table


def areas(found: Mapping[str, Any]) -> list[tuple[str, int, Mapping[str, Any]]]:
    """Of a comparison of pairs: both genres, their rows and a model's area, for each that could answer."""
    return [
        (" / ".join(pair["genres"]), pair["rows"], area)
        for pair in found["pairs"]
        for area in pair["areas"]
        if "error" not in area
    ]


def _ranges(found: Mapping[str, Any]) -> list[str]:
    """Of each model the lowest, mean and highest area of its pairs."""
    by_name: dict[str, list[float]] = {}
    for _, _, area in areas(found):
        by_name.setdefault(f"{area['model']} ({area['reads']})", []).append(area["value"])
    return [
        f"{name}: {min(values):.2f} to {max(values):.2f}, mean {sum(values) / len(values):.2f}"
        for name, values in by_name.items()
    ]


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in names:
        table.add_column(name, overflow="fold")
    return table
