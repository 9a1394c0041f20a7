"""How right probabilities are: scores with bootstrap intervals, calibration, confusion and ROC.

Answers are (n_repeats, n_rows, n_genres) probabilities of one evaluation repeated with other splits; nan
where a row was not tested. A row's repeats are averaged first, so that a row counts once however often it was
asked, and the bootstrap draws rows (artists), never repeats: asking again brings no new artist.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.errors import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


BINS = 10  # of equal width, for the calibration error
LEVEL = 0.95
METRICS = ("balanced_accuracy", "accuracy", "macro_f1", "top2_accuracy", "log_loss", "calibration_error")


class Estimate(NamedTuple):
    """A figure with its 95% bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RowStats:
    """What each row contributes, averaged over its repeats; never-tested rows are all 0.

    Attributes:
        truth: (n_rows,) genre indices.
        tested: (n_rows,) whether a row was tested at all.
        named: (n_rows, n_genres) part of the repeats that named each genre.
        top2: (n_rows,) part of the repeats with the true genre among the first two.
        loss: (n_rows,) mean -log p(true genre) in nats.
        binned: (n_rows, BINS, 3) by confidence of the winner: part of the repeats in the bin, and the summed
            confidence and rightness there.
    """

    truth: NDArray[np.intp]
    tested: NDArray[np.bool_]
    named: Floats
    top2: Floats
    loss: Floats
    binned: Floats

    @property
    def right(self) -> Floats:
        """(n_rows,) part of the repeats that named the true genre; nan for rows never tested."""
        found = self.named[np.arange(len(self.truth)), self.truth]
        return np.where(self.tested, found, np.nan)


def row_stats(answers: Floats, truth: NDArray[np.intp]) -> RowStats:
    """Average (n_repeats, n_rows, n_genres) answers over repeats, row by row.

    Raises:
        TrainingDataError: Not one row was tested.
    """
    n_rows, n_genres = answers.shape[1:]
    named, binned = np.zeros((n_rows, n_genres)), np.zeros((n_rows, BINS, 3))
    top2, loss, times = np.zeros(n_rows), np.zeros(n_rows), np.zeros(n_rows)
    for votes in answers:
        rows = np.flatnonzero(~np.isnan(votes).any(axis=1))
        p, true = votes[rows], truth[rows]
        order = np.argsort(-p, axis=1, kind="stable")
        winner, confidence = order[:, 0], p.max(axis=1)
        right = winner == true
        place = np.clip(np.ceil(confidence * BINS).astype(np.intp) - 1, 0, BINS - 1)
        named[rows, winner] += 1
        top2[rows] += (order[:, :2] == true[:, None]).any(axis=1)
        loss[rows] -= np.log(np.clip(p[np.arange(len(rows)), true], 1e-15, 1.0))
        binned[rows, place] += np.stack([np.ones(len(rows)), confidence, right], axis=1)
        times[rows] += 1
    if not times.any():
        raise TrainingDataError("there is nothing to score: no row was in a test fold")
    often = np.maximum(times, 1)
    return RowStats(
        truth=truth,
        tested=times > 0,
        named=named / often[:, None],
        top2=top2 / often,
        loss=loss / often,
        binned=binned / often[:, None, None],
    )


def resamples(
    truth: NDArray[np.intp], units: Sequence[str], *, count: int = 1000, seed: int = 0
) -> NDArray[np.float64]:
    """(count, n_rows) how often each row stands in each bootstrap sample (Efron 1979).

    Drawn within genres, so that every sample has every genre as often as the data; rows of one unit (covers
    of one artist) come and go together, for they are not independent.
    """
    rng = np.random.default_rng(seed)
    drawn = np.zeros((count, len(truth)))
    names = np.asarray(units)
    for genre in np.unique(truth):
        rows = np.flatnonzero(truth == genre)
        _, unit = np.unique(names[rows], return_inverse=True)
        n = int(unit.max()) + 1
        drawn[:, rows] = rng.multinomial(n, np.full(n, 1 / n), size=count)[:, unit]
    return drawn


def confusion(stats: RowStats, weights: Floats) -> Floats:
    """(n_samples, n_genres, n_genres) rows of each true genre (axis 1) that were named each genre (axis 2).

    Args:
        stats: Of all rows.
        weights: (n_samples, n_rows) how often each row counts, from `resamples` or ones.
    """
    genres = stats.named.shape[1]
    cells = (np.eye(genres)[stats.truth][:, :, None] * stats.named[:, None, :]).reshape(-1, genres * genres)
    return np.asarray((weights * stats.tested) @ cells).reshape(-1, genres, genres)


def by_genre(table: Floats) -> dict[str, Floats]:
    """(..., n_genres) precision, recall and F1 of (..., n_genres, n_genres) confusion; 0 for 0 of 0."""
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    recall = _part(hits, table.sum(axis=-1))
    precision = _part(hits, table.sum(axis=-2))
    return {
        "precision": precision,
        "recall": recall,
        "f1": _part(2 * precision * recall, precision + recall),
    }


