"""Where labels and genres lie among covers: the sentences that stand for each, through a head."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from spotitags.taggers.labels.themes import GENRE_TEMPLATES, themes
from spotitags.taggers.lite.attributes import attribute_labels
from spotitags.taggers.lite.efficientnet import imagenet_labels
from spotitags.taggers.lite.head import l2_normalised
from spotitags.taggers.lite.vocabulary import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from spotitags.taggers.labels.themes import Theme

    Floats = NDArray[np.float32]
    Encode = Callable[[Sequence[str]], Floats]


_LEFT_OUT = ("colours", "mood")
_PICTURES = 0.5  # weight of what a family's covers show, beside the genre's own name


def sentences() -> set[str]:
    """Everything that the functions below ask to be embedded."""
    found = set(imagenet_labels())
    for theme in seen_themes():
        found |= {template.format(label) for label in theme.labels for template in TEMPLATES}
    for family in families():
        found |= {template.format(name) for name in family.genres for template in GENRE_TEMPLATES}
        found |= set(family.pictures)
    return found


def seen_themes() -> list[Theme]:
    """The built-in themes that lite looks for: it measures colours, and of moods it cannot tell enough."""
    return [theme for theme in themes() if theme.name not in _LEFT_OUT]


@cache
def label_names() -> tuple[str, ...]:
    """The built-in labels that lite looks for: those that no attribute measures."""
    measured = set(attribute_labels())
    names = dict.fromkeys(label for theme in seen_themes() for label in theme.labels)
    return tuple(name for name in names if name not in measured)


def labels(encode: Encode) -> tuple[tuple[str, ...], Floats]:
    """`label_names` and their (n, dim) vectors.

    Args:
        encode: Sentences to (n, dim) rows among covers.
    """
    return label_names(), _joined(encode, label_names(), TEMPLATES)


def genres(encode: Encode) -> tuple[tuple[str, ...], Floats]:
    """The common genres with their (n, dim) vectors: each one's name, drawn to what its family's covers show.

    Describing what a class looks like, rather than naming it alone: Pratt et al. 2023 ("What does a platypus
    look like?"), whose sentences a language model wrote; these were written by hand.
    """
    names: list[str] = []
    rows: list[Floats] = []
    for family in families():
        shown = encode(family.pictures).mean(axis=0)
        own = _joined(encode, family.genres, GENRE_TEMPLATES)
        names += family.genres
        rows.append(l2_normalised(own + _PICTURES * l2_normalised(shown)))
    return tuple(names), np.concatenate(rows)


def _joined(encode: Encode, words: Sequence[str], templates: Sequence[str]) -> Floats:
    """(n, dim) unit rows: the mean over the sentences around each word."""
    parts = [encode([template.format(word) for word in words]) for template in templates]
    return l2_normalised(np.mean(parts, axis=0))


@dataclass(frozen=True, slots=True)
class Family:
    """Genres whose covers tend to look alike.

    Attributes:
        name: Of the family.
        pictures: What its covers tend to show, in sentences.
        genres: Names.
    """

    name: str
    pictures: tuple[str, ...]
    genres: tuple[str, ...]


@cache
def families() -> tuple[Family, ...]:
    """All families, as the file has them."""
    text = (files("spotitags.training.lite_head") / "genres.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return tuple(
        Family(name.strip("[]"), _parts(pictures, ";"), _parts(genres, ","))
        for name, pictures, genres in zip(lines[::3], lines[1::3], lines[2::3], strict=True)
    )


def _parts(line: str, mark: str) -> tuple[str, ...]:
    return tuple(re.split(rf"\s*{mark}\s*", line))
