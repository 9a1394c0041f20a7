"""SVG images that the pages share; they take the colour of their text from the page, light or dark."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotitags.evaluation.report.elements import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Attribute = float | str
    Point = tuple[float, float]


BLUE, ORANGE = "#3b7dd8", "#e08214"
HUES = (BLUE, ORANGE, "#2ca089", "#c44e8a", "#8a6fd1", "#9a8c1c", "#7f7f7f", "#d9534f", "#4aa8c0", "#6b8e23")
"""Colours that differ from each other on white and on black."""

DOTTED: Final[Mapping[str, Attribute]] = {
    "stroke": "currentColor",
    "stroke_width": 0.9,
    "stroke_dasharray": "1 2.5",
    "opacity": 0.7,
}
"""Attributes of a line for chance or perfection."""

_TICK = 4  # length in units
_INK, _PAPER = "#1c2127", "#fff"  # of an image in a file of its own


def element(tag: str, *children: str, **attributes: Attribute) -> str:
    """Build an element.

    Args:
        tag: Name of the element.
        children: Its content, as SVG.
        attributes: Underscores in names stand for hyphens; numbers are rounded to hundredths.
    """
    opening = tag + "".join(
        f' {name.replace("_", "-")}="{escaped(_text(value))}"' for name, value in attributes.items()
    )
    return f"<{opening}>{''.join(children)}</{tag}>" if children else f"<{opening}/>"


def text(words: str, x: float, y: float, **attributes: Attribute) -> str:
    """Build a text at a point, in the colour of the page's text."""
    return element("text", escaped(words), x=x, y=y, fill="currentColor", **attributes)


def hint(words: str) -> str:
    """Build the text that appears when the pointer is on the element that contains it."""
    return element("title", escaped(words))


def polyline(points: Iterable[Point], **attributes: Attribute) -> str:
    """Build a line through points."""
    return element("polyline", points=_points(points), fill="none", **attributes)


def polygon(points: Iterable[Point], **attributes: Attribute) -> str:
    """Build a filled area."""
    return element("polygon", points=_points(points), **attributes)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image with a description for screen readers.

    Attributes:
        name: Name that no other image of a page has; its ids begin with it.
        title: Title.
        description: What the image shows, in words and numbers.
        size: Width and height in units; text has 12.
        content: Elements, the first one at the back.
        role: ``group`` if there are links in it, which screen readers skip in an image.
    """

    name: str
    title: str
    description: str
    size: tuple[float, float]
    content: Sequence[str]
    role: str = "img"

    def inline(self) -> str:
        """Return the image as an element of a page."""
        return self._svg()

    def file(self) -> str:
        """Return the image as a file of its own, dark on white."""
        width, height = self.size
        paper = element("rect", width=width, height=height, fill=_PAPER)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + self._svg(
            paper, xmlns="http://www.w3.org/2000/svg", width=2 * width, height=2 * height, color=_INK
        )

    def _svg(self, *background: str, **attributes: Attribute) -> str:
        title, description = f"{self.name}-title", f"{self.name}-description"
        return element(
            "svg",
            element("title", escaped(self.title), id=title),
            element("desc", escaped(self.description), id=description),
            *background,
            *self.content,
            viewBox=" ".join(map(_text, (0, 0, *self.size))),
            role=self.role,
            aria_labelledby=title,
            aria_describedby=description,
            font_family="system-ui, sans-serif",
            font_size=12,
            **attributes,
        )


@dataclass(frozen=True, slots=True)
class Axes:
    """Two axes with the origin at the bottom left; their methods turn data into places in the image.

    Attributes:
        x_max: Data value at the right end; the left end is 0.
        y_max: Data value at the top; the bottom is 0.
        width: Length of the horizontal axis in units.
        height: Length of the vertical axis in units.
        left: Space at the left of the axes, for labels.
        top: Space above.
    """

    x_max: float
    y_max: float
    width: float
    height: float
    left: float = 46
    top: float = 10

    @property
    def size(self) -> tuple[float, float]:
        """Size of the image with the labels of both axes."""
        return self.left + self.width + 14, self.top + self.height + 40

    def place(self, x: float, y: float) -> Point:
        """Return where a point of the data is in the image."""
        bottom = self.top + self.height
        return self.left + self.width * x / self.x_max, bottom - self.height * y / self.y_max

    def places(self, x: Iterable[float], y: Iterable[float]) -> list[Point]:
        """Return where points of the data are in the image."""
        return [self.place(*point) for point in zip(x, y, strict=True)]

    def lines(self, x_label: str, y_label: str) -> str:
        """Return both axes with ticks, numbers and labels."""
        left, bottom = self.place(0, 0)
        right, top = self.left + self.width, self.top
        strokes = [f"M{_text(left)} {_text(top)}V{_text(bottom)}H{_text(right)}"]
        numbers = []
        for value in ticks(self.x_max):
            x, _ = self.place(value, 0)
            strokes.append(f"M{_text(x)} {_text(bottom)}v{_TICK}")
            numbers.append(text(f"{value:g}", x, bottom + 16, text_anchor="middle"))
        for value in ticks(self.y_max):
            _, y = self.place(0, value)
            strokes.append(f"M{_text(left)} {_text(y)}h-{_TICK}")
            numbers.append(text(f"{value:g}", left - 7, y + 4, text_anchor="end"))
        middle = self.top + self.height / 2
        turned = f"rotate(-90 12 {_text(middle)})"
        return "".join(
            [
                element("path", d="".join(strokes), fill="none", stroke="currentColor", stroke_width=0.9),
                *numbers,
                text(x_label, left + self.width / 2, bottom + 34, text_anchor="middle"),
                text(y_label, 12, middle, text_anchor="middle", transform=turned),
            ]
        )


def ticks(top: float, most: int = 6) -> list[float]:
    """Return round numbers from 0 to at most ``top``, with one step of 1, 2 or 5 times a power of ten.

    Args:
        top: Positive end of the axis.
        most: Maximum number of ticks.
    """
    power = 10 ** math.floor(math.log10(top / most))
    step = next(factor * power for factor in (1, 2, 5, 10, 20, 50) if top / (factor * power) < most)
    return [round(step * index, 10) for index in range(int(top / step) + 1)]


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{_text(x)},{_text(y)}" for x, y in points)


def _text(value: Attribute) -> str:
    return value if isinstance(value, str) else f"{round(value, 2):g}"
