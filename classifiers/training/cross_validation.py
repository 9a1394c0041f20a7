"""Votes on held-out artists, and parameters fitted on them: sharpness of pooled votes, voters' weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.ensemble.model_card import PER_COVER
from classifiers.ensemble.pooling import COVER_FLOOR, Sharpness, pooled
from classifiers.metrics.splits import scores
from classifiers.training.voters import VoterPredictions, artist_vote, fit_voters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from classifiers.text.views import ViewOptions
    from classifiers.training.dataset import Row

    Floats = NDArray[np.float64]


SKILL_EXPONENT = 16  # of a voter's weight; docs/ensemble.md compares others
CHUNKS = (1, 3, 10)  # numbers of covers on which sharpness is fitted, besides all covers of an artist


class Fold(NamedTuple):
    """Training rows and test rows; no cover may be on both sides."""

    train: Sequence[Row]
    test: Sequence[Row]


@dataclass(frozen=True)
class HeldOut:
    """Predictions on held-out rows, before pooling.

    Attributes:
        names: Names of the voters.
        rows: Test rows, fold by fold.
        fold: (n_rows,) number of each row's fold.
        truth: (n_rows,) genre indices.
        predictions: Predictions of each voter on each row.
    """

    names: Sequence[VoterName]
    rows: Sequence[Row]
    fold: NDArray[np.intp]
    truth: NDArray[np.intp]
    predictions: Sequence[Sequence[VoterPredictions]]

    def votes(self, sharpness: Sequence[Sharpness | None]) -> Floats:
        """Compute (n_rows, n_voters, n_genres) votes with each voter's sharpness."""
        return np.stack(
            [
                [artist_vote(p, len(row), sharp) for p, row in zip(of_voter, self.rows, strict=True)]
                for of_voter, sharp in zip(self.predictions, sharpness, strict=True)
            ],
            axis=1,
        )


class FoldPredictions(NamedTuple):
    """(n_rows, n_voters, n_genres) votes, (n_rows, n_voters) weights and (n_rows, n_genres) shares.

    All parameters behind a row's values were fitted on the other folds.
    """

    votes: Floats
    weights: Floats
    shares: Floats


class FoldVotes(NamedTuple):
    """Votes on one fold's rows and on those of all other folds; the sharpness was fitted on the latter.

    Attributes:
        test: (n_test,) numbers of the fold's rows.
        votes: (n_test, n_voters, n_genres).
        other_votes: (n_others, n_voters, n_genres) votes on the other folds' rows.
        other_truth: (n_others,) genre indices of these rows.
    """

    test: NDArray[np.intp]
    votes: Floats
    other_votes: Floats
    other_truth: NDArray[np.intp]

    def weights(self, voting: int | None = None) -> Floats:
        """Compute (n_voters,) `voter_weights` from log losses on the other folds."""
        voters, genres = self.other_votes.shape[1:]
        losses = [scores(self.other_votes[:, i], self.other_truth).log_loss for i in range(voters)]
        return voter_weights(np.array(losses), genres, voting)


def predict_held_out(  # noqa: PLR0913 - each is a choice of its own
    folds: Sequence[Fold],
    names: Sequence[VoterName],
    genres: Sequence[str],
    *,
    options: ViewOptions | None = None,
    seed: int = 0,
    limits: Sequence[int | None] = (None,),
    step: Callable[[], None] = lambda: None,
) -> list[HeldOut]:
    """Fit all voters on each fold's training rows, and predict its test rows.

    Args:
        folds: Each with every genre on its training side.
        names: From `classifiers.training.voters.voter_names`.
        genres: Order of the probabilities.
        options: Sizes of the views.
        seed: Random seed.
        limits: Maximum numbers of covers per test row, of which the first ones are used; None for all. The
            same fits predict each limit.
        step: Called after each fold.

    Returns:
        Predictions for each limit, with the same rows in the same order.
    """
    tested: list[list[Row]] = [[] for _ in limits]
    predictions: list[list[list[VoterPredictions]]] = [[[] for _ in names] for _ in limits]
    for fold in folds:
        fits = fit_voters(fold.train, names, genres, options, seed)
        for number, limit in enumerate(limits):
            rows = [row.subset(range(len(row))[:limit]) for row in fold.test]
            tested[number] += rows
            for of_voter, fitted in zip(predictions[number], fits, strict=True):
                of_voter.extend(fitted.predict(rows))
        step()
    fold_of = np.repeat(np.arange(len(folds)), [len(fold.test) for fold in folds])
    truth = np.array([genres.index(row.genre) for row in tested[0]], dtype=np.intp)
    return [
        HeldOut(names, rows, fold_of, truth, each) for rows, each in zip(tested, predictions, strict=True)
    ]


def ensemble_predictions(
    train: HeldOut, test: HeldOut | None = None, voting: int | None = None
) -> FoldPredictions:
    """Compute the ensemble's votes and shares; each fold's sharpness and weights are fitted on the others.

    Args:
        train: Predictions to fit on.
        test: The same rows, perhaps with fewer covers; None for ``train`` itself.
        voting: Number of voters in the ensemble, the first ones; None for all.
    """
    folds = []
    for fold in by_fold(train, test):
        weights = fold.weights(voting)
        shares = pooled(fold.votes[:, :voting], weights[:voting])
        folds.append((fold.test, fold.votes, np.tile(weights, (len(fold.test), 1)), shares))
    order = np.argsort(np.concatenate([fold[0] for fold in folds]))
    return FoldPredictions(*(np.concatenate([fold[i] for fold in folds])[order] for i in (1, 2, 3)))


