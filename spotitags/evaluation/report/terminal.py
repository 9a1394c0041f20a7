"""Tables of an evaluation for the terminal. Nothing is printed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from classifiers.ensemble.blends import source_name
from spotitags.evaluation import votes
from spotitags.evaluation.report.impact import impact_rows, protocol, verdict
from spotitags.evaluation.report.wording import METRICS, outsider_sentences, subtitle
from spotitags.io.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rich.console import RenderableType


WORST = 8
"""Maximum number of artists that are named because their predictions are wrong."""


def show_scores(
    found: Mapping[str, Any], written: Iterable[Path] = (), names: Mapping[str, str | None] | None = None
) -> list[RenderableType]:
    """Build the ensemble's scores, those of its views, the artists that it gets wrong, and the notes.

    Args:
        found: Content of ``scores.json``.
        written: Files that were written, whose names are shown.
        names: Name of each artist by id, where it is known.
    """
    scores = table([""], ["value", "95% interval"])
    for metric, label in METRICS.items():
        estimate = found["systems"][0]["scores"][metric]
        scores.add_row(label, f"{estimate['value']:.3f}", f"{estimate['low']:.2f} to {estimate['high']:.2f}")
    views = table(["system"], ["balanced accuracy", "log loss"])
    for system in found["systems"]:
        if system["kind"] != "voter":
            estimate, loss = system["scores"]["balanced_accuracy"], system["scores"]["log_loss"]["value"]
            shown = f"{estimate['value']:.2f} ({estimate['low']:.2f} to {estimate['high']:.2f})"
            views.add_row(Text(plain(system["name"])), shown, f"{loss:.2f}")
    lines = [Text(plain(f"{found['dataset']}: {found['name']}"), style="bold")]
    taggers = " and ".join(source_name(tagger["name"]) for tagger in found["taggers"])
    lines.append(dim(f"{subtitle(found)} · tagger {taggers}"))
    files = [_file_name(path) for path in written if path.suffix in {".json", ".html", ".csv"}]
    parts = [
        *_impact(found),
        *_worst(found, names or {}),
        *_outsiders(found),
        *map(dim, found["notes"]),
        *files,
    ]
    return [*lines, scores, Text(""), views, Text(""), *parts]


def _worst(found: Mapping[str, Any], names: Mapping[str, str | None]) -> list[RenderableType]:
    """Build a table of the artists that most repeats get wrong; nothing if there are none."""
    wrong = [row for row in votes.rows(found, names) if isinstance(row[4], float) and row[4] < 0.5]  # noqa: PLR2004
    if not wrong:
        return []
    shown = table([f"wrong in most repeats: {len(wrong)}", "genre", "predicted"], ["right"])
    for artist, name, genre, predicted, right, *_ in wrong[:WORST]:
        shown.add_row(
            *(Text(plain(str(cell))) for cell in (name or artist, genre, predicted)), f"{right:.0%}"
        )
    more = [dim(f"{len(wrong) - WORST} more in votes.csv (--out)")] if len(wrong) > WORST else []
    return [shown, *more, Text("")]


def _impact(found: Mapping[str, Any]) -> list[RenderableType]:
    """Build a table of what each input is worth; nothing if it was not measured."""
    impact = found.get("impact")
    if not impact:
        return []
    shown = table(["input"], ["lost when permuted", "when trained without"])
    for name, permuted, _, retrained in impact_rows(impact):
        shown.add_row(Text(plain(name)), permuted, retrained)
    return [shown, Text(plain(verdict(impact))), dim(protocol(impact)), Text("")]


def _outsiders(found: Mapping[str, Any]) -> list[RenderableType]:
    """Two lines on the answer "none of these genres"; none if it was not evaluated."""
    if not found.get("outsiders"):
        return []
    rates = found["outsiders"]["held_out"]
    sure = ", ".join(f"{category} {of['sure']:.0%}" for category, of in rates.items())
    outside = f"Covers of none of the genres that were given a sure genre: {sure}."
    return [Text(plain(outside)), Text(plain(outsider_sentences(found)[1])), Text("")]


def show_comparison(
    runs: Sequence[Mapping[str, Any]], compared: Sequence[Mapping[str, Any]]
) -> list[RenderableType]:
    """Build a table for each run except the first.

    Args:
        runs: Content of ``scores.json`` files.
        compared: Comparison of the first run with each of the others.
    """
    shown: list[RenderableType] = []
    for run, found in zip(runs[1:], compared, strict=True):
        heading = f"{run['dataset']}: {run['name']} against {runs[0]['name']}"
        folds = "in the same folds" if found["same_folds"] else "in other folds"
        shown.append(Text(plain(heading), style="bold"))
        shown.append(dim(f"{found['rows']} {runs[0]['unit']}s in both, {folds}"))
        metrics = table([""], ["first", "this", "difference", "95% interval"])
        for metric, label in METRICS.items():
            values = found["metrics"][metric]
            gap = values["difference"]
            metrics.add_row(
                label, f"{values['first']:.3f}", f"{values['second']:.3f}",
                f"{gap['value']:+.3f}", f"{gap['low']:+.3f} to {gap['high']:+.3f}",
            )  # fmt: skip
        shown += [metrics, Text("")]
    return shown


def _file_name(path: Path) -> Text:
    """Return the name of a file, which is never broken over lines."""
    name = dim(str(path))
    name.no_wrap, name.overflow = True, "ignore"
    return name


def dim(line: str) -> Text:
    """Return a dim line, without control characters."""
    return Text(plain(line), style="dim")


def table(names: Sequence[str], numbers: Sequence[str]) -> Table:
    """Return an empty table.

    Args:
        names: Headings of text columns, which wrap.
        numbers: Headings of columns of numbers, at the right and without line breaks.
    """
    found = Table(box=None, pad_edge=False, header_style="dim")
    for name in names:
        found.add_column(name, overflow="fold")
    for name in numbers:
        found.add_column(name, justify="right", no_wrap=True)
    return found
