"""Training of a model of a number: ridge regression on standardised features, scored on held-out artists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from classifiers.ensemble.blends import is_word_source
from classifiers.ensemble.target_model import artist_row
from classifiers.errors import TrainingDataError
from classifiers.image import EMBEDDING
from classifiers.metrics.bootstrap import Estimate, estimate
from classifiers.metrics.splits import splits
from classifiers.text.views import WORDS, View, fit_view
from classifiers.training.dataset import Row, common_features

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PENALTIES: Final = np.geomspace(1e-3, 1e3, 13)
"""Penalties to choose from, for rows of mean squared length 1."""
LEVEL: Final = 0.9
"""Part of held-out artists whose number is in the interval of its prediction."""
MIN_ROWS: Final = 12
"""Minimum number of artists."""
_INNER_FOLDS: Final = 5
_STRATA: Final = 3
_DRAWS: Final = 1000


class Ridge(NamedTuple):
    """Standardised features to a number.

    Attributes:
        views: Source and view of each block of features.
        widths: Number of features of each block.
        mean: (width,) means.
        scale: (width,) factors of the centred features.
        coefficients: (width,) of the scaled features.
        intercept: Mean of the target.
    """

    views: list[tuple[str, View]]
    widths: list[int]
    mean: Floats
    scale: Floats
    coefficients: Floats
    intercept: float

    def predict(self, rows: Sequence[Row]) -> Floats:
        """Return (n_rows,) predictions."""
        x = _features(self.views, rows, np.split(self.mean, np.cumsum(self.widths)[:-1]))
        return np.asarray(((x - self.mean) * self.scale) @ self.coefficients + self.intercept)


@dataclass(frozen=True)
class TrainedTarget:
    """A fitted model with its scores on held-out artists.

    Attributes:
        target: Name of the column.
        model: The model, fitted on all artists.
        taggers: Tagger, and other source of labels, to version.
        rows: Number of artists.
        low: Smallest value in training.
        high: Largest value.
        r2: Part of the squared error of the mean of the training side that the model removes; 0 is that
            baseline.
        rank: Spearman's rank correlation; 0 is that of a constant.
        error: Mean absolute error, and that of the baseline.
        half_width: Half the width of the interval that holds `LEVEL` of the held-out artists.
        folds: Number of folds.
        repeats: Number of repeats.
    """

    target: str
    model: Ridge
    taggers: Mapping[str, str]
    rows: int
    low: float
    high: float
    r2: Estimate
    rank: Estimate
    error: tuple[float, float]
    half_width: float
    folds: int
    repeats: int

    @property
    def says_nothing(self) -> bool:
        """True if the interval of R² includes the baseline: the model is not shown to beat the mean."""
        return self.r2.low <= 0


def train_target(  # noqa: PLR0913  (each is a choice of its own)
    target: str,
    rows: Sequence[Row],
    values: Mapping[str, float],
    taggers: Mapping[str, str],
    *,
    units: Mapping[str, str] | None = None,
    folds: int = 5,
    repeats: int = 3,
    seed: int = 0,
) -> TrainedTarget:
    """Cross-validate a ridge regression over artists, and fit it on all of them.

    The penalty is chosen by a cross-validation inside each training side. Every column is standardised, and
    every block of columns (embedding, tags, words) has the same weight.

    Args:
        target: Name of the number.
        rows: Artists, or single covers; their genres are not used.
        values: Number of each row by its id.
        taggers: Tagger, and other source of labels, to version.
        units: Artist of each row by its id; rows of one unit are never on both sides. None if each is one.
        folds: Number of folds.
        repeats: Number of repeats, each with other folds.
        seed: Random seed.

    Raises:
        TrainingDataError: There are too few artists, or all have the same number.
    """
    y = np.array([values[row.id] for row in rows])
    if len(rows) < MIN_ROWS:
        raise TrainingDataError(f"{len(rows)} artists have the number {target!r}: give {MIN_ROWS} or more")
    if np.ptp(y) == 0:
        raise TrainingDataError(f"all artists have the same {target!r}: there is nothing to learn")
    names = [(units or {}).get(row.id, row.id) for row in rows]
    predicted, baseline = np.full((2, repeats, len(rows)), np.nan)
    for repeat in range(repeats):
        for train, test, sides in _folds(rows, y, names, folds, seed + repeat):
            model = _fit([sides[i] for i in train], y[train], [names[i] for i in train], taggers, seed)
            predicted[repeat, test] = model.predict([sides[i] for i in test])
            baseline[repeat, test] = y[train].mean()
    tested = ~np.isnan(predicted).any(axis=0)
    errors, constant = predicted[:, tested] - y[tested], baseline[:, tested] - y[tested]
    r2, rank = _scores(y[tested], predicted[:, tested], constant, np.array(names)[tested], seed)
    ordered = np.sort(np.abs(errors).mean(axis=0))
    place = min(int(np.ceil((len(ordered) + 1) * LEVEL)), len(ordered)) - 1
    return TrainedTarget(
        target, _fit(rows, y, names, taggers, seed), dict(taggers), len(rows), float(y.min()), float(y.max()),
        r2, rank, (float(np.abs(errors).mean()), float(np.abs(constant).mean())), float(ordered[place]),
        folds, repeats,
    )  # fmt: skip


def _folds(
    rows: Sequence[Row], y: Floats, names: Sequence[str], folds: int, seed: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp], list[Row]]]:
    """Training and test rows of each fold, and all rows without the covers that are masked there.

    Units are split, stratified by their mean number.
    """
    units = list(dict.fromkeys(names))
    number = {name: i for i, name in enumerate(units)}
    of_row = np.array([number[name] for name in names])
    means = np.bincount(of_row, y) / np.bincount(of_row)
    order = np.argsort(np.argsort(means, kind="stable"), kind="stable")
    strata = [str(order[i] * _STRATA // len(units)) for i in range(len(units))]
    found = []
    for split in splits(strata, [()] * len(units), folds=folds, seed=seed):
        test = np.flatnonzero(np.isin(of_row, split.test))
        covers = {group for i in test.tolist() for group in rows[i].groups}
        sides, train = list(rows), []
        for i in np.flatnonzero(np.isin(of_row, split.train)).tolist():
            masked = [k for k, group in enumerate(rows[i].groups) if group in covers]
            if len(masked) < len(rows[i]):
                sides[i] = rows[i].without(masked)
                train.append(i)
        found.append((np.array(train, np.intp), test, sides))
    return found


def _fit(
    rows: Sequence[Row], y: Floats, names: Sequence[str], taggers: Mapping[str, str], seed: int
) -> Ridge:
    views = _views(rows, taggers)
    widths = [
        rows[0].embeddings[source].shape[1] if view.name == EMBEDDING else len(view.labels)
        for source, view in views
    ]
    raw = _features(views, rows, [np.zeros(width) for width in widths])
    mean, deviation = raw.mean(axis=0), raw.std(axis=0)
    weight = np.repeat([1 / np.sqrt(max(width, 1) * len(widths)) for width in widths], widths)
    scale = np.divide(weight, deviation, out=np.zeros_like(weight), where=deviation > 1e-12)  # noqa: PLR2004
    x, intercept = (raw - mean) * scale, float(y.mean())
    coefficients = _solve(x, y - intercept, [_penalty(x, y, names, seed)])[0]
    return Ridge(views, widths, mean, scale, coefficients, intercept)


def _penalty(x: Floats, y: Floats, names: Sequence[str], seed: int) -> float:
    """Return the penalty with the smallest squared error in a cross-validation over units."""
    units = np.unique(names)
    part = np.random.default_rng(seed).permutation(len(units)) % min(_INNER_FOLDS, len(units))
    fold = part[np.searchsorted(units, names)]
    errors = np.zeros(len(PENALTIES))
    for number in np.unique(fold):
        test = fold == number
        center, middle = x[~test].mean(axis=0), y[~test].mean()
        solved = _solve(x[~test] - center, y[~test] - middle, PENALTIES)
        errors += (((x[test] - center) @ solved.T + middle - y[test, None]) ** 2).sum(axis=0)
    return float(PENALTIES[int(errors.argmin())])


def _solve(x: Floats, y: Floats, penalties: Floats | Sequence[float]) -> Floats:
    """Return (n_penalties, width) ridge coefficients by the eigenvectors of the rows' products."""
    values, vectors = np.linalg.eigh(x @ x.T)
    turned = vectors.T @ y
    dual = [vectors @ (turned / (np.maximum(values, 0) + each * len(y))) for each in penalties]
    return np.asarray(np.array(dual) @ x)


