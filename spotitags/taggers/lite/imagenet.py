"""ImageNet's own classes as tags of lite: few read well, but they help to tell genres."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from spotitags.records import Tag

if TYPE_CHECKING:
    from numpy.typing import NDArray


TOP = 20
"""Labels kept of a cover."""
FLOOR = 0.001
"""Smallest probability kept: chance among 1,000 labels."""
SCALE = 0.2
"""Weight of a class that the network is sure of."""

_DIGITS = 4


def version() -> str:
    """Labels and settings in one line."""
    classes = hashlib.sha256("\n".join(imagenet_labels()).encode()).hexdigest()[:8]
    return f"labels-{classes} top-{TOP} floor-{FLOOR} scale-{SCALE}"


def tags(probabilities: NDArray[np.float32]) -> list[Tag]:
    """The likeliest classes of at least `FLOOR`, by `SCALE` of their softmax probability.

    Args:
        probabilities: (1000,) of one cover.
    """
    names = imagenet_labels()
    best = np.argsort(-probabilities, kind="stable")[:TOP]
    best = best[probabilities[best] >= FLOOR]
    weights = np.round(SCALE * probabilities[best].astype(np.float64), _DIGITS).tolist()
    return [Tag(names[index], weight) for index, weight in zip(best.tolist(), weights, strict=True)]


@cache
def imagenet_labels() -> tuple[str, ...]:
    """ImageNet's 1,000 classes in their usual order, as lower-case words, none twice."""
    text = resources.files("spotitags.taggers.lite").joinpath("imagenet.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())
