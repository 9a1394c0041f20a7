"""Word cloud of a genre as SVG: size by frequency, colour from blue to red by effect."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spotitags.evaluation.report.elements import escaped
from spotitags.evaluation.report.svg import Picture, element, hint
from spotitags.explain.words.wording import times
from spotitags.io.text import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from spotitags.explain.words.effects import GenreWords, Word


WIDTH, HEIGHT = 720, 400
MORE, LESS = 50, 30
"""Maximum numbers of words that the genre has more often, and less often, than the others."""
SMALLEST, LARGEST = 11.0, 38.0  # font sizes in units
BLUE, GREY, RED = (0x2F, 0x74, 0xD0), (0x8A, 0x8A, 0x8A), (0xD0, 0x3A, 0x3A)

_SCALES = (1.0, 0.85, 0.7, 0.6, 0.5)  # of the sizes, until all words fit
_MEASURED: Final = 40  # font size at which the width of words is measured
_LINE = 1.12  # height of a word by its font size
_BASELINE = 0.82  # from the top of a word to its baseline, by its font size
_GAP = 3.0
_STEP = 4.0  # of the spiral: radians times units
_TURN = 2.2  # units that the spiral grows by a radian


class Cloud(NamedTuple):
    """A cloud, and the words that found no place in it."""

    picture: Picture
    left_out: tuple[Word, ...]


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


def word_cloud(found: GenreWords, name: str, link: Callable[[Word], str | None] = lambda _: None) -> Cloud:
    """Draw the telling words of a genre, the most frequent first, from the middle outwards.

    The picture depends on the words alone: equal words give equal pictures. Sizes grow with the root of the
    share of covers (in the genre, or in the others for a word that the genre has less often), so that the
    area does with the share.

    Args:
        found: Words of the genre.
        name: Name of the picture, which no other on a page has.
        link: Returns the address that a word leads to, or None.
    """
    telling = found.telling
    more = [word for word in telling if word.effect > 0][:MORE]
    less = [word for word in telling if word.effect < 0][:LESS]
    chosen = sorted([*more, *less], key=lambda word: (-_frequency(word), word.label))
    most = max(map(_frequency, chosen), default=1.0)
    strongest = max((abs(word.effect) for word in chosen), default=1.0)
    for scale in _SCALES:
        sizes = {word: scale * _size(_frequency(word) / most) for word in chosen}
        boxes = _boxes(sizes)
        if len(boxes) == len(chosen):
            break
    drawn = []
    for word, box in boxes.items():
        text = element(
            "text", hint(describe(word, found)), escaped(word.label),
            x=box.left, y=box.top + _BASELINE * sizes[word], font_size=sizes[word],
            textLength=box.right - box.left, lengthAdjust="spacingAndGlyphs",
            fill=colour(word.effect / strongest),
        )  # fmt: skip
        address = link(word)
        drawn.append(element("a", text, href=address) if address else text)
    left_out = [word for word in telling if word not in boxes]
    others = " and ".join(found.others) if len(found.others) == 1 else "the other genres"
    picture = Picture(
        name,
        f"Words on covers of {found.genre}",
        f"Red: more often on covers of {found.genre} than of {others}; blue: less often. "
        "Large: on many covers. " + "; ".join(describe(word, found) for word in found.telling[:10]),
        (WIDTH, HEIGHT),
        drawn,
    )
    return Cloud(picture, tuple(left_out))


def describe(word: Word, found: GenreWords) -> str:
    """Return effect and frequency of a word in one line."""
    return (
        f"{plain(word.label)}: {times(word.effect)} the odds, on {word.share:.0%} of the covers of "
        f"{found.genre} and {word.other_share:.0%} of the others"
    )


def colour(part: float) -> str:
    """Return the colour of an effect in [-1, 1]: from blue over grey to red.

    >>> colour(-1.0), colour(0.0), colour(1.0)
    ('#2f74d0', '#8a8a8a', '#d03a3a')
    """
    end = RED if part > 0 else BLUE
    share = min(abs(part), 1.0) ** 0.5
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in zip(GREY, end, strict=True))


def _frequency(word: Word) -> float:
    return word.share if word.effect > 0 else word.other_share


def _width(label: str) -> float:
    """Return the width of a label by its font size, in Pillow's own font and with a little to spare."""
    from PIL import ImageFont

    return 1.04 * ImageFont.load_default(_MEASURED).getlength(label) / _MEASURED


def _size(part: float) -> float:
    """Return the font size for a frequency, as part of the largest."""
    return SMALLEST + (LARGEST - SMALLEST) * math.sqrt(part)


def _boxes(sizes: Mapping[Word, float]) -> dict[Word, _Box]:
    """Place words of these font sizes, in their order; those without a place are left out."""
    boxes: dict[Word, _Box] = {}
    for word, size in sizes.items():
        box = _place(_width(plain(word.label)) * size, _LINE * size, [*boxes.values()])
        if box is not None:
            boxes[word] = box
    return boxes


def _place(width: float, height: float, placed: Sequence[_Box]) -> _Box | None:
    """Return the first free place on a spiral from the middle; None if there is none."""
    left, top = _spiral() - np.array([[width / 2], [height / 2]])
    free = (left >= 0) & (top >= 0) & (left + width <= WIDTH) & (top + height <= HEIGHT)
    for box in placed:
        beside = (left >= box.right + _GAP) | (left + width + _GAP <= box.left)
        free &= beside | (top >= box.bottom) | (top + height <= box.top)
    if not free.any():
        return None
    x, y = float(left[free][0]), float(top[free][0])
    return _Box(x, y, x + width, y + height)


@cache
def _spiral() -> NDArray[np.float64]:
    """Return (2, n) points from the middle of the picture outwards, about as dense everywhere."""
    angle = np.sqrt(np.arange(0, (WIDTH / _TURN) ** 2, 2 * _STEP))
    x = WIDTH / 2 + _TURN * angle * np.cos(angle)
    y = HEIGHT / 2 + _TURN * angle * np.sin(angle) * HEIGHT / WIDTH
    return np.stack([x, y])