def _views(rows: Sequence[Row], taggers: Mapping[str, str]) -> list[tuple[str, View]]:
    """Return the blocks of features: embeddings, labels of taggers, and words."""
    views = [(source, View(EMBEDDING, ())) for source in common_features(rows, list(taggers))]
    for source in taggers:
        name = WORDS if is_word_source(source) else "all"
        view = fit_view(name, [row.bag(source) for row in rows], [row.genre for row in rows])
        views += [(source, view)] if view.labels else []
    if not views:
        raise TrainingDataError("no tag is shared between artists: give more artists, or richer tags")
    return views


def _features(views: Sequence[tuple[str, View]], rows: Sequence[Row], missing: Sequence[Floats]) -> Floats:
    """Return (n_rows, width) features; ``missing`` has those of each block where an artist lacks a source."""
    found = []
    for row in rows:
        bags = {source: row.bag(source) for source, view in views if view.name != EMBEDDING}
        found.append(
            np.concatenate(
                [
                    artist_row(source, view, bags, row.embeddings, each)
                    for (source, view), each in zip(views, missing, strict=True)
                ]
            )
        )
    return np.array(found)


def _scores(
    y: Floats, predicted: Floats, constant: Floats, names: NDArray[np.str_], seed: int
) -> tuple[Estimate, Estimate]:
    """R² against the baseline and rank correlation, with bootstrap intervals over units."""
    from scipy.stats import spearmanr

    error, base = ((predicted - y) ** 2).mean(axis=0), (constant**2).mean(axis=0)

    def rank(chosen: NDArray[np.intp]) -> float:
        each = [_correlation(spearmanr, y[chosen], one[chosen]) for one in predicted]
        return float(np.mean(each))

    units, of_row = np.unique(names, return_inverse=True)
    members = [np.flatnonzero(of_row == unit) for unit in range(len(units))]
    rng = np.random.default_rng(seed)
    r2s, ranks = [], []
    for _ in range(_DRAWS):
        drawn = np.concatenate([members[i] for i in rng.integers(0, len(units), len(units))])
        r2s.append(1 - error[drawn].sum() / max(base[drawn].sum(), 1e-300))
        ranks.append(rank(drawn))
    everyone = np.arange(len(y))
    return (
        estimate(float(1 - error.sum() / base.sum()), np.array(r2s)),
        estimate(rank(everyone), np.array(ranks)),
    )


def _correlation(function: Any, one: Floats, other: Floats) -> float:  # noqa: ANN401  (of scipy, untyped)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(function(one, other).statistic)
