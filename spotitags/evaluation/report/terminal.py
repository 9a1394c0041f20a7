"""What a terminal shows of an evaluation. Builds, and prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from spotitags.evaluation.report.html import METRICS, subtitle
from spotitags.io.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rich.console import RenderableType


def show_scores(found: Mapping[str, Any], written: Iterable[Path] = ()) -> list[RenderableType]:
    """The ensemble's scores, its views, what to know of them, and where the rest was written."""
    scores = _table("", "value", "95% interval")
    for metric, label in METRICS.items():
        estimate = found["systems"][0]["scores"][metric]
        scores.add_row(label, f"{estimate['value']:.3f}", f"{estimate['low']:.2f} to {estimate['high']:.2f}")
    views = _table("who answers", "balanced accuracy", "log loss")
    for system in found["systems"]:
        if system["kind"] != "voter":
            estimate, loss = system["scores"]["balanced_accuracy"], system["scores"]["log_loss"]["value"]
            shown = f"{estimate['value']:.2f} ({estimate['low']:.2f} to {estimate['high']:.2f})"
            views.add_row(Text(plain(system["name"])), shown, f"{loss:.2f}")
    lines = [Text(plain(f"{found['dataset']}: {found['name']}"), style="bold")]
    lines.append(Text(plain(subtitle(found)), style="dim"))
    files = [Text(plain(str(path)), style="dim") for path in written if path.suffix in {".json", ".html"}]
    notes = [Text(plain(note), style="dim") for note in found["notes"]]
    return [*lines, scores, Text(""), views, Text(""), *notes, *files]


def show_comparison(
    runs: Sequence[Mapping[str, Any]], compared: Sequence[Mapping[str, Any]]
) -> list[RenderableType]:
    """Runs against the first of them; ``compared`` holds `compare` with each of the others."""
    shown: list[RenderableType] = []
    for run, found in zip(runs[1:], compared, strict=True):
        heading = f"{run['dataset']}: {run['name']} against {runs[0]['name']}"
        folds = "in the same folds" if found["same_folds"] else "in other folds"
        shown.append(Text(plain(heading), style="bold"))
        shown.append(Text(f"{found['rows']} {runs[0]['unit']}s in both, {folds}", style="dim"))
        table = _table("", "first", "this", "difference", "95% interval")
        for metric, label in METRICS.items():
            values = found["metrics"][metric]
            gap = values["difference"]
            table.add_row(
                label, f"{values['first']:.3f}", f"{values['second']:.3f}",
                f"{gap['value']:+.3f}", f"{gap['low']:+.3f} to {gap['high']:+.3f}",
            )  # fmt: skip
        shown += [table, Text("")]
    return shown


def _table(first: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(first, overflow="fold")
    for name in columns:
        table.add_column(name, justify="right")
    return table
