"""Vocabularies for training that describe known covers by other words of like meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from classifiers.arrays import l2_normalised
from classifiers.training.carried import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from classifiers.ensemble.word_vectors import WordVectors

    Tags = Mapping[str, float]

_COUNT: Final = 3  # of vocabularies
_NEAREST: Final = 5  # words, of which one replaces a label


def synonyms(
    family: str, covers: Sequence[Tags], words: WordVectors, reserved: Collection[str], seed: int = 0
) -> list[Vocabulary]:
    """Make vocabularies in which each label is replaced by one of the words nearest to it, drawn at random.

    Every one has another typical cover, as an unknown tagger has.

    Args:
        family: As of `Vocabulary`.
        covers: Label to weight of each cover.
        words: Vectors of words.
        reserved: Labels in lower case that replace none, because they are words of a tagger.
        seed: Random seed.
    """
    labels = sorted({label for tags in covers for label in tags if words.vector(label) is not None})
    free = [i for i, label in enumerate(words.labels) if label not in reserved]
    vectors = l2_normalised(np.array([words.vector(label) for label in labels]))
    nearest = np.argsort(-vectors @ l2_normalised(words.vectors[free]).T, axis=1, kind="stable")[:, :_NEAREST]
    rng, found = np.random.default_rng(seed), []
    for _ in range(_COUNT):
        chosen = nearest[np.arange(len(labels)), rng.integers(0, nearest.shape[1], len(labels))]
        other = {label: words.labels[free[i]] for label, i in zip(labels, chosen.tolist(), strict=True)}
        described = words.covers([_replaced(tags, other) for tags in covers])
        found.append(Vocabulary(family, *described, whole=False))
    return found


def _replaced(tags: Tags, other: Mapping[str, str]) -> dict[str, float]:
    """Replace labels; of two with one new label, the heavier counts, and unknown ones are left out."""
    found: dict[str, float] = {}
    for label, weight in tags.items():
        if label in other:
            found[other[label]] = max(found.get(other[label], 0.0), weight)
    return found
