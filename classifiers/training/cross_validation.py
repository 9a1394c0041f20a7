"""Votes on held-out artists, and what is learnt from them: how sure pooled votes are, and voters' weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.ensemble.inputs import PER_COVER
from classifiers.ensemble.pooling import TINY, Sharpness, pooled
from classifiers.metrics.splits import scores
from classifiers.training.voters import VoterPredictions, fit_voters, vote_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from classifiers.text.views import ViewOptions
    from classifiers.training.dataset import Row

    Floats = NDArray[np.float64]


SHARPNESS = 16  # exponent of skill in a voter's weight; docs/ensemble.md has the comparison
CHUNKS = (1, 3, 10)  # covers of the part-artists on which, beside whole ones, sureness is learnt


class Fold(NamedTuple):
    """Rows to learn from and rows to ask about; no cover of one side may stand on the other."""

    train: Sequence[Row]
    test: Sequence[Row]


@dataclass(frozen=True)
class HeldOut:
    """Raw answers on held-out rows.

    Attributes:
        names: The voters.
        rows: Those that were asked about, fold by fold.
        fold: (n_rows,) number of each row's fold.
        truth: (n_rows,) index of each row's genre.
        answers: For each voter its answers on each row.
    """

    names: Sequence[VoterName]
    rows: Sequence[Row]
    fold: NDArray[np.intp]
    truth: NDArray[np.intp]
    answers: Sequence[Sequence[VoterPredictions]]

    def votes(self, sharpness: Sequence[Sharpness | None]) -> Floats:
        """(n_rows, n_voters, n_genres) votes."""
        return np.stack(
            [
                [vote_of(a, len(row), sharp) for a, row in zip(answers, self.rows, strict=True)]
                for answers, sharp in zip(self.answers, sharpness, strict=True)
            ],
            axis=1,
        )


class FoldPredictions(NamedTuple):
    """(n_rows, n_voters, n_genres) votes, (n_rows, n_voters) weights and (n_rows, n_genres) shares.

    Everything behind a row's was learnt on the other folds.
    """

    votes: Floats
    weights: Floats
    shares: Floats


class FoldVotes(NamedTuple):
    """The votes on one fold's rows and on the others'; how sure pooled ones are was learnt on the others.

    Attributes:
        test: (n_test,) numbers of the fold's rows.
        votes: (n_test, n_voters, n_genres).
        known: (n_others, n_voters, n_genres) votes on the other folds' rows.
        truth: (n_others,) genre indices of these.
    """

    test: NDArray[np.intp]
    votes: Floats
    known: Floats
    truth: NDArray[np.intp]

    def weights(self, voting: int | None = None) -> Floats:
        """(n_voters,) shares in the ensemble of the first ``voting``, by the other folds' log losses."""
        voters, genres = self.known.shape[1:]
        losses = [scores(self.known[:, i], self.truth).log_loss for i in range(voters)]
        return weights_of(np.array(losses), genres, voting)


def held_out(  # noqa: PLR0913 - each is a choice of its own
    folds: Sequence[Fold],
    names: Sequence[VoterName],
    genres: Sequence[str],
    *,
    options: ViewOptions | None = None,
    seed: int = 0,
    limits: Sequence[int | None] = (None,),
    step: Callable[[], None] = lambda: None,
) -> list[HeldOut]:
    """Fit all voters on each fold's training rows and ask them about its test rows.

    Args:
        folds: Each with every genre on its training side.
        names: From `classifiers.training.voters.voter_names`.
        genres: Order of the probabilities.
        options: Sizes of the views.
        seed: Of everything random.
        limits: Most covers of a tested artist, the first ones; None for all. Each limit is asked about with
            the same fits.
        step: Called after each fold.

    Returns:
        One for each limit, with the same rows in the same order.
    """
    asked: list[list[Row]] = [[] for _ in limits]
    answers: list[list[list[VoterPredictions]]] = [[[] for _ in names] for _ in limits]
    for fold in folds:
        fits = fit_voters(fold.train, names, genres, options, seed)
        for number, limit in enumerate(limits):
            rows = [row.subset(range(len(row))[:limit]) for row in fold.test]
            asked[number] += rows
            for found, fitted in zip(answers[number], fits, strict=True):
                found.extend(fitted.answers(rows))
        step()
    fold_of = np.repeat(np.arange(len(folds)), [len(fold.test) for fold in folds])
    truth = np.array([genres.index(row.genre) for row in asked[0]], dtype=np.intp)
    return [HeldOut(names, rows, fold_of, truth, each) for rows, each in zip(asked, answers, strict=True)]


