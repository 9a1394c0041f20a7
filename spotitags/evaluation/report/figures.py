"""The figures of a report, from ``scores.json``; matplotlib without a display."""

from __future__ import annotations

import html
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.errors import NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


INK = "#010203"  # replaced by the page's text colour, so that the figure suits light and dark pages
BLUE, ORANGE = "#3b7dd8", "#e08214"
HUES = (BLUE, ORANGE, "#2ca089", "#c44e8a", "#8a6fd1", "#9a8c1c", "#7f7f7f", "#d9534f", "#4aa8c0", "#6b8e23")
_SETTINGS: dict[Any, Any] = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "svg.fonttype": "none",
    "text.parse_math": False,  # a dollar in a genre's name does not start a formula
    "svg.hashsalt": "spotitags",  # equal scores give equal files
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn figure.

    Attributes:
        name: Name of the file, without its ending.
        title: Heading.
        caption: Explanation.
        svg: Image for a page: text in the page's colour and font, no background.
        png: Image for other uses: dark on white.
    """

    name: str
    title: str
    caption: str
    svg: str
    png: bytes


def figures(found: Mapping[str, Any]) -> list[Figure]:
    """Draw all figures for which the scores have data.

    Raises:
        NotInstalledError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise NotInstalledError("the report", "report") from error
    with mpl.rc_context(_SETTINGS):
        genres = found["genres"]  # of two, one curve is the other mirrored
        positives = genres if len(genres) > 2 else genres[:1]  # noqa: PLR2004
        drawn = [_confusion(found), *(_roc(found, genre) for genre in positives), _reliability(found)]
        curves = found["curves"]
        if curves["artists"]:
            drawn.append(_by_artists(found))
        if curves["covers"]:
            drawn.append(_by_covers(found))
    return drawn


def _figure(
    name: str, title: str, caption: str, draw: Callable[[Axes], None], size: tuple[float, float]
) -> Figure:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=size, layout="constrained")
    draw(canvas.subplots())
    return Figure(name, title, caption, _svg(canvas, name, title), _png(canvas))


def _svg(canvas: Canvas, name: str, title: str) -> str:
    """Draw the figure as an element of a page; ids start with its name, since a page has several figures."""
    text = io.StringIO()
    canvas.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(url\(|href=")#', rf"\1#{name}-", svg)
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", svg)
    return svg.replace(INK, "currentColor").replace(
        "<svg", f'<svg role="img" aria-label="{html.escape(title)}"', 1
    )


def _png(canvas: Canvas) -> bytes:
    file = io.BytesIO()
    canvas.savefig(file, format="png", dpi=160, facecolor="white", metadata={"Software": None})
    return file.getvalue()


def _confusion(found: Mapping[str, Any]) -> Figure:
    from matplotlib.patches import Rectangle

    genres = found["genres"]
    table = np.array(found["systems"][0]["confusion"])
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1e-9)

    def draw(axes: Axes) -> None:
        for i, row in enumerate(shares):
            for j, value in enumerate(row):
                colour, alpha = BLUE if i == j else ORANGE, 0.04 + 0.7 * float(value)
                corner = j - 0.48, i - 0.48
                axes.add_patch(Rectangle(corner, 0.96, 0.96, facecolor=colour, alpha=alpha, lw=0))
                axes.text(j, i, f"{value:.2f}", ha="center", va="center")
        axes.set(
            xlim=(-0.5, len(genres) - 0.5),
            ylim=(len(genres) - 0.5, -0.5),
            xlabel="predicted genre",
            ylabel="true genre",
        )
        names = [_short(genre) for genre in genres]
        axes.set_xticks(range(len(genres)), names, rotation=30, ha="right")
        axes.set_yticks(range(len(genres)), names)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)

    caption = f"Of the {found['unit']}s of each genre (rows), the share with each predicted genre (columns)."
    side = max(3.8, 1.4 + 0.5 * len(genres))
    return _figure("confusion", "Confusion matrix", caption, draw, (side + 0.4, side))


