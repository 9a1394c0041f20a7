"""Vote on tags whose words no voter was trained on, by vectors of the words. Needs numpy only.

A label becomes a vector of a sentence encoder, a cover the weighted mean of its labels' vectors. Each number
is compared with the tagger's typical covers. A linear classifier votes that was trained on other words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.arrays import softmax
from classifiers.ensemble.occlusion import OccludedVotes, explain_votes
from classifiers.ensemble.pooling import pool_covers
from classifiers.ensemble.results import VoterName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.confidence import Calibration
    from classifiers.ensemble.pooling import Sharpness
    from classifiers.ensemble.results import Confidence, Explanation
    from classifiers.ensemble.word_vectors import WordVectors

    Floats = NDArray[np.float64]
    Tags = Mapping[str, float]


VIEW = "carried"
"""View of a vote that is carried over from other words."""


@dataclass(frozen=True, slots=True, eq=False)
class Typical:
    """Sums over a tagger's typical covers.

    Attributes:
        covers: Number of covers.
        total: (dim,) sum of their vectors.
        squares: (dim,) sum of the squares.
    """

    covers: float
    total: Floats
    squares: Floats

    @classmethod
    def of(cls, rows: Floats) -> Typical:
        """Sum (n, dim) vectors of covers."""
        return cls(len(rows), rows.sum(axis=0), (rows**2).sum(axis=0))

    def __add__(self, other: Typical) -> Typical:
        return Typical(self.covers + other.covers, self.total + other.total, self.squares + other.squares)

    def __sub__(self, other: Typical) -> Typical:
        return Typical(self.covers - other.covers, self.total - other.total, self.squares - other.squares)

    @property
    def mean(self) -> Floats:
        """The (dim,) mean; zeros without covers."""
        mean: Floats = self.total / max(self.covers, 1)
        return mean

    @property
    def variance(self) -> Floats:
        """The (dim,) variance; zeros without covers."""
        variance: Floats = np.maximum(self.squares / max(self.covers, 1) - self.mean**2, 0)
        return variance


def standardise(rows: Floats, typical: Sequence[Typical], evenness: float) -> Floats:
    """Return vectors of covers as deviations from the typical cover, in units of spread.

    Means and variances of several sets are averaged, weighted by their numbers of covers. The distance
    between their means adds nothing to the variance: it would drown the differences between covers.

    Args:
        rows: (n, dim).
        typical: Sets of typical covers, at least one of them not empty.
        evenness: Part of the mean variance of all numbers in the variance of each, in [0, 1].

    Returns:
        (n, dim).
    """
    weights = np.array([each.covers for each in typical]) / sum(each.covers for each in typical)
    mean, variance = weights @ [each.mean for each in typical], weights @ [each.variance for each in typical]
    spread = np.sqrt((1 - evenness) * variance + evenness * variance.mean())
    deviations: Floats = (rows - mean) / np.maximum(spread, 1e-9)
    return deviations


class Level(NamedTuple):
    """Sharpness and calibration at a number of typical covers of the tagger.

    Attributes:
        covers: Smallest number of typical covers.
        sharpness: Sharpness of the pooled votes.
        calibration: Rate at which such votes were right, on words that no voter was trained on.
    """

    covers: int
    sharpness: Sharpness
    calibration: Calibration


def match_ranks(tags: Tags, ranks: Floats) -> dict[str, float]:
    """Give the heaviest label of a cover the first of these weights, the second the second, and so on.

    Two taggers that look for the same words may scale their weights differently; only the order of the labels
    is used. Equal weights are in the order of their labels; labels beyond the last rank are left out.

    Args:
        tags: Label to weight.
        ranks: (n,) weights, falling.
    """
    order = sorted(tags.items(), key=lambda tag: (-tag[1], tag[0]))
    return {label: float(weight) for (label, _), weight in zip(order, ranks, strict=False)}


class CarriedResult(NamedTuple):
    """A carried vote.

    Attributes:
        shares: Genre to share, summing to 1, in the model's order.
        known: Part of the artist's labels that have a vector, by weight, in (0, 1].
        typical: Number of typical covers of the tagger.
        confidence: How often such votes were right.
    """

    shares: dict[str, float]
    known: float
    typical: int
    confidence: Confidence


@dataclass(frozen=True, eq=False)
class CarriedModel:
    """Classifier of word vectors; `classifiers.ensemble.carried_files.load_carried` reads it.

    Attributes:
        genres: Names of the genres.
        words: Vectors of words.
        coefficients: (n_genres, dim).
        intercepts: (n_genres,).
        usual: Typical covers of the taggers in training, as many as a tagger's own weigh the same as.
        evenness: As for `standardise`.
        levels: By the number of typical covers, ascending, the first from 0.
        trained_on: Words of the training, for people.
        ranks: (n,) mean weight of the heaviest, second heaviest … label of a cover by ``lite``'s words.
    """

    genres: tuple[str, ...]
    words: WordVectors
    coefficients: Floats
    intercepts: Floats
    usual: Typical
    evenness: float
    levels: tuple[Level, ...]
    trained_on: str
    ranks: Floats

    def cover_votes(self, rows: Floats, typical: Typical) -> Floats:
        """Return the (n, n_genres) votes on (n, dim) vectors of covers.

        Args:
            rows: From `WordVectors.covers`.
            typical: Other covers of the tagger; the fewer, the more those of the training count.
        """
        deviations = standardise(rows, (self.usual, typical), self.evenness)
        return softmax(deviations @ self.coefficients.T + self.intercepts)

    def level(self, covers: float) -> Level:
        """Return the level of so many typical covers."""
        return next(level for level in reversed(self.levels) if level.covers <= covers)

    def vote(self, covers: Sequence[Tags], typical: Typical) -> CarriedResult | None:
        """Vote on an artist; None if no label has a vector.

        Args:
            covers: Label to weight of each cover.
            typical: Covers of other artists by the same tagger.
        """
        rows, known = self.words.covers(covers)
        if not known.any():
            return None
        level = self.level(typical.covers)
        vote = pool_covers(self.cover_votes(rows, typical), known, level.sharpness)
        found = sum(w for tags in covers for label, w in tags.items() if self.words.vector(label) is not None)
        return CarriedResult(
            dict(zip(self.genres, vote.tolist(), strict=True)),
            found / sum(w for tags in covers for w in tags.values()),
            round(typical.covers),
            level.calibration.confidence(float(vote.max())),
        )

    def explain(
        self, tagger: str, covers: Sequence[Tags], typical: Typical, pair: tuple[str, str], n: int = 10
    ) -> Explanation:
        """Find the tags that speak for one genre and against another, by removing each from every cover.

        Args:
            tagger: Name of the tagger.
            covers: As for `vote`.
            typical: As for `vote`.
            pair: Winner and runner-up.
            n: Maximum number of tags.
        """
        labels = sorted({label for tags in covers for label in tags if self.words.vector(label) is not None})
        sharpness = self.level(typical.covers).sharpness
        votes = []
        for label in [None, *labels]:
            rows, known = self.words.covers([_without(tags, label) for tags in covers])
            votes.append(pool_covers(self.cover_votes(rows, typical), known, sharpness))
        voter = VoterName(tagger, VIEW, "logistic_regression")
        tags = [(tagger, label) for label in labels]
        occluded = OccludedVotes(self.genres, [voter], np.ones(1), tags, np.array(votes)[:, np.newaxis])
        return explain_votes(occluded, pair, n)


def _without(tags: Tags, label: str | None) -> Tags:
    return {other: weight for other, weight in tags.items() if other != label} if label in tags else tags