def ensemble_predictions(
    learnt: HeldOut, asked: HeldOut | None = None, voting: int | None = None
) -> FoldPredictions:
    """Votes and shares of the ensemble; each fold's sharpness and weights are learnt on the other folds.

    Args:
        learnt: All that may be learnt from.
        asked: The same rows, perhaps with fewer covers; None for ``learnt`` itself.
        voting: How many of the voters, the first ones, make up the ensemble; None for all.
    """
    parts = []
    for fold in by_fold(learnt, asked):
        weights = fold.weights(voting)
        shares = pooled(fold.votes[:, :voting], weights[:voting])
        parts.append((fold.test, fold.votes, np.tile(weights, (len(fold.test), 1)), shares))
    order = np.argsort(np.concatenate([part[0] for part in parts]))
    return FoldPredictions(*(np.concatenate([part[i] for part in parts])[order] for i in (1, 2, 3)))


def by_fold(learnt: HeldOut, asked: HeldOut | None = None) -> Iterator[FoldVotes]:
    """The votes on each fold's rows beside those on all other folds' rows, from which alone may be learnt.

    Args:
        learnt: All that may be learnt from.
        asked: The same rows, perhaps with fewer covers; None for ``learnt`` itself.
    """
    asked = asked or learnt
    for number in np.unique(asked.fold):
        test, others = np.flatnonzero(asked.fold == number), np.flatnonzero(learnt.fold != number)
        sharpness = fit_all_sharpness([learnt], others)
        known = learnt.votes(sharpness)
        votes = known if asked is learnt else asked.votes(sharpness)
        yield FoldVotes(test, votes[test], known[others], learnt.truth[others])


def weights_of(log_losses: Floats, genres: int, voting: int | None = None) -> Floats:
    """Shares of voters in the ensemble, from their log losses on held-out rows.

    Those of the first ``voting`` voters, or of all, sum to 1. The others' are on the same scale, for an
    ensemble that takes them in and divides all by their sum.

    A voter's skill is ``max(0, 1 - log_loss / log(genres))``, 0 for chance and 1 for certainty; its weight is
    proportional to its sixteenth power. Where no voter has skill all weigh the same.
    """
    skill = np.maximum(0.0, 1 - log_losses / np.log(genres)) ** SHARPNESS
    if not skill[:voting].any():
        return np.full(len(skill), 1 / len(skill[:voting]))
    shares: Floats = skill / skill[:voting].sum()
    return shares


def fit_all_sharpness(
    several: Sequence[HeldOut], chosen: NDArray[np.intp] | None = None
) -> list[Sharpness | None]:
    """For each voter how sure its pooled votes are; None for voters on bags.

    Args:
        several: Of the same voters, such as repeats.
        chosen: Rows to learn from, by number; None for all.
    """
    found: list[Sharpness | None] = []
    for number, name in enumerate(several[0].names):
        if name.view not in PER_COVER:
            found.append(None)
            continue
        pairs = [
            (held.answers[number][i], int(held.truth[i]))
            for held in several
            for i in (range(len(held.rows)) if chosen is None else chosen)
        ]
        found.append(fit_sharpness(pairs))
    return found


def fit_sharpness(answers: Sequence[tuple[VoterPredictions, int]]) -> Sharpness:
    """The sharpness with the lowest log loss on held-out artists, whole and in parts of `CHUNKS` covers.

    Args:
        answers: Of one voter on each artist, with the index of its genre.

    Returns:
        Scale in [0.05, 20], growth in [0, 1]; the scale is 1 where nothing is known.
    """
    from scipy.optimize import minimize

    means, covers, truth, weights = _part_artists(answers)
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


def _part_artists(
    answers: Sequence[tuple[VoterPredictions, int]],
) -> tuple[Floats, Floats, NDArray[np.intp], Floats]:
    """Mean log-probabilities (n, n_genres), covers, genres and weights (n,) of artists and parts of them.

    Each genre and each size of the parts weighs the same.
    """
    means, covers, truth, sizes = [], [], [], []
    for (votes, known), genre in answers:
        logs = np.log(np.maximum(votes[known], TINY))
        for number, size in enumerate((*CHUNKS, max(len(logs), 1))):
            for start in range(0, len(logs), size):
                part = logs[start : start + size]
                means.append(part.mean(axis=0))
                covers.append(len(part))
                truth.append(genre)
                sizes.append(number)
    kinds = np.array(truth) * (len(CHUNKS) + 1) + np.array(sizes)
    _, place, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    return (
        np.array(means),
        np.array(covers, dtype=np.float64),
        np.array(truth, dtype=np.intp),
        1 / counts[place],
    )
