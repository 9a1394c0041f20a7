"""The figures of a report, from ``scores.json``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.evaluation.report.svg import (
    BLUE,
    DOTTED,
    HUES,
    ORANGE,
    Axes,
    Picture,
    element,
    hint,
    polygon,
    polyline,
    text,
)
from spotitags.evaluation.report.wording import interval

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


_SIDE = 270  # of a square plot, in units of the image
_CELL = 38  # least side of a cell of the confusion matrix
_LETTER = 6.6  # mean width of a letter
_ROW = 15  # height of a legend's row
_SLANT = 30  # degrees, of the names below the confusion matrix


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn figure.

    Attributes:
        picture: The image; its name is also that of the file, without ending.
        caption: Explanation.
    """

    picture: Picture
    caption: str


def figures(found: Mapping[str, Any], cells: Collection[str] = ()) -> list[Figure]:
    """Draw all figures for which the scores have data.

    Args:
        found: Content of ``scores.json``.
        cells: Ids of lists of artists on the page, which cells of the confusion matrix lead to.
    """
    genres = found["genres"]  # of two, one curve is the other mirrored
    positives = genres if len(genres) > 2 else genres[:1]  # noqa: PLR2004
    drawn = [_confusion(found, cells), *(_roc(found, genre) for genre in positives), _reliability(found)]
    curves = found["curves"]
    if curves["artists"]:
        drawn.append(_by_artists(found))
    if curves["covers"]:
        drawn.append(_by_covers(found))
    return drawn


def _confusion(found: Mapping[str, Any], cells: Collection[str]) -> Figure:
    genres = found["genres"]
    names = [_short(genre) for genre in genres]
    table = np.array(found["systems"][0]["confusion"])
    row_sums = [f"{total:.1f}".removesuffix(".0") for total in table.sum(axis=1)]
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1e-9)
    longest = _LETTER * max(map(len, names))
    left = 22 + longest
    cell = max(_CELL, _SIDE / len(genres))
    side = cell * len(genres)
    content = []
    for i, row in enumerate(shares):
        content.append(text(names[i], left - 6, cell * (i + 0.5) + 4, text_anchor="end"))
        for j, share in enumerate(row):
            x, y = left + cell * j, cell * i
            tile = element(
                "rect",
                x=x + 1,
                y=y + 1,
                width=cell - 2,
                height=cell - 2,
                fill=BLUE if i == j else ORANGE,
                fill_opacity=0.04 + 0.7 * float(share),
            )
            middle, artists = x + cell / 2, f"{table[i, j]:.1f}".removesuffix(".0")
            number = text(f"{share:.2f}", middle, y + cell / 2, text_anchor="middle")
            below = text(artists, middle, y + cell / 2 + 13, text_anchor="middle", font_size=10, opacity=0.75)
            words = hint(f"true {genres[i]}, predicted {genres[j]}: {share:.2f} ({artists} of {row_sums[i]})")
            drawn = element("g", words, tile, number, below)
            target = cell_id(i, j)
            content.append(element("a", drawn, href=f"#{target}") if target in cells else drawn)
    for j, name in enumerate(names):
        x, y = left + cell * (j + 0.5), side + 14
        turned = f"rotate(-{_SLANT} {x:.1f} {y:.1f})"
        content.append(text(name, x + 4, y, text_anchor="end", transform=turned))
    bottom = side + 26 + longest * math.sin(math.radians(_SLANT))
    turned = f"rotate(-90 12 {side / 2:.1f})"
    content += [
        text("predicted genre", left + side / 2, bottom + 8, text_anchor="middle"),
        text("true genre", 12, side / 2, text_anchor="middle", transform=turned),
    ]
    right = ", ".join(f"{genre} {shares[i, i]:.2f}" for i, genre in enumerate(genres))
    picture = Picture(
        "confusion",
        "Confusion matrix",
        f"Share predicted right: {right}.",
        (left + side + 6, bottom + 14),
        content,
        role="group" if cells else "img",
    )
    choose = " Choose a cell to see who is in it." if cells else ""
    return Figure(
        picture,
        f"Of the {found['unit']}s of each genre (rows), the share and below it the mean number with each "
        f"predicted genre (columns).{choose}",
    )


def cell_id(true: int, predicted: int) -> str:
    """Return the id of the list of artists in a cell of the confusion matrix, given by genres' numbers."""
    return f"cell-{true}-{predicted}"


