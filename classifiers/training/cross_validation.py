"""Votes on held-out artists, and the sharpness of pooled votes, which is fitted on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.ensemble.blends import blended_weights, kind_of
from classifiers.ensemble.model_card import PER_COVER
from classifiers.ensemble.pooling import COVER_FLOOR, Sharpness, pooled
from classifiers.metrics.splits import scores
from classifiers.training.stacking import fit_stack, voter_weights
from classifiers.training.voters import VoterPredictions, artist_vote, fit_voters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from classifiers.text.views import ViewOptions
    from classifiers.training.dataset import Row

    Floats = NDArray[np.float64]


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

    @property
    def known(self) -> NDArray[np.bool_]:
        """(n_rows, n_voters), False where a voter knows no feature of the artist."""
        return np.array([[bool(p.known.any()) for p in of_voter] for of_voter in self.predictions]).T


class FoldPredictions(NamedTuple):
    """Votes of an ensemble, and all weights; each row's were fitted on the other folds.

    Attributes:
        names: Names of the voters.
        votes: (n_rows, n_voters, n_genres).
        known: (n_rows, n_voters), False where a voter knows no feature of the artist.
        weights: (n_rows, n_voters) weights of the voters inside their kinds.
        blends: Set of kinds to (n_rows, n_kinds) weights of kinds.
        voting: Number of voters in the ensemble, the first ones.
    """

    names: Sequence[VoterName]
    votes: Floats
    known: NDArray[np.bool_]
    weights: Floats
    blends: Mapping[frozenset[str], Floats]
    voting: int

    @property
    def shares(self) -> Floats:
        """(n_rows, n_genres) shares of the ensemble."""
        return self.shares_of(range(self.voting))

    def shares_of(self, voters: Sequence[int]) -> Floats:
        """Pool some voters, given by number, with the weights that were fitted for their kinds alone."""
        return pooled(self.votes[:, voters], self.weights_of(voters))

    def weights_of(self, voters: Sequence[int]) -> Floats:
        """Compute the (n_rows, n_chosen) weights of some voters beside each other."""
        kinds = [kind_of(self.names[i]) for i in voters]
        return blended_weights(kinds, self.weights[:, voters], self.known[:, voters], self.blends)


class FoldVotes(NamedTuple):
    """Votes on one fold's rows and on those of all other folds; the sharpness was fitted on the latter.

    Attributes:
        test: (n_test,) numbers of the fold's rows.
        votes: (n_test, n_voters, n_genres).
        others: (n_others,) numbers of the other folds' rows.
        other_votes: (n_others, n_voters, n_genres) votes on them.
        other_truth: (n_others,) their genre indices.
    """

    test: NDArray[np.intp]
    votes: Floats
    others: NDArray[np.intp]
    other_votes: Floats
    other_truth: NDArray[np.intp]

    def weights(self) -> Floats:
        """Compute (n_voters,) `voter_weights` from log losses on the other folds."""
        voters, genres = self.other_votes.shape[1:]
        losses = [scores(self.other_votes[:, i], self.other_truth).log_loss for i in range(voters)]
        return voter_weights(np.array(losses), genres)


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
    """Compute the voters' votes and weights; each fold's sharpness and weights are fitted on the others.

    Args:
        train: Predictions to fit on.
        test: The same rows, perhaps with fewer covers; None for ``train`` itself.
        voting: Number of voters in the ensemble, the first ones; None for all.
    """
    names, rows = train.names, len(train.rows)
    train_known, known = train.known, (test or train).known
    votes = np.zeros((*known.shape, train.predictions[0][0].votes.shape[1]))
    weights = np.zeros(known.shape)
    blends: dict[frozenset[str], Floats] = {}
    for fold in by_fold(train, test):
        stack = fit_stack(names, fold.other_votes, train_known[fold.others], fold.other_truth, voting)
        votes[fold.test], weights[fold.test] = fold.votes, stack.weights
        for kinds, blend in stack.blends.items():
            blends.setdefault(kinds, np.zeros((rows, len(kinds))))[fold.test] = blend.row()
    return FoldPredictions(names, votes, known, weights, blends, len(names) if voting is None else voting)


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
        yield FoldVotes(rows, votes[rows], others, train_votes[others], train.truth[others])


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
