"""Predictions on held-out rows, and the ensembles that some of the voters make."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from classifiers.training.cross_validation import FoldPredictions

    Floats = NDArray[np.float64]


class SplitPredictions(NamedTuple):
    """Predictions of one split.

    Attributes:
        full: Predictions from all covers.
        by_covers: Shares from at most 1, 2 ... covers.
        control: Shares with the words of other artists; None without words.
    """

    full: FoldPredictions
    by_covers: list[Floats]
    control: Floats | None


@dataclass(frozen=True)
class HeldOutPredictions:
    """Predictions on rows that neither voters nor weights were trained on; nan for rows that were not tested.

    Attributes:
        genres: Names, alphabetical.
        truth: (n_rows,) genre indices.
        voters: Names.
        votes: (n_repeats, n_rows, n_voters, n_genres).
        weights: (n_repeats, n_rows, n_voters) weight of each voter in the fold that tested the row; they sum
            to 1 over the voters.
    """

    genres: tuple[str, ...]
    truth: NDArray[np.intp]
    voters: tuple[VoterName, ...]
    votes: Floats
    weights: Floats

    def pooled(self, chosen: Sequence[int]) -> tuple[Floats, float]:
        """Pool some voters as an ensemble, by their weights in each fold, or evenly if all weights are 0.

        Args:
            chosen: Numbers of the voters.

        Returns:
            (n_repeats, n_rows, n_genres) shares, and the mean of the voters' summed weight.
        """
        from classifiers.ensemble.pooling import pooled

        weights = self.weights[..., chosen]
        total = weights.sum(axis=-1, keepdims=True)
        even = np.full_like(weights, 1 / len(chosen))
        parts = np.divide(weights, total, out=even, where=total > 0)
        return pooled(self.votes[:, :, chosen], parts), float(np.nanmean(total))


@dataclass(frozen=True)
class EnsemblePredictions(HeldOutPredictions):
    """Predictions of an ensemble of all voters, and its learning curves.

    Attributes:
        known: (n_repeats, n_rows, n_voters), False where a voter knows no feature of the artist.
        blends: Set of kinds of voters to (n_repeats, n_rows, n_kinds) weights of these kinds.
        control: (n_repeats, n_rows, n_genres) shares of an ensemble with the words of other artists; None
            without words.
        by_covers: (MAX_COVERS, curve_repeats, n_rows, n_genres) shares from at most 1, 2 ... covers of each
            tested artist.
        by_artists: Mean number of training artists to (curve_repeats, n_rows, n_genres) shares.
        masked: Number of covers removed from a fold, mean over folds.
        trained_on: Number of training rows, mean over folds.
    """

    known: NDArray[np.bool_]
    blends: Mapping[frozenset[str], Floats]
    control: Floats | None
    by_covers: Floats
    by_artists: Mapping[float, Floats]
    masked: float
    trained_on: float

    @cached_property
    def ensemble(self) -> Floats:
        """(n_repeats, n_rows, n_genres) shares of the ensemble."""
        return self.blended(range(len(self.voters)))[0]

    def blended(self, chosen: Sequence[int]) -> tuple[Floats, float]:
        """Pool some voters with the weights that were fitted for their kinds alone.

        Args:
            chosen: Numbers of the voters.

        Returns:
            (n_repeats, n_rows, n_genres) shares, and the part of the weight of all voters that the chosen
            ones have beside the others.
        """
        from classifiers.ensemble.pooling import pooled

        everyone = self.blended_weights()
        total = np.nansum(everyone)
        part = float(np.nansum(everyone[..., chosen]) / total) if total else 0.0
        return pooled(self.votes[:, :, chosen], self.blended_weights(chosen)), part

    def blended_weights(self, chosen: Sequence[int] | None = None) -> Floats:
        """Return (n_repeats, n_rows, n_chosen) weights of voters beside each other, nan where untested.

        Args:
            chosen: Numbers of the voters; None for all.
        """
        from classifiers.ensemble.blends import blended_weights, kind_of

        chosen = range(len(self.voters)) if chosen is None else chosen
        kinds = [kind_of(self.voters[i]) for i in chosen]
        return np.stack(
            [
                blended_weights(
                    kinds,
                    self.weights[repeat][:, chosen],
                    self.known[repeat][:, chosen],
                    {names: rows[repeat] for names, rows in self.blends.items()},
                )
                for repeat in range(len(self.votes))
            ]
        )
