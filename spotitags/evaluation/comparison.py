"""Compare runs on the rows that they have in common, with intervals of the differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.errors import InputError
from spotitags.evaluation.estimates import DIGITS, Bootstrap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.metrics.bootstrap import RowStats


def against_first(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Compare the first run with each of the others by `compare`.

    Raises:
        InputError: There is no other run, or one cannot be compared.
    """
    if len(runs) < 2:  # noqa: PLR2004
        raise InputError("a comparison needs two runs at least: name another scores.json")
    return [compare(runs[0], run) for run in runs[1:]]


def compare(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Compute how much better the second run's ensemble is on the rows that both runs tested.

    A bootstrap sample draws the same rows of both runs, so that hard rows are hard for both and only the
    difference remains (a paired bootstrap).

    Args:
        first: Content of a ``scores.json``.
        second: Content of another one, with the same genres.

    Returns:
        ``rows``: the number of rows in common; ``same_folds``: whether both were split alike; and by metric
        ``first``, ``second`` and their ``difference``, second minus first: ``value``, ``low``, ``high``. For
        log loss and calibration error lower is better.

    Raises:
        InputError: The genres differ, or the runs have no tested row in common.
    """
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
    bootstrap = Bootstrap(stats[0].truth, units, first["protocol"]["seed"])
    before, after = map(bootstrap.metrics, stats)
    metrics = {
        name: {
            "first": round(before[name].value, DIGITS),
            "second": round(after[name].value, DIGITS),
            "difference": after[name].minus(before[name]).as_json(),
        }
        for name in before
    }
    return {"rows": len(common), "same_folds": _same_folds(first, second), "metrics": metrics}


def _same_folds(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Return whether both runs have the same folds: equal rows in equal order, and equal seeds."""
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