def by_fold(train: HeldOut, test: HeldOut | None = None) -> Iterator[FoldVotes]:
    """Yield the votes on each fold's rows, with the votes on all other folds' rows to fit parameters on.

    Args:
        train: Predictions to fit on.
        test: The same rows, perhaps with fewer covers; None for ``train`` itself.
    """
    test = test or train
    for number in np.unique(test.fold):
        rows, others = np.flatnonzero(test.fold == number), np.flatnonzero(train.fold != number)
        sharpness = fit_all_sharpness([train], others)
        train_votes = train.votes(sharpness)
        votes = train_votes if test is train else test.votes(sharpness)
        yield FoldVotes(rows, votes[rows], train_votes[others], train.truth[others])


def voter_weights(log_losses: Floats, genres: int, voting: int | None = None) -> Floats:
    """Compute the weights of voters from their log losses on held-out rows.

    A voter's skill is ``max(0, 1 - log_loss / log(genres))``, 0 for chance and 1 for certainty; its weight is
    proportional to its sixteenth power. If no voter has skill, all weigh the same.

    Args:
        log_losses: (n_voters,) in nats.
        genres: Number of genres.
        voting: Number of voters, the first ones, whose weights sum to 1; None for all. The weights of the
            others are on the same scale, for an ensemble that includes them and divides by the new sum.

    Returns:
        (n_voters,) weights, at least 0.
    """
    skill = np.maximum(0.0, 1 - log_losses / np.log(genres)) ** SKILL_EXPONENT
    if not skill[:voting].any():
        return np.full(len(skill), 1 / len(skill[:voting]))
    weights: Floats = skill / skill[:voting].sum()
    return weights


def fit_all_sharpness(
    repeats: Sequence[HeldOut], rows: NDArray[np.intp] | None = None
) -> list[Sharpness | None]:
    """Fit the sharpness of each voter on covers; None for voters on bags.

    Args:
        repeats: Predictions of the same voters.
        rows: Numbers of the rows to fit on; None for all.
    """
    sharpness: list[Sharpness | None] = []
    for number, name in enumerate(repeats[0].names):
        if name.view not in PER_COVER:
            sharpness.append(None)
            continue
        pairs = [
            (held.predictions[number][i], int(held.truth[i]))
            for held in repeats
            for i in (range(len(held.rows)) if rows is None else rows)
        ]
        sharpness.append(fit_sharpness(pairs))
    return sharpness


def fit_sharpness(predictions: Sequence[tuple[VoterPredictions, int]]) -> Sharpness:
    """Fit the sharpness with the lowest log loss on held-out artists, whole and in chunks of `CHUNKS` covers.

    Args:
        predictions: Predictions of one voter on each artist, with the index of the artist's genre.

    Returns:
        Scale in [0.05, 20] and growth in [0, 1]; 1 and 1/2 if the voter knows no cover.
    """
    from scipy.optimize import minimize

    means, covers, truth, weights = _cover_chunks(predictions)
    if not truth.size:
        return Sharpness(1.0, 0.5)
    right = np.arange(truth.size), truth

    def loss(parameters: Floats) -> float:
        sharp = means * np.exp(parameters[0]) * covers[:, np.newaxis] ** parameters[1]
        logs = sharp[right] - np.log(np.exp(sharp - sharp.max(axis=1, keepdims=True)).sum(axis=1))
        return float(weights @ (sharp.max(axis=1) - logs))

    bounds = [(np.log(0.05), np.log(20)), (0.0, 1.0)]
    best = minimize(loss, [0.0, 0.5], method="L-BFGS-B", bounds=bounds).x
    return Sharpness(scale=round(float(np.exp(best[0])), 4), growth=round(float(best[1]), 4))


def _cover_chunks(
    predictions: Sequence[tuple[VoterPredictions, int]],
) -> tuple[Floats, Floats, NDArray[np.intp], Floats]:
    """Mean log-probabilities (n, n_genres), covers, genres and weights (n,) of artists and chunks of them.

    Each genre and each chunk size weighs the same.
    """
    means, covers, truth, sizes = [], [], [], []
    for (votes, known), genre in predictions:
        logs = np.log(np.maximum(votes[known], COVER_FLOOR))
        for number, size in enumerate((*CHUNKS, max(len(logs), 1))):
            for start in range(0, len(logs), size):
                chunk = logs[start : start + size]
                means.append(chunk.mean(axis=0))
                covers.append(len(chunk))
                truth.append(genre)
                sizes.append(number)
    kinds = np.array(truth) * (len(CHUNKS) + 1) + np.array(sizes)
    _, kind, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    return (
        np.array(means),
        np.array(covers, dtype=np.float64),
        np.array(truth, dtype=np.intp),
        1 / counts[kind],
    )
