"""Scores of probabilities with bootstrap intervals, calibration error, confusion matrix and ROC.

Probabilities are (n_repeats, n_rows, n_genres) arrays of one evaluation, repeated with other splits; nan if a
row was not tested. A row's repeats are averaged first, so that a row counts once however often it was tested,
and the bootstrap draws rows (artists), never repeats: testing again adds no new artist.
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
LEVEL = 0.95  # of confidence intervals
METRICS = ("balanced_accuracy", "accuracy", "macro_f1", "top2_accuracy", "log_loss", "calibration_error")


class Estimate(NamedTuple):
    """A score with its 95% bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RowStats:
    """Statistics of each row, averaged over its repeats; all 0 for rows that were never tested.

    Attributes:
        truth: (n_rows,) genre indices.
        tested: (n_rows,) True for rows that were tested at all.
        named: (n_rows, n_genres) fraction of the repeats that named each genre.
        top2: (n_rows,) fraction of the repeats with the true genre among the first two.
        loss: (n_rows,) mean -log p(true genre) in nats.
        binned: (n_rows, BINS, 3) by confidence of the winner: fraction of the repeats in the bin, and the
            summed confidence and the summed hits there, over the number of repeats.
    """

    truth: NDArray[np.intp]
    tested: NDArray[np.bool_]
    named: Floats
    top2: Floats
    loss: Floats
    binned: Floats

    @property
    def right(self) -> Floats:
        """Fraction of the repeats that named the true genre, (n_rows,); nan for rows never tested."""
        hits = self.named[np.arange(len(self.truth)), self.truth]
        return np.where(self.tested, hits, np.nan)


def row_stats(probabilities: Floats, truth: NDArray[np.intp]) -> RowStats:
    """Average (n_repeats, n_rows, n_genres) probabilities over repeats, row by row.

    Args:
        probabilities: nan for rows that a repeat did not test.
        truth: (n_rows,) genre indices.

    Raises:
        TrainingDataError: No row was tested.
    """
    n_rows, n_genres = probabilities.shape[1:]
    named, binned = np.zeros((n_rows, n_genres)), np.zeros((n_rows, BINS, 3))
    top2, loss, tests = np.zeros(n_rows), np.zeros(n_rows), np.zeros(n_rows)
    for repeat in probabilities:
        rows = np.flatnonzero(~np.isnan(repeat).any(axis=1))
        p, true = repeat[rows], truth[rows]
        order = np.argsort(-p, axis=1, kind="stable")
        winner, confidence = order[:, 0], p.max(axis=1)
        right = winner == true
        bins = np.clip(np.ceil(confidence * BINS).astype(np.intp) - 1, 0, BINS - 1)
        named[rows, winner] += 1
        top2[rows] += (order[:, :2] == true[:, None]).any(axis=1)
        loss[rows] -= np.log(np.clip(p[np.arange(len(rows)), true], 1e-15, 1.0))
        binned[rows, bins] += np.stack([np.ones(len(rows)), confidence, right], axis=1)
        tests[rows] += 1
    if not tests.any():
        raise TrainingDataError("there is nothing to score: no row was in a test fold")
    repeats = np.maximum(tests, 1)
    return RowStats(
        truth=truth,
        tested=tests > 0,
        named=named / repeats[:, None],
        top2=top2 / repeats,
        loss=loss / repeats,
        binned=binned / repeats[:, None, None],
    )


