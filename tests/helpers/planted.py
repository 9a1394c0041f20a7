"""Artists with planted facts: a coloured corner, or a word of the lyrics, decides; all else is noise."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from classifiers.training.dataset import Row
from spotitags.bags.texts import text_words
from spotitags.evaluation.samples import Sample
from spotitags.explain.places.features import PlaceNetwork
from spotitags.taggers.lite.head import load_head
from spotitags.taggers.lite.tagger import VECTOR_SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotitags.explain.places.features import PlaceFeatures

GENRES = ("jazz", "metal")
PLANTED = "anvil"
"""Word of the lyrics of metal alone."""
CORNER = 87
"""Side in pixels of the coloured corner at the top left, of 260."""
VERSIONS = {"lite": "lite 1", "column:lyrics": "words-1", "column:noise": "words-1"}
_COMMON = ("love", "night", "you", "and", "the", "day", "heart", "me", "go", "time", "rain", "home")
_LABELS = ("red", "blue", "dark", "face", "lettering", "skull", "car", "tree", "guitar", "sea")


@cache
def _network() -> PlaceNetwork:
    return PlaceNetwork()


def cover(index: int) -> NDArray[np.uint8]:
    """Draw noise with a blue corner for jazz, a red one for metal."""
    rng = np.random.default_rng(index)
    pixels = np.repeat(np.repeat(rng.integers(0, 256, (20, 20, 3)), 13, 0), 13, 1).astype(np.uint8)
    colours = ([30, 60, 220], [220, 40, 30])
    pixels[:CORNER, :CORNER] = colours[index % 2]
    return pixels


@cache
def places(index: int) -> PlaceFeatures:
    """Features of a cover, by place."""
    return _network().split(cover(index))


def embedding(index: int) -> NDArray[np.float32]:
    """Embedding of a cover, as ``lite`` has it."""
    features = places(index).features[np.newaxis]
    vector = load_head().project(features.astype(np.float32))
    return np.hstack([features[:, :1960], VECTOR_SCALE * vector]).astype(np.float32)


def artist(index: int, *, corner: bool = False, word: bool = False) -> Sample:
    """Make an artist of jazz or metal in turn, with noise as embedding unless the cover has a corner.

    Args:
        index: Number of the artist; the seed of its noise.
        corner: True plants the genre in the corner of the cover.
        word: True plants it in the lyrics.
    """
    rng, genre = np.random.default_rng([7, index]), GENRES[index % 2]

    def text(count: int) -> list[str]:
        return [str(each) for each in rng.choice(_COMMON, count)]

    lyrics = [*text(20), *([PLANTED] if word and genre == "metal" else [])]
    tags = {label: float(rng.random()) for label in _LABELS if rng.random() < 0.5}
    vectors = embedding(index) if corner else rng.normal(size=(1, 24)).astype(np.float32)
    covers = {
        "lite": [tags],
        "column:lyrics": [text_words(" ".join(lyrics))],
        "column:noise": [text_words(" ".join(text(6)))],
    }
    return Sample(Row(f"a{index}", genre, covers, {"lite": vectors}, (f"c{index}",)), f"a{index}")
