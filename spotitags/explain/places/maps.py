"""Maps of a cover: the exact part of each place in the logit of voters, or in the contrast of a tag.

A map and its constant sum to the logit (up to rounding), with three things held as they are on this cover:
the gates of the head's ReLU, the length of the vectors, and the slope of each root, which is taken between
the mean cover and this one. So a map says how the sum came about; what would change without a place is the
answer of `occlusion`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spotitags.explain.places.features import GRID
from spotitags.taggers.lite.efficientnet import POOLED
from spotitags.taggers.lite.head import load_head
from spotitags.taggers.lite.tagger import VECTOR_SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.linear import LinearVoter
    from spotitags.explain.places.features import PlaceFeatures

    Floats = NDArray[np.float64]


_PLACES: Final = GRID * GRID
_CLOSE: Final = 1e-9  # distance from the mean cover at which a slope would be a division by zero


class PlaceMap(NamedTuple):
    """Map of one cover.

    Attributes:
        places: (`GRID`, `GRID`), row by row from the top left; above 0 where the place speaks for it.
        constant: What the mean cover would give.
    """

    places: Floats
    constant: float

    @property
    def total(self) -> float:
        """The logit or contrast of the whole cover."""
        return float(self.places.sum() + self.constant)


def vote_map(
    split: PlaceFeatures, voters: Sequence[LinearVoter], genre: int, other: int | None = None
) -> PlaceMap:
    """Split the weighted logits of linear voters on a cover of its own.

    Args:
        split: Features of the cover.
        voters: Linear voters on `lite`'s embeddings; each counts by its weight and its sharpness.
        genre: Column of the genre.
        other: Column of a genre to compare with: then the log-odds of the one over the other are split, else
            the logits with mean 0 over all genres.
    """
    head = load_head()
    held = head.held(split.features)
    embedding = np.concatenate([split.features[:POOLED], VECTOR_SCALE * held.vector])
    mean = np.concatenate([head.mean_features[:POOLED], VECTOR_SCALE * head.mean_vector])
    weights, bias = combined(voters, genre, other)
    roots, mean_roots = (np.sign(row) * np.sqrt(np.abs(row)) for row in (embedding, mean))
    away = embedding - mean
    slopes = np.divide(roots - mean_roots, away, out=np.zeros_like(away), where=np.abs(away) > _CLOSE)
    per_root = weights / np.linalg.norm(roots)
    per_value = slopes * per_root
    per_feature, held_constant = held.back(VECTOR_SCALE * per_value[POOLED:])
    per_feature[:POOLED] += per_value[:POOLED]
    usual = (per_value @ mean - held_constant) / _PLACES
    places = (split.places @ per_feature - usual).reshape(GRID, GRID)
    skipped = (roots - mean_roots - slopes * away) @ per_root
    return PlaceMap(places, float(per_root @ mean_roots + skipped + bias))


def tag_map(split: PlaceFeatures, vector: NDArray[np.floating], mean: float, spread: float) -> PlaceMap:
    """Split the contrast of a label: the deviation of the cover from the mean cover in units of spread.

    Args:
        split: Features of the cover.
        vector: (dim,) of the label in the sentence space, of length 1.
        mean: Mean dot product of reference covers with the vector, from `Head.statistics`.
        spread: Its standard deviation.
    """
    per_feature, constant = load_head().held(split.features).back(np.asarray(vector, np.float64) / spread)
    usual = float(per_feature @ load_head().mean_features)
    places = (split.places @ per_feature - usual / _PLACES).reshape(GRID, GRID)
    return PlaceMap(places, usual + constant - mean / spread)


def combined(voters: Sequence[LinearVoter], genre: int, other: int | None) -> tuple[Floats, float]:
    """Return the (dim,) weights and the constant of the voters' weighted sum for a single cover."""
    weights, bias = np.zeros(len(voters[0].logits.weights)), 0.0
    total = sum(each.voter.weight for each in voters) or 1.0
    for voter, (matrix, constants) in voters:
        sharpness = voter.sharpness.scale if voter.sharpness else 1.0
        factor = voter.weight / total * sharpness
        weights += factor * (matrix[:, genre] - (0 if other is None else matrix[:, other]))
        bias += factor * float(constants[genre] - (0 if other is None else constants[other]))
    return weights, bias
