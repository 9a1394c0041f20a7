"""What the network's own ImageNet answers say of labels: a cowboy hat is one of its classes, a dog 118.

``labels/imagenet_words.txt`` has for each such label its classes, and how much probability these get on
covers in general: a class that the network names on cover after cover says little of this one.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

VERSION = 1
"""Raise it with every change here or in the file: it stands in the tagger's version."""
FOR = 5.0
"""What a label gains in contrast where the network is sure of one of its classes."""
AGAINST = 3.0
"""What it loses where the network sees less of them than on covers in general, and less than `LEAST`."""
LEAST = 0.01

FAINT = 0.05
"""A class under it does not count: a hundred breeds of dogs with a little each are no dog."""

_BEYOND = 2.0  # times the usual probability that is no evidence yet
_CLASSES = 1000


class Word(NamedTuple):
    """A label, its ImageNet classes by number, and what these that count get together on the mean cover."""

    label: str
    usual: float
    classes: tuple[int, ...]


class Evidence:
    """Lifts and lowers labels by the probabilities of the ImageNet classes that they stand for.

    Args:
        labels: Those that are looked for, in order; one that stands for no class is left as it is.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        known = {word.label: word for word in words()}
        place = [index for index, label in enumerate(labels) if label.casefold() in known]
        found = [known[labels[index].casefold()] for index in place]
        self._place = np.array(place, dtype=np.intp)
        self._usual = np.array([word.usual for word in found])
        self._classes = np.zeros((len(found), _CLASSES), dtype=np.float32)
        for row, word in zip(self._classes, found, strict=True):
            row[list(word.classes)] = 1
        self._count = len(labels)

    def lift(self, probabilities: NDArray[np.floating]) -> Floats:
        """What to add to the labels' contrasts on one cover.

        Args:
            probabilities: (1000,) of ImageNet's classes.

        Returns:
            (n_labels,) in [-`AGAINST`, `FOR`]; 0 for labels that stand for no class.
        """
        share = self._classes @ np.where(probabilities >= FAINT, probabilities, 0)
        floor = np.minimum(_BEYOND * self._usual, 1 - 1e-6)
        beyond = np.clip((share - floor) / (1 - floor), 0, 1)
        unseen = share < np.maximum(self._usual, LEAST)
        lifted = np.zeros(self._count, np.float32)
        lifted[self._place] = FOR * beyond**0.75 - AGAINST * unseen
        return lifted


def words() -> list[Word]:
    """The labels that stand for classes, in the file's order."""
    file = resources.files("spotitags.taggers").joinpath("labels/imagenet_words.txt")
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [_word(line) for line in lines if line]


def _word(line: str) -> Word:
    label, usual, classes = (part.strip() for part in line.split(":"))
    return Word(label, float(usual), tuple(sorted(set(_numbers(classes)))))


def _numbers(text: str) -> Iterator[int]:
    """``9, 12-14`` as 9, 12, 13, 14."""
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        yield from range(int(first), int(last or first) + 1)
