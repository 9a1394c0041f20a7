"""Words as columns, with the n-grams of their characters, which survive a letter that was misread."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


GRAM = "~"
"""First character of every n-gram's label."""
SIZES = (3, 4)
"""Lengths of n-grams, with the spaces around a word."""


def ngrams(label: str) -> Iterator[str]:
    """Yield the n-grams inside each word of a label; a shorter word with its spaces is one n-gram.

    >>> list(ngrams("jazz"))
    ['~ ja', '~jaz', '~azz', '~zz ', '~ jaz', '~jazz', '~azz ']
    """
    for word in label.split():
        padded = f" {word} "
        for size in SIZES:
            for start in range(max(1, len(padded) - size + 1)):
                yield GRAM + padded[start : start + size]


def with_ngrams(bag: Mapping[str, float]) -> dict[str, float]:
    """Return a bag of words with the summed weights of its n-grams; both are columns of one row."""
    sums: defaultdict[str, float] = defaultdict(float, bag)
    for label, weight in bag.items():
        for gram in ngrams(label):
            sums[gram] += weight
    return dict(sums)
