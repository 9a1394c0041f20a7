"""Vectors of labels and genres: the mean of their sentences, projected by a head."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from classifiers.arrays import l2_normalised
from spotitags.taggers.labels.themes import GENRE_TEMPLATES, themes
from spotitags.taggers.lite.attributes import attribute_labels
from spotitags.taggers.lite.efficientnet import imagenet_labels
from spotitags.taggers.lite.vocabulary import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from spotitags.taggers.labels.themes import Theme

    Floats = NDArray[np.float32]
    Encode = Callable[[Sequence[str]], Floats]


_EXCLUDED = ("colours", "mood")
_PICTURES = 0.5  # weight of the sentences on a family's covers, relative to the genre's name


def sentences() -> set[str]:
    """Return all sentences that the functions below encode."""
    found = set(imagenet_labels())
    for theme in used_themes():
        found |= {template.format(label) for label in theme.labels for template in TEMPLATES}
    for family in families():
        found |= {template.format(name) for name in family.genres for template in GENRE_TEMPLATES}
        found |= set(family.pictures)
    return found


def used_themes() -> list[Theme]:
    """Return the built-in themes of lite: it measures colours, and recognises too few moods."""
    return [theme for theme in themes() if theme.name not in _EXCLUDED]


@cache
def label_names() -> tuple[str, ...]:
    """Return the built-in labels of lite: those that are not attributes."""
    measured = set(attribute_labels())
    names = dict.fromkeys(label for theme in used_themes() for label in theme.labels)
    return tuple(name for name in names if name not in measured)


def labels(encode: Encode) -> tuple[tuple[str, ...], Floats]:
    """Return `label_names` and their (n, dim) vectors.

    Args:
        encode: Projects n sentences to (n, dim) rows.
    """
    return label_names(), _mean_vectors(encode, label_names(), TEMPLATES)


def genres(encode: Encode) -> tuple[tuple[str, ...], Floats]:
    """Return the common genres and their (n, dim) vectors, from their names and their families' pictures.

    Describing what a class looks like, besides naming it, follows Pratt et al. 2023 ("What does a platypus
    look like?"). Their sentences come from a language model; these were written by hand.
    """
    names: list[str] = []
    rows: list[Floats] = []
    for family in families():
        pictures: Floats = encode(family.pictures).mean(axis=0)
        by_name = _mean_vectors(encode, family.genres, GENRE_TEMPLATES)
        names += family.genres
        rows.append(l2_normalised(by_name + _PICTURES * l2_normalised(pictures)))
    return tuple(names), np.concatenate(rows)


def _mean_vectors(encode: Encode, words: Sequence[str], templates: Sequence[str]) -> Floats:
    """Return the mean over the sentences around each word, as (n, dim) unit rows."""
    parts = [encode([template.format(word) for word in words]) for template in templates]
    return l2_normalised(np.mean(parts, axis=0))


@dataclass(frozen=True, slots=True)
class Family:
    """Genres whose covers tend to look alike.

    Attributes:
        name: The name of the family.
        pictures: Sentences on what its covers tend to show.
        genres: The names of the genres.
    """

    name: str
    pictures: tuple[str, ...]
    genres: tuple[str, ...]


@cache
def families() -> tuple[Family, ...]:
    """Return all families in the order of the file."""
    text = (files("spotitags.training.lite_head") / "genres.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return tuple(
        Family(name.strip("[]"), _split(pictures, ";"), _split(genres, ","))
        for name, pictures, genres in zip(lines[::3], lines[1::3], lines[2::3], strict=True)
    )


def _split(line: str, separator: str) -> tuple[str, ...]:
    return tuple(re.split(rf"\s*{separator}\s*", line))
