"""Impact of inputs as a bar picture, and as rows of a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from spotitags.evaluation.report.elements import escaped, table
from spotitags.evaluation.report.svg import BLUE, Picture, element, hint, text, ticks
from spotitags.evaluation.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotitags.io.tables import Cell

HEAD: Final = ("input", "lost when permuted", "log loss added", "lost when trained without")
"""Head of the table; losses are of balanced accuracy."""
COLUMNS: Final[Mapping[str, type]] = {
    "input": str, "kind": str,
    "permuted": float, "permuted_low": float, "permuted_high": float,
    "log_loss": float, "log_loss_low": float, "log_loss_high": float,
    "retrained": float, "retrained_low": float, "retrained_high": float,
}  # fmt: skip
"""Columns of ``impact.csv``, with their types."""
_ROW, _BAR, _LETTER, _WIDTH = 24.0, 12.0, 6.6, 560.0


def signed_interval(estimate: Mapping[str, float]) -> str:
    """Return a difference in the form ``+0.12 (+0.03 to +0.20)``."""
    value, low, high = (round(estimate[name], 2) + 0.0 for name in ("value", "low", "high"))
    return f"{value:+.2f} ({low:+.2f} to {high:+.2f})"


def label(group: Mapping[str, Any]) -> str:
    """Return the name of a group, with that of the whole before a part."""
    return f"tags: {group['name'].removesuffix(' tags')}" if group["part"] else str(group["name"])


def verdict(impact: Mapping[str, Any]) -> str:
    """Return a sentence on what the impact is worth."""
    accuracy = impact["ensemble"]["balanced_accuracy"]
    if impact["weak"]:
        return (
            f"The model is weak: its balanced accuracy, {accuracy['value']:.2f} ({accuracy['low']:.2f} to "
            f"{accuracy['high']:.2f}), may be chance. So this table says nothing about the inputs."
        )
    proven = [group["name"] for group in impact["groups"] if group["balanced_accuracy"]["low"] > 0]
    if not proven:
        return "No input alone is shown to matter: every interval includes 0. The inputs may overlap."
    return (
        f"Shown to matter: {', '.join(proven)}. An interval that includes 0 shows no effect; inputs that say "
        "the same hide each other."
    )


def protocol(impact: Mapping[str, Any]) -> str:
    """Return a sentence on how the impact was measured."""
    return (
        f"Each tested artist got the input of another one of its fold: {impact['permutations']} permutations "
        f"in {count(impact['repeats'], 'repeat')}; 95% intervals by a bootstrap over artists."
    )


def impact_rows(impact: Mapping[str, Any]) -> list[list[str]]:
    """Return a row of `HEAD` for each group, the largest loss first."""
    return [
        [
            label(group),
            signed_interval(group["balanced_accuracy"]),
            signed_interval(group["log_loss"]),
            signed_interval(group["retrained"]["balanced_accuracy"]) if group["retrained"] else "",
        ]
        for group in impact["groups"]
    ]


def impact_cells(impact: Mapping[str, Any]) -> list[list[Cell]]:
    """Return a row of `COLUMNS` for each group."""

    def numbers(estimate: Mapping[str, float] | None) -> Sequence[Cell]:
        return [estimate[name] if estimate else None for name in ("value", "low", "high")]

    return [
        [
            group["name"],
            group["kind"],
            *numbers(group["balanced_accuracy"]),
            *numbers(group["log_loss"]),
            *numbers(group["retrained"] and group["retrained"]["balanced_accuracy"]),
        ]
        for group in impact["groups"]
    ]


def impact_picture(impact: Mapping[str, Any]) -> Picture:
    """Draw a bar with its interval for each group."""
    groups = impact["groups"]
    left = 12 + _LETTER * max(len(label(group)) for group in groups)
    estimates = [group["balanced_accuracy"] for group in groups]
    low: float = min(0.0, *(each["low"] for each in estimates))
    high: float = max(0.05, *(each["high"] for each in estimates))

    def place(value: float) -> float:
        return left + _WIDTH * (value - low) / (high - low)

    height = _ROW * len(groups)
    zero = element("line", x1=place(0), x2=place(0), y1=0, y2=height, stroke="currentColor", stroke_width=0.9)
    content = [zero]
    for number, (group, each) in enumerate(zip(groups, estimates, strict=True)):
        middle = _ROW * (number + 0.5)
        shown = each["low"] > 0
        start, end = sorted((place(0), place(each["value"])))
        bar = element(
            "rect", x=start, y=middle - _BAR / 2, width=max(end - start, 0.5), height=_BAR, fill=BLUE,
            fill_opacity=0.85 if shown else 0.3,
        )  # fmt: skip
        whisker = element(
            "line", x1=place(each["low"]), x2=place(each["high"]), y1=middle, y2=middle,
            stroke="currentColor", stroke_width=1.2,
        )  # fmt: skip
        words = hint(f"{label(group)}: {signed_interval(each)}")
        content += [
            text(label(group), left - 8, middle + 4, text_anchor="end"),
            element("g", words, bar, whisker),
        ]
    step = ticks(high - low)[1]
    content += [
        text(f"{step * i:g}", place(step * i), height + 16, text_anchor="middle")
        for i in range(math.ceil(low / step), math.floor(high / step) + 1)
    ]
    content.append(
        text("balanced accuracy lost when permuted", left + _WIDTH / 2, height + 34, text_anchor="middle")
    )
    described = "; ".join(
        f"{group['name']} {signed_interval(group['balanced_accuracy'])}" for group in groups
    )
    return Picture(
        "impact",
        "What each input is worth",
        f"Balanced accuracy lost when an input is permuted: {described}.",
        (left + _WIDTH + 24, height + 42),
        content,
    )


def impact_section(found: Mapping[str, Any]) -> str:
    """Build the section of the report; empty if the impact was not measured."""
    impact = found.get("impact")
    if not impact:
        return ""
    caption = "Faint bars have an interval that includes 0."
    figure = f"<figure>{impact_picture(impact).inline()}<figcaption>{caption}</figcaption></figure>"
    return (
        f"<h2>What each input is worth</h2>\n<p>{escaped(verdict(impact))}</p>\n{figure}\n"
        f"{table(HEAD, impact_rows(impact))}\n<p>{escaped(protocol(impact))}</p>"
    )
