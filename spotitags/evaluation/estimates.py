"""Bootstrap estimates, in the form in which the JSON files hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.metrics.bootstrap import Estimate, RowStats

    Floats = NDArray[np.float64]


FORMAT = 1  # of scores.json, seed.json and leaderboard.json; increases when their meaning changes
DRAWS = 1000  # bootstrap samples
DIGITS = 4  # decimal places


class Statistic(NamedTuple):
    """A statistic of the data and of each bootstrap sample.

    Attributes:
        value: On the data.
        samples: (DRAWS,) on the bootstrap samples.
    """

    value: float
    samples: Floats

    def minus(self, other: Statistic) -> Statistic:
        """The difference to another statistic of the same bootstrap samples (a paired bootstrap)."""
        return Statistic(self.value - other.value, self.samples - other.samples)

    def estimate(self) -> Estimate:
        """The value with its 95% interval."""
        from classifiers.metrics.bootstrap import estimate

        return estimate(self.value, self.samples)

    def as_json(self) -> dict[str, float]:
        """The rounded ``value``, ``low`` and ``high``."""
        return {name: round(value, DIGITS) for name, value in self.estimate()._asdict().items()}


class Bootstrap:
    """Bootstrap samples of labelled rows, drawn within genres.

    Attributes:
        truth: (n_rows,) genre indices.
        once: (1, n_rows) weights of the data, all 1.
        drawn: (DRAWS, n_rows) weights of the bootstrap samples.
    """

    def __init__(self, truth: NDArray[np.intp], units: Sequence[str], seed: int) -> None:
        """Draw the samples.

        Args:
            truth: (n_rows,) genre indices.
            units: Unit of each row; rows of one unit are drawn together.
            seed: Seed of the random numbers.
        """
        from classifiers.metrics.bootstrap import resamples

        self.truth = truth
        self.once = np.ones((1, len(truth)))
        self.drawn = resamples(truth, units, count=DRAWS, seed=seed)

    def metrics(self, stats: RowStats) -> dict[str, Statistic]:
        """All metrics of `classifiers.metrics.bootstrap.METRICS`."""
        from classifiers.metrics.bootstrap import metrics

        values, samples = metrics(stats, self.once), metrics(stats, self.drawn)
        return {name: Statistic(float(values[name][0]), samples[name]) for name in values}

    def scores(self, shares: Floats) -> dict[str, Statistic]:
        """All metrics of (n_repeats, n_rows, n_genres) shares."""
        from classifiers.metrics.bootstrap import row_stats

        return self.metrics(row_stats(shares, self.truth))

    def pair_areas(self, shares: Floats) -> dict[tuple[int, int], Statistic]:
        """Areas under the ROC curve of (n_repeats, n_rows, n_genres) shares, by pair of genre indices."""
        from classifiers.metrics.bootstrap import pair_aucs

        areas = pair_aucs(shares, self.truth, self.drawn)
        return {pair: Statistic(*area) for pair, area in areas.items()}


def rounded(value: Any) -> Any:  # noqa: ANN401 - any nesting of lists and mappings
    """The same value with all fractions rounded, and None for nan, which JSON does not have."""
    if isinstance(value, float):
        return None if np.isnan(value) else round(value, DIGITS)
    if isinstance(value, int):
        return value
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value]


def significant(value: float) -> float | None:
    """The value with four significant digits, so that small values do not become 0; None for nan."""
    return None if np.isnan(value) else float(f"{value:.4g}")