def _roc(found: Mapping[str, Any], genre: str) -> Figure:
    areas = {tuple(pair["genres"]): pair["value"] for pair in found["systems"][0]["auc"]}

    name = _short(genre)

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=INK, lw=0.8, ls=":", alpha=0.6)
        for pair in found["curves"]["roc"]:
            if genre not in pair["genres"] or None in pair["tpr"]:
                continue
            first, second = pair["genres"]
            other = second if genre == first else first
            x, y = np.linspace(0, 1, len(pair["tpr"])), np.array(pair["tpr"])
            x, y = np.append(0, x), np.append(0, y)
            # For the second genre the curve is mirrored at the other diagonal.
            x, y = (x, y) if genre == first else (1 - y, 1 - x)
            colour = HUES[found["genres"].index(other) % len(HUES)]
            axes.plot(x, y, color=colour, lw=1.6, label=f"{_short(other)} {areas[first, second]:.2f}")
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
        axes.set(xlabel=f"other genre, predicted {name}", ylabel=f"{name}, predicted {name}")
        axes.set_aspect("equal")
        axes.legend(title=f"{name} against", loc="lower right")

    caption = (
        f"{genre} against each other genre: area under the curve in the legend, one half is chance. "
        "Scored by the genre's share of the sum of both; mean over repeats."
    )
    number = found["genres"].index(genre) + 1  # two genres may have the same slug
    return _figure(f"roc-{number}-{_slug(genre)}", f"ROC: {genre}", caption, draw, (4.2, 4.0))


def _reliability(found: Mapping[str, Any]) -> Figure:
    bins = found["reliability"]
    error = found["systems"][0]["scores"]["calibration_error"]

    def draw(axes: Axes) -> None:
        sure, right = [b["confidence"] for b in bins], [b["right"] for b in bins]
        axes.plot([0, 1], [0, 1], color=INK, lw=0.8, ls=":", alpha=0.6)
        axes.plot(sure, right, color=BLUE, lw=1.4)
        axes.scatter(sure, right, s=[20 + 700 * b["part"] for b in bins], color=BLUE, alpha=0.55, lw=0)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="share of the winner", ylabel="share that was right")
        axes.set_aspect("equal")

    caption = (
        "How often predictions were right, by the share of the winner; dotted: perfect calibration. "
        f"Larger dots stand for more {found['unit']}s. Expected calibration error {error['value']:.2f} "
        f"({error['low']:.2f} to {error['high']:.2f})."
    )
    return _figure("reliability", "Reliability", caption, draw, (4.2, 4.0))


def _by_artists(found: Mapping[str, Any]) -> Figure:
    caption = (
        f"Balanced accuracy by number of training {found['unit']}s, {_repeats(found)}; "
        "the band is the 95% bootstrap interval, dotted is chance."
    )
    label = f"training {found['unit']}s"
    return _curve(found, "artists", f"Learning curve: {found['unit']}s", caption, label)


def _by_covers(found: Mapping[str, Any]) -> Figure:
    caption = (
        "Balanced accuracy by number of covers per tested artist (all if it has fewer), "
        f"{_repeats(found)}. Training uses all covers."
    )
    return _curve(found, "covers", "Learning curve: covers", caption, "covers per tested artist")


def _repeats(found: Mapping[str, Any]) -> str:
    count = min(found["protocol"]["curve_repeats"], found["protocol"]["repeats"])
    return f"{count} repeat{'' if count == 1 else 's'} of {found['protocol']['folds']} folds"


def _curve(found: Mapping[str, Any], key: str, title: str, caption: str, label: str) -> Figure:
    points: Sequence[Mapping[str, float]] = found["curves"][key]

    def draw(axes: Axes) -> None:
        x = [point[key] for point in points]
        axes.fill_between(
            x, [p["low"] for p in points], [p["high"] for p in points], color=BLUE, alpha=0.2, lw=0
        )
        axes.plot(x, [p["value"] for p in points], color=BLUE, marker="o", ms=4)
        axes.axhline(found["chance"], color=INK, lw=0.8, ls=":", alpha=0.6)
        axes.set(ylim=(0, 1.02), xlim=(0, max(x) * 1.03), xlabel=label, ylabel="balanced accuracy")

    return _figure(f"curve-{key}", title, caption, draw, (4.2, 3.4))


def _short(genre: str, longest: int = 16) -> str:
    """Shorten a genre's name to fit into a figure."""
    return genre if len(genre) <= longest else genre[: longest - 1] + "\u2026"


def _slug(genre: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", genre.casefold()).strip("-")[:40] or "genre"
