"""Values of a trained ensemble."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from classifiers.ensemble.blends import kind_of
from classifiers.metrics.splits import Scores
from classifiers.training.voters import artist_vote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.blends import Blend
    from classifiers.ensemble.confidence import Calibration
    from classifiers.ensemble.pooling import Sharpness
    from classifiers.ensemble.results import VoterName
    from classifiers.metrics.bootstrap import Estimate
    from classifiers.training.dataset import Row
    from classifiers.training.outsiders import TrainedOutsiders
    from classifiers.training.voters import FittedVoter


class WeightedVoter(NamedTuple):
    """A voter fitted on all rows, with its weight inside its kind and its cross-validated scores.

    ``sharpness`` is None for a voter on bags. An optional voter votes only on request.
    """

    fitted: FittedVoter
    weight: float
    scores: Scores
    sharpness: Sharpness | None
    optional: bool = False

    @property
    def name(self) -> VoterName:
        """The voter's tagger, view and classifier."""
        return self.fitted.name


@dataclass(frozen=True)
class TrainedEnsemble:
    """A trained ensemble; `classifiers.training.save.save` writes it.

    Attributes:
        genres: Names in alphabetical order, which is that of every array of probabilities.
        artists: Genre to number of rows.
        taggers: Tagger to the version in training.
        voters: Default voters with their weights, which sum to 1 in each kind; then the optional ones.
        blends: Set of kinds of voters to the weights of these kinds, and how often such votes were right.
        estimates: Each of `classifiers.metrics.bootstrap.METRICS`, with its bootstrap interval over
            artists: on rows held out of both the voters' training and their weighting, with at most
            `classifiers.training.train.MAX_TEST_COVERS` covers.
        tested: Number of artists behind the estimates.
        folds: Number of folds of the cross-validation.
        repeats: Number of its repeats, each with another shuffle.
        seed: Random seed.
        notes: Remarks on the scores for users.
        feature_versions: Pixel feature of some voter to its version in training.
        outsiders: Detector of artists of none of the genres; None without references.
    """

    genres: tuple[str, ...]
    artists: Mapping[str, int]
    taggers: Mapping[str, str]
    voters: tuple[WeightedVoter, ...]
    blends: Mapping[frozenset[str], Blend]
    estimates: Mapping[str, Estimate]
    tested: int
    folds: int
    repeats: int
    seed: int
    notes: tuple[str, ...] = ()
    feature_versions: Mapping[str, str] = field(default_factory=dict)
    outsiders: TrainedOutsiders | None = None

    @property
    def scores(self) -> Scores:
        """The ensemble's estimates without their intervals."""
        return Scores(**{score.name: self.estimates[score.name].value for score in fields(Scores)})

    @property
    def calibration(self) -> Calibration:
        """Rate at which the ensemble of all kinds was right on the tested artists, by the winner's share."""
        kinds = frozenset(kind_of(voter.name) for voter in self.voters if not voter.optional)
        return cast("Calibration", self.blends[kinds].calibration)

    def probabilities(self, rows: Sequence[Row]) -> NDArray[np.float64]:
        """Compute (n_artists, n_voters, n_genres) votes with scikit-learn; rows have every tagger."""
        votes = [
            [
                artist_vote(predictions, len(row), voter.sharpness)
                for predictions, row in zip(voter.fitted.predict(rows), rows, strict=True)
            ]
            for voter in self.voters
        ]
        return np.stack(votes, axis=1)