def resamples(
    truth: NDArray[np.intp], units: Sequence[str], *, count: int = 1000, seed: int
) -> NDArray[np.float64]:
    """Draw bootstrap samples (Efron 1979).

    Drawn within genres, so that every sample has every genre as often as the data; rows of one unit (covers
    of one artist) are drawn together, since they are not independent.

    Args:
        truth: (n_rows,) genre indices.
        units: Unit of each row.
        count: Number of samples.
        seed: Random seed.

    Returns:
        (count, n_rows) how often each row occurs in each sample.
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
    """Compute confusion matrices.

    Args:
        stats: Statistics of all rows.
        weights: (n_samples, n_rows) how often each row counts, from `resamples` or ones.

    Returns:
        (n_samples, n_genres, n_genres) number of rows by true genre (axis 1) and named genre (axis 2).
    """
    genres = stats.named.shape[1]
    cells = (np.eye(genres)[stats.truth][:, :, None] * stats.named[:, None, :]).reshape(-1, genres * genres)
    return np.asarray((weights * stats.tested) @ cells).reshape(-1, genres, genres)


def by_genre(table: Floats) -> dict[str, Floats]:
    """Compute (..., n_genres) precision, recall and F1 of (..., n_genres, n_genres) confusion; 0 / 0 is 0."""
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    recall = _ratio(hits, table.sum(axis=-1))
    precision = _ratio(hits, table.sum(axis=-2))
    return {
        "precision": precision,
        "recall": recall,
        "f1": _ratio(2 * precision * recall, precision + recall),
    }


def metrics(stats: RowStats, weights: Floats) -> dict[str, Floats]:
    """Compute each of `METRICS`: name to (n_samples,) values.

    ``log_loss`` is a mean over genres like ``balanced_accuracy``. ``calibration_error`` is the expected
    calibration error of the winner's share in `BINS` bins of equal width (Guo et al. 2017).
    """
    weights = weights * stats.tested
    table = confusion(stats, weights)
    each = by_genre(table)
    genre_rows = np.eye(table.shape[-1])[stats.truth]
    present = table.sum(axis=(0, 2)) > 0
    rows = weights.sum(axis=1)
    losses = _ratio((weights * stats.loss) @ genre_rows, weights @ genre_rows)
    bins = np.einsum("sr,rbk->sbk", weights, stats.binned, optimize=True)
    return {
        "balanced_accuracy": each["recall"][:, present].mean(axis=1),
        "accuracy": _ratio(np.trace(table, axis1=1, axis2=2), rows),
        "macro_f1": each["f1"][:, present].mean(axis=1),
        "top2_accuracy": _ratio(weights @ stats.top2, rows),
        "log_loss": losses[:, present].mean(axis=1),
        "calibration_error": _ratio(np.abs(bins[..., 1] - bins[..., 2]).sum(axis=1), rows),
    }


def reliability(stats: RowStats) -> list[dict[str, float]]:
    """Compute mean ``confidence``, mean ``right`` and fraction of rows (``part``) of each non-empty bin."""
    bins = stats.binned[stats.tested].sum(axis=0)
    total = bins[:, 0].sum()
    return [
        {"confidence": float(confidence / n), "right": float(right / n), "part": float(n / total)}
        for n, confidence, right in bins
        if n
    ]


def estimates(point: Mapping[str, Floats], samples: Mapping[str, Floats]) -> dict[str, Estimate]:
    """Combine each metric's value on the data (one sample) with its interval over bootstrap samples."""
    return {name: estimate(float(point[name][0]), samples[name]) for name in point}


def estimate(value: float, samples: Floats) -> Estimate:
    """Combine a value with the percentile interval of its (n_samples,) bootstrap samples."""
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(samples, [tail, 1 - tail])
    return Estimate(value, float(low), float(high))


def pair_scores(probabilities: Floats, first: int, second: int) -> Floats:
    """Compute (n_repeats, n_rows) shares of the first genre in the sum of both; 1/2 if that sum is 0."""
    a, b = probabilities[..., first], probabilities[..., second]
    return np.divide(a, a + b, out=np.where(np.isnan(a), np.nan, 0.5), where=(a + b) > 0)


def pair_aucs(
    probabilities: Floats, truth: NDArray[np.intp], weights: Floats
) -> dict[tuple[int, int], tuple[float, Floats]]:
    """Compute the one-against-one area under the ROC curve of each pair of genres, by `pair_scores`.

    Args:
        probabilities: (n_repeats, n_rows, n_genres).
        truth: (n_rows,) genre indices.
        weights: (n_samples, n_rows) from `resamples`.

    Returns:
        Pair of genre indices to the area on the data (mean over repeats) and its (n_samples,) bootstrap
        samples; chance is 1/2. Pairs without a tested row on each side are left out.
    """
    areas = {}
    for a, b in combinations(range(probabilities.shape[2]), 2):
        score = pair_scores(probabilities, a, b)
        i, j = np.flatnonzero(truth == a), np.flatnonzero(truth == b)
        wins = np.full((len(score), len(i), len(j)), np.nan)
        for repeat, row in enumerate(score):
            gap = row[i][:, None] - row[j][None, :]
            wins[repeat] = np.where(np.isnan(gap), np.nan, (gap > 0) + 0.5 * (gap == 0))
        known = (~np.isnan(wins)).sum(axis=0)
        mean = _ratio(np.nansum(wins, axis=0), known.astype(np.float64))
        compared = (known > 0).astype(np.float64)
        if not compared.any():
            continue
        left, right = weights[:, i], weights[:, j]
        area = _ratio(((left @ mean) * right).sum(axis=1), ((left @ compared) * right).sum(axis=1))
        areas[a, b] = float(mean.sum() / compared.sum()), area
    return areas


def pair_curve(
    probabilities: Floats, truth: NDArray[np.intp], first: int, second: int, points: int = 51
) -> Floats:
    """Compute (points,) true positive rates at evenly spaced false positive rates; the mean over repeats."""
    grid = np.linspace(0, 1, points)
    curves = []
    for row in pair_scores(probabilities, first, second):
        rows = ~np.isnan(row) & ((truth == first) | (truth == second))
        positive = truth[rows] == first
        if not positive.any() or positive.all():
            continue
        values, where = np.unique(-row[rows], return_inverse=True)
        hits = np.bincount(where, positive, len(values)).cumsum() / positive.sum()
        misses = np.bincount(where, ~positive, len(values)).cumsum() / (~positive).sum()
        curves.append(np.interp(grid, np.append(0, misses), np.append(0, hits)))
    return np.asarray(np.mean(curves, axis=0)) if curves else np.full(points, np.nan)


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Quotient that is 0 if the denominator is 0."""
    out = np.zeros(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)))
    return np.divide(numerator, denominator, out=out, where=np.asarray(denominator) > 0)
