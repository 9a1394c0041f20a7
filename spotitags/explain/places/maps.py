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
    parts, constant = _embedding_parts(split)
    embedding = parts.sum(axis=0) + constant
    mean = np.concatenate([load_head().mean_features[:POOLED], VECTOR_SCALE * load_head().mean_vector])
    weights, bias = combined(voters, genre, other)
    roots, mean_roots = (np.sign(row) * np.sqrt(np.abs(row)) for row in (embedding, mean))
    away = embedding - mean
    slopes = np.divide(roots - mean_roots, away, out=np.zeros_like(away), where=np.abs(away) > _CLOSE)
    per_root = weights / np.linalg.norm(roots)
    shares = parts + (constant - mean) / _PLACES
    places = (shares @ (slopes * per_root)).reshape(GRID, GRID)
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
    matrix, constant = load_head().linear_at(split.features)
    per_feature = np.asarray(vector, np.float64) @ matrix / spread
    usual = load_head().mean_features.astype(np.float64)
    places = ((split.places - usual / _PLACES) @ per_feature).reshape(GRID, GRID)
    return PlaceMap(places, float(per_feature @ usual + (vector @ constant - mean) / spread))


def _embedding_parts(split: PlaceFeatures) -> tuple[Floats, Floats]:
    """Return (`_PLACES`, dim) parts of a cover's embedding, and the (dim,) rest that belongs to no place."""
    matrix, constant = load_head().linear_at(split.features)
    parts = np.hstack([split.places[:, :POOLED], VECTOR_SCALE * split.places @ matrix.T])
    return parts, np.concatenate([np.zeros(POOLED), VECTOR_SCALE * constant])


def combined(voters: Sequence[LinearVoter], genre: int, other: int | None) -> tuple[Floats, float]:
    """Return the (dim,) weights and the constant of the voters' weighted sum for a single cover."""
    weights, bias = np.zeros(len(voters[0].weights)), 0.0
    total = sum(each.voter.weight for each in voters) or 1.0
    for voter, matrix, constants in voters:
        sharpness = voter.sharpness.scale if voter.sharpness else 1.0
        factor = voter.weight / total * sharpness
        weights += factor * (matrix[:, genre] - (0 if other is None else matrix[:, other]))
        bias += factor * float(constants[genre] - (0 if other is None else constants[other]))
    return weights, bias
