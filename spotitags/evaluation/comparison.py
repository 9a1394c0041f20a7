"""Runs side by side: the same rows in the same folds, and the difference with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.metrics.bootstrap import RowStats


DRAWS = 1000  # bootstrap samples


def against_first(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`compare` the first run with each of the others.

    Raises:
        InputError: There is no other run, or one cannot be compared.
    """
    if len(runs) < 2:  # noqa: PLR2004
        raise InputError("a comparison needs two runs at least: name another scores.json")
    return [compare(runs[0], run) for run in runs[1:]]


def compare(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """How much better the second run's ensemble is on the rows that both were asked about.

    A bootstrap sample draws the same rows of both runs, so that hard rows are hard for both and only the
    difference is left (a paired bootstrap).

    Args:
        first: A ``scores.json``.
        second: Another one, with the same genres.

    Returns:
        ``rows`` in common, ``same_folds`` (both split alike), and by metric ``first``, ``second`` and the
        ``difference``, second minus first: ``value``, ``low``, ``high``. A log loss or a calibration
        error is better where it is lower.

    Raises:
        InputError: The genres differ, or no row is in both.
    """
    from classifiers.metrics.bootstrap import estimate, metrics, resamples

    if first["genres"] != second["genres"]:
        raise InputError(
            f"runs of other genres cannot be compared: {', '.join(first['genres'])} here and "
            f"{', '.join(second['genres'])} there; evaluate both with the same --genres"
        )
    left, right = ({row["id"]: row for row in run["answers"]} for run in (first, second))
    common = [ref for ref, row in left.items() if ref in right and right[ref]["genre"] == row["genre"]]
    common = [ref for ref in common if _tested(left[ref]) and _tested(right[ref])]
    if not common:
        raise InputError("the runs have no tested row in common: compare runs over the same labels")
    stats = [_stats([run[ref] for ref in common], first["genres"]) for run in (left, right)]
    units = [str(left[ref].get("unit", ref)) for ref in common]
    drawn = resamples(stats[0].truth, units, count=DRAWS, seed=first["protocol"]["seed"])
    once = np.ones((1, len(common)))
    points, samples = [metrics(each, once) for each in stats], [metrics(each, drawn) for each in stats]
    found = {}
    for metric in points[0]:
        gap = estimate(
            float(points[1][metric][0] - points[0][metric][0]), samples[1][metric] - samples[0][metric]
        )
        found[metric] = {
            "first": round(float(points[0][metric][0]), 4),
            "second": round(float(points[1][metric][0]), 4),
            "difference": {name: round(value, 4) for name, value in gap._asdict().items()},
        }
    return {"rows": len(common), "same_folds": _same_folds(first, second), "metrics": found}


def _same_folds(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether both dealt the same rows into the same folds: equal rows in equal order, and equal seeds."""
    how = [{key: run["protocol"][key] for key in ("folds", "repeats", "seed")} for run in (first, second)]
    rows = [[(row["id"], row["genre"]) for row in run["answers"]] for run in (first, second)]
    return how[0] == how[1] and rows[0] == rows[1]


def _tested(row: Mapping[str, Any]) -> bool:
    return any(None not in shares for shares in row["shares"])


def _stats(rows: Sequence[Mapping[str, Any]], genres: Sequence[str]) -> RowStats:
    from classifiers.metrics.bootstrap import row_stats

    repeats = max(len(row["shares"]) for row in rows)
    shares = np.full((repeats, len(rows), len(genres)), np.nan)
    for i, row in enumerate(rows):
        shares[: len(row["shares"]), i] = np.array(row["shares"], dtype=np.float64)
    truth: NDArray[np.intp] = np.array([genres.index(row["genre"]) for row in rows], dtype=np.intp)
    return row_stats(shares, truth)