def _roc(found: Mapping[str, Any], genre: str) -> Figure:
    areas = {tuple(pair["genres"]): pair["value"] for pair in found["systems"][0]["auc"]}
    name = _short(genre)
    axes = Axes(1, 1, _SIDE, _SIDE)
    content = [
        axes.lines(f"other genre, predicted {name}", f"{name}, predicted {name}"),
        polyline(axes.places((0, 1), (0, 1)), **DOTTED),
    ]
    legend: list[tuple[str, str]] = []
    for pair in found["curves"]["roc"]:
        if genre not in pair["genres"] or None in pair["tpr"]:
            continue
        first, second = pair["genres"]
        other = second if genre == first else first
        x, y = np.append(0, np.linspace(0, 1, len(pair["tpr"]))), np.append(0, pair["tpr"])
        # For the second genre the curve is mirrored at the other diagonal.
        x, y = (x, y) if genre == first else (1 - y, 1 - x)
        label = f"{_short(other)} {areas[first, second]:.2f}"
        hue = HUES[found["genres"].index(other) % len(HUES)]
        legend.append((label, hue))
        content.append(
            polyline(
                axes.places(x.tolist(), y.tolist()), stroke=hue, stroke_width=1.8, stroke_linejoin="round"
            )
        )
    content += _legend(axes, f"{name} against", legend)
    number = found["genres"].index(genre) + 1  # two genres may have the same slug
    described = ", ".join(label for label, _ in legend)
    picture = Picture(
        f"roc-{number}-{_slug(genre)}",
        f"ROC: {genre}",
        f"Area under the curve of {genre} against each other genre: {described}.",
        axes.size,
        content,
    )
    return Figure(
        picture,
        f"The nearer a curve comes to the top left, the better {genre} is kept apart from that genre; the "
        "legend has the area under it, where one half is chance. Scored by the genre's share of the sum of "
        "both; mean over repeats.",
    )


def _legend(axes: Axes, title: str, labels: Sequence[tuple[str, str]]) -> list[str]:
    """Draw a legend at the bottom right of square axes, smaller if there are many labels."""
    row = min(_ROW, (_SIDE - _ROW) / (len(labels) + 1))
    size = min(11, 0.8 * row)
    widest = max(len(title), *(len(label) for label, _ in labels), 0)
    right, bottom = axes.place(1, 0)
    left = right - 24 - 0.6 * size * widest
    top = bottom - 8 - row * len(labels)
    drawn = [text(title, left, top, font_size=size)]
    for number, (label, hue) in enumerate(labels, 1):
        y = top + row * number
        drawn.append(
            polyline([(left, y - size / 3), (left + 16, y - size / 3)], stroke=hue, stroke_width=2.5)
        )
        drawn.append(text(label, left + 22, y, font_size=size))
    return drawn


def _reliability(found: Mapping[str, Any]) -> Figure:
    bins = found["reliability"]
    error = found["systems"][0]["scores"]["calibration_error"]
    axes = Axes(1, 1, _SIDE, _SIDE)
    points = axes.places([each["confidence"] for each in bins], [each["right"] for each in bins])
    dots = [
        element(
            "circle",
            hint(f"share {each['confidence']:.2f}, right {each['right']:.2f}, {each['part']:.0%} of all"),
            cx=x,
            cy=y,
            r=math.sqrt((20 + 700 * each["part"]) / math.pi),
            fill=BLUE,
            fill_opacity=0.55,
        )
        for each, (x, y) in zip(bins, points, strict=True)
    ]
    content = [
        axes.lines("share of the winner", "share that was right"),
        polyline(axes.places((0, 1), (0, 1)), **DOTTED),
        polyline(points, stroke=BLUE, stroke_width=1.6),
        *dots,
    ]
    described = ", ".join(f"{each['right']:.2f} at {each['confidence']:.2f}" for each in bins)
    picture = Picture(
        "reliability",
        "Reliability",
        f"Share that was right, by the share of the winner: {described}.",
        axes.size,
        content,
    )
    return Figure(
        picture,
        "How often predictions were right, by the share of the winner; dotted: perfect calibration. "
        f"Larger dots stand for more {found['unit']}s. Expected calibration error {error['value']:.2f} "
        f"({error['low']:.2f} to {error['high']:.2f}).",
    )


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
    x = [point[key] for point in points]
    axes = Axes(max(x) * 1.03, 1, _SIDE, 0.8 * _SIDE)
    low, high, value = (axes.places(x, [p[name] for p in points]) for name in ("low", "high", "value"))
    dots = [
        element(
            "circle", hint(f"{point[key]:g}: {interval(point)}"), cx=place[0], cy=place[1], r=3, fill=BLUE
        )
        for point, place in zip(points, value, strict=True)
    ]
    content = [
        axes.lines(label, "balanced accuracy"),
        polygon([*low, *reversed(high)], fill=BLUE, fill_opacity=0.2),
        polyline(axes.places((0, axes.x_max), [found["chance"]] * 2), **DOTTED),
        polyline(value, stroke=BLUE, stroke_width=1.8),
        *dots,
    ]
    described = ", ".join(f"{interval(point)} with {point[key]:g}" for point in points)
    picture = Picture(f"curve-{key}", title, f"Balanced accuracy: {described} {label}.", axes.size, content)
    return Figure(picture, caption)


def _short(genre: str, longest: int = 16) -> str:
    """Shorten a genre's name to fit into a figure."""
    return genre if len(genre) <= longest else genre[: longest - 1] + "\u2026"


def _slug(genre: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", genre.casefold()).strip("-")[:40] or "genre"
