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
ADVISORY: Final = "parental advisory"
"""Tag of the notice that warns of explicit lyrics."""

MAX_WORDS: Final = 100
"""Maximum number of words of a line."""

_STEP: Final = 1e-4  # by which each word of a line weighs less than the one before: keeps them in order
_ADVISORY_LINES: Final = ("parental", "advisory", "explicitcontent", "explicitlyrics", "parentaladvisory")
_ADVISORY_LIKE: Final = 0.7  # similarity from which a line is one of them; "history" has 0.67
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
    clear = [line for line in lines if line.score >= MIN_SCORE]
    highest = max((line.height for line in clear), default=1.0)
    words: list[Tag] = []
    for line in clear:
        weight = min(line.score * (line.height / highest) ** 0.5, 1.0)
        written = [ADVISORY] if is_advisory(line.text) else _words(line.text)
        words += [Tag(word, weight * (1 - _STEP * index)) for index, word in enumerate(written[:MAX_WORDS])]
    tags: dict[str, Tag] = {}
    for tag in sorted(_joined(words), key=lambda tag: -tag.weight):
        if len(tag.label) > 1:
            tags.setdefault(tag.label, tag)
    return list(tags.values())


def is_advisory(text: str) -> bool:
    """Return whether a line is one of the parental advisory notice, also if some letters are misread.

    >>> [is_advisory(line) for line in ("PARENTAL", "ADVIS0RY", "EXPLICIT CONTENT", "History", "Advice")]
    [True, True, True, False, False]
    """
    letters = "".join(_WORD.findall(text.lower())).translate(_DIGITS)
    return any(_similarity(letters, line) >= _ADVISORY_LIKE for line in _ADVISORY_LINES)


def _similarity(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _ADVISORY_LIKE else 0.0


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
