"""Words of a text beside covers, such as lyrics, for voters."""

from __future__ import annotations

from collections import Counter
from math import log
from typing import Final

from spotitags.bags.own_names import without_name
from spotitags.io.text import without_accents, words
from spotitags.records import Tag

VERSION: Final = "words-1"
"""Version of the words without the artist's name, for model cards."""
NAMED: Final = "words-1, names kept"
"""Version of the words with the artist's name."""


def text_words(text: str, name: str = "") -> dict[str, float]:
    """Return the words of a text with the weight 1 + log(occurrences), without the words of a name.

    Args:
        text: The text.
        name: Name of the artist; empty to leave no word out.

    >>> text_words("Fade to black, fade ...", "Black Box")
    {'fade': 1.693147, 'to': 1.0}
    """
    counts = Counter(words(without_accents(text)))
    tags = [Tag(word, round(1 + log(n), 6)) for word, n in counts.items()]
    return dict(without_name(tags, name) if name else tags)