def metrics(stats: RowStats, weights: Floats) -> dict[str, Floats]:
    """(n_samples,) of each of `METRICS`.

    ``log_loss`` is a mean over genres like ``balanced_accuracy``. ``calibration_error`` is the expected
    calibration error of the winner's share in `BINS` bins of equal width (Guo et al. 2017).
    """
    weights = weights * stats.tested
    table = confusion(stats, weights)
    each = by_genre(table)
    genre_rows = np.eye(table.shape[-1])[stats.truth]
    there = table.sum(axis=(0, 2)) > 0
    rows = weights.sum(axis=1)
    losses = _part((weights * stats.loss) @ genre_rows, weights @ genre_rows)
    bins = np.einsum("sr,rbk->sbk", weights, stats.binned, optimize=True)
    return {
        "balanced_accuracy": each["recall"][:, there].mean(axis=1),
        "accuracy": _part(np.trace(table, axis1=1, axis2=2), rows),
        "macro_f1": each["f1"][:, there].mean(axis=1),
        "top2_accuracy": _part(weights @ stats.top2, rows),
        "log_loss": losses[:, there].mean(axis=1),
        "calibration_error": _part(np.abs(bins[..., 1] - bins[..., 2]).sum(axis=1), rows),
    }


def reliability(stats: RowStats) -> list[dict[str, float]]:
    """Of each bin that is not empty: mean ``confidence``, mean ``right``, and ``part`` of all rows."""
    bins = stats.binned[stats.tested].sum(axis=0)
    total = bins[:, 0].sum()
    return [
        {"confidence": float(sure / n), "right": float(right / n), "part": float(n / total)}
        for n, sure, right in bins
        if n
    ]


def estimates(point: Mapping[str, Floats], samples: Mapping[str, Floats]) -> dict[str, Estimate]:
    """Each metric's value on the data (one sample) with its interval over bootstrap samples."""
    return {name: estimate(float(point[name][0]), samples[name]) for name in point}


def estimate(value: float, samples: Floats) -> Estimate:
    """A value with the percentile interval of its bootstrap samples."""
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(samples, [tail, 1 - tail])
    return Estimate(value, float(low), float(high))


def pair_scores(answers: Floats, first: int, second: int) -> Floats:
    """(n_repeats, n_rows) the first genre's share of what both together get; one half of nothing."""
    a, b = answers[..., first], answers[..., second]
    return np.divide(a, a + b, out=np.where(np.isnan(a), np.nan, 0.5), where=(a + b) > 0)


def pair_aucs(
    answers: Floats, truth: NDArray[np.intp], weights: Floats
) -> dict[tuple[int, int], tuple[float, Floats]]:
    """One-against-one area under the ROC curve of each pair of genres, by `pair_scores`.

    Args:
        answers: (n_repeats, n_rows, n_genres).
        truth: (n_rows,).
        weights: (n_samples, n_rows) from `resamples`.

    Returns:
        Pair of genre indices to the area on the data (mean over repeats) and its (n_samples,) bootstrap
        samples. One half is chance.
    """
    areas = {}
    for a, b in combinations(range(answers.shape[2]), 2):
        score = pair_scores(answers, a, b)
        i, j = np.flatnonzero(truth == a), np.flatnonzero(truth == b)
        wins = np.full((len(score), len(i), len(j)), np.nan)
        for repeat, row in enumerate(score):
            gap = row[i][:, None] - row[j][None, :]
            wins[repeat] = np.where(np.isnan(gap), np.nan, (gap > 0) + 0.5 * (gap == 0))
        known = (~np.isnan(wins)).sum(axis=0)
        mean = _part(np.nansum(wins, axis=0), known.astype(np.float64))
        there = (known > 0).astype(np.float64)
        if not there.any():
            continue
        left, right = weights[:, i], weights[:, j]
        area = _part(((left @ mean) * right).sum(axis=1), ((left @ there) * right).sum(axis=1))
        areas[a, b] = float(mean.sum() / there.sum()), area
    return areas


def pair_curve(answers: Floats, truth: NDArray[np.intp], first: int, second: int, points: int = 51) -> Floats:
    """(points,) true positive rate at evenly spaced false positive rates; the mean over repeats."""
    grid = np.linspace(0, 1, points)
    curves = []
    for row in pair_scores(answers, first, second):
        chosen = ~np.isnan(row) & ((truth == first) | (truth == second))
        positive = truth[chosen] == first
        if not positive.any() or positive.all():
            continue
        values, where = np.unique(-row[chosen], return_inverse=True)
        hits = np.bincount(where, positive, len(values)).cumsum() / positive.sum()
        misses = np.bincount(where, ~positive, len(values)).cumsum() / (~positive).sum()
        curves.append(np.interp(grid, np.append(0, misses), np.append(0, hits)))
    return np.asarray(np.mean(curves, axis=0)) if curves else np.full(points, np.nan)


def _part(numerator: Floats, denominator: Floats) -> Floats:
    """A quotient that is 0 where the denominator is."""
    out = np.zeros(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)))
    return np.divide(numerator, denominator, out=out, where=np.asarray(denominator) > 0)
