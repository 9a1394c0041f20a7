"""Turn the lines of a cover into tags: words, and phrases that mean something as a whole."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, NamedTuple

from spotitags.records import Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MIN_SCORE: Final = 0.6
"""Least score of a line that counts."""
MIN_SCORE_OF_SHORT: Final = 0.9
"""Least score of a line of one or two characters, for shapes of a picture are read as such."""
ADVISORY: Final = "parental advisory"
"""Tag of the notice that warns of explicit lyrics."""

MAX_WORDS: Final = 100
"""Maximum number of words of a line."""

_SHORT: Final = 2  # characters of a short line
_STEP: Final = 1e-4  # by which each word of a line weighs less than the one before: keeps them in order
# Lines of the notice, each with the least similarity of a line that is taken for it. "savior" has 0.71 to
# "advisory", and "pantera" 0.67 to "parental".
_ADVISORY_LINES: Final = {
    "advisory": 0.75,
    "parental": 0.75,
    "parentaladvisory": 0.7,
    "explicitcontent": 0.65,
    "explicitlyrics": 0.65,
    "stronglanguage": 0.75,
}
_SMALL: Final = 0.08  # height of a line up to which it may be misread; a larger one is read well
_EXACT: Final = 0.95
_DIGITS: Final = str.maketrans("015", "ois")  # read for letters in small print
_WORD: Final = re.compile("[^\\W_]+(?:['\u2019.\\-][^\\W_]+)*")
_NUMBER: Final = re.compile(r"\d+|[ivxlc]+")
_VOLUME: Final = {"volume": "vol", "number": "no", "opus": "op", "pt": "part"}


class Line(NamedTuple):
    """A line of text on a cover.

    Attributes:
        text: As it is written.
        score: Mean probability of its characters, in [0, 1].
        height: Its height divided by the cover's shorter side, in [0, 1].
    """

    text: str
    score: float
    height: float


def tags_of(lines: Sequence[Line]) -> list[Tag]:
    """Return the words and phrases of lines as tags.

    The weight of a word is the score of its line times the square root of the line's height relative to the
    highest line: the title weighs more than the small print. Each further word of a line weighs a
    ten-thousandth less, so that the words of a line stay in order wherever tags are sorted. A phrase may run
    over two lines. Of a repeated word the heaviest counts.

    Args:
        lines: From the top of the cover to its bottom.

    Returns:
        Heaviest first.

    >>> tags_of([Line("Live at", 0.9, 0.1), Line("Carnegie Hall", 1.0, 0.1)])
    [Tag(label='carnegie', weight=1.0), Tag(label='hall', weight=0.9999), Tag(label='live at', weight=0.9)]
    """
    clear = [line for line in lines if _is_clear(line)]
    highest = max((line.height for line in clear), default=1.0)
    words: list[Tag] = []
    for line in clear:
        weight = min(line.score * (line.height / highest) ** 0.5, 1.0)
        written = [ADVISORY] if is_advisory(line) else _words(line.text)
        words += [Tag(word, weight * (1 - _STEP * index)) for index, word in enumerate(written[:MAX_WORDS])]
    tags: dict[str, Tag] = {}
    for tag in sorted(_joined(words), key=lambda tag: -tag.weight):
        if len(tag.label) > 1:
            tags.setdefault(tag.label, tag)
    return list(tags.values())


def _is_clear(line: Line) -> bool:
    """Return whether a line is surely read, and has a word of two characters."""
    characters = sum(map(str.isalnum, line.text))
    return line.score >= (MIN_SCORE if characters > _SHORT else MIN_SCORE_OF_SHORT) and characters > 1


def is_advisory(line: Line) -> bool:
    """Return whether a line is one of the parental advisory notice, also if some letters are misread.

    >>> lines = "PARENTAL", "ADVIS0RY", "EEPUICIT CENTENT", "History", "Pantera"
    >>> [is_advisory(Line(line, 0.9, 0.03)) for line in lines]
    [True, True, True, False, False]
    """
    letters = "".join(_WORD.findall(line.text.lower())).translate(_DIGITS)
    small = line.height <= _SMALL
    return any(
        _similar(letters, known, least if small else _EXACT) for known, least in _ADVISORY_LINES.items()
    )


def _similar(one: str, other: str, least: float) -> bool:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.quick_ratio() >= least and matcher.ratio() >= least


def _words(text: str) -> list[str]:
    r"""Split a line into words in lower case, composed, without the dots of abbreviations.

    >>> _words("B.I.G.: Vol.2, Rock\u2019n\u2019Roll")
    ['big', 'vol', '2', "rock'n'roll"]
    """
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).lower()):
        parts = word.replace("\u2019", "'").split(".")
        found += ["".join(parts)] if all(len(part) == 1 for part in parts) else parts
    return found


def _joined(words: Sequence[Tag]) -> list[Tag]:
    """Join the words of phrases, longest phrase first; a phrase weighs as much as its heaviest word."""
    joined: list[Tag] = []
    start = 0
    while start < len(words):
        label, length = _phrase_at([tag.label for tag in words[start : start + _longest()]])
        joined.append(Tag(label, max(tag.weight for tag in words[start : start + length])))
        start += length
    return joined


def _phrase_at(words: Sequence[str]) -> tuple[str, int]:
    """Return the longest phrase at the start of words and the number of its words; else the first word."""
    known = [_VOLUME.get(word, word) for word in words]
    for length in range(len(words), 1, -1):
        key = tuple("1" if _NUMBER.fullmatch(word) else word for word in known[:length])
        if phrase := _phrases().get(key):
            return phrase.replace("1", known[length - 1]), length
    return words[0], 1


@cache
def _phrases() -> dict[tuple[str, ...], str]:
    """Return the phrases of ``phrases.txt`` by their words."""
    text = resources.files("spotitags.taggers.text").joinpath("phrases.txt").read_text(encoding="utf-8")
    lines: Iterable[str] = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {tuple(_words(line)): line for line in lines}


@cache
def _longest() -> int:
    """Return the number of words of the longest phrase."""
    return max(map(len, _phrases()))
