"""Tables of the experiment, and whether the findings of 2015 hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.evaluation.estimates import Bootstrap, Statistic
from spotitags.evaluation.samples import counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spotitags.evaluation.replication_2015.experiment import Outcome

    Floats = NDArray[np.float64]


def table(outcome: Outcome, title: str) -> dict[str, Any]:
    """Build a table of ``seed.json``: balanced accuracy of every choice of tags by every classifier."""
    rows = counts(outcome.samples)
    bootstrap = _bootstrap(outcome)
    cells = [
        {"view": view, "classifier": name, "balanced_accuracy": _balanced(values, bootstrap).as_json()}
        for (view, name), values in outcome.right.items()
    ]
    return {"title": title, "chance": 1 / len(rows), "rows": rows, "cells": cells}


def difference(outcome: Outcome, better: str, worse: str) -> dict[str, float]:
    """Compare the choices whose names start with ``better`` to those that start with ``worse``.

    Returns:
        The difference of their balanced accuracies, mean over choices and classifiers, with the interval of a
        paired bootstrap.
    """
    gap = _mean(outcome, better) - _mean(outcome, worse)
    return _balanced(gap, _bootstrap(outcome)).as_json()


def findings(two: Outcome, three: Outcome) -> list[dict[str, str]]:
    """Compare what the article of 2015 reports with the results: claim, verdict, and what was measured.

    Args:
        two: Outcome with two genres.
        three: Outcome with three genres.
    """
    best = max(two.right, key=lambda system: _skill(two, two.right[system]))
    reached = _skill(two, two.right[best])
    top = [_skill(outcome, _mean(outcome, "top")) for outcome in (two, three)]
    drop = difference(three, "top", "all")
    gain = difference(three, "distinct", "top")
    return [
        {
            "claim": "two genres are told apart well",
            "verdict": "holds" if reached >= 0.5 else "does not hold",  # noqa: PLR2004 - half way from chance
            "measured": f"best: {' by '.join(best)}, balanced accuracy {0.5 + reached / 2:.2f}",
        },
        {
            "claim": "three genres with top-n are unexpectedly worse",
            "verdict": _verdict(top[1] < top[0], drop["high"] < 0),
            "measured": f"from chance (0) to certainty (1) top-n goes {top[0]:.2f} with two genres, "
            f"{top[1]:.2f} with three; there top-n against all tags {_signed(drop)}",
        },
        {
            "claim": "distinct tags are much better than top-n",
            "verdict": _verdict(gain["low"] > 0, gain["value"] >= 0.05),  # noqa: PLR2004 - "much"
            "measured": f"three genres, distinct against top-n {_signed(gain)}",
        },
    ]


def _skill(outcome: Outcome, values: Floats) -> float:
    """Balanced accuracy of (n_samples,) values, scaled from 0 for chance to 1 for certainty."""
    truth = _truth(outcome)
    chance = 1 / (int(truth.max()) + 1)
    accuracy = float(_balanced_accuracy(values, truth, np.ones((1, len(truth))))[0])
    return (accuracy - chance) / (1 - chance)


def _mean(outcome: Outcome, choice: str) -> Floats:
    """(n_samples,) mean over all systems whose choice of tags starts so."""
    chosen = [values for (view, _), values in outcome.right.items() if view.startswith(choice)]
    return np.asarray(np.mean(chosen, axis=0))


def _truth(outcome: Outcome) -> NDArray[np.intp]:
    genres = list(counts(outcome.samples))
    return np.array([genres.index(sample.genre) for sample in outcome.samples], dtype=np.intp)


def _bootstrap(outcome: Outcome) -> Bootstrap:
    return Bootstrap(_truth(outcome), [sample.unit for sample in outcome.samples], outcome.seed)


def _balanced(values: Floats, bootstrap: Bootstrap) -> Statistic:
    """Mean over genres of the genres' means of (n_rows,) values."""
    (value,) = _balanced_accuracy(values, bootstrap.truth, bootstrap.once)
    return Statistic(float(value), _balanced_accuracy(values, bootstrap.truth, bootstrap.drawn))


def _balanced_accuracy(values: Floats, truth: NDArray[np.intp], weights: Floats) -> Floats:
    """(n_draws,) mean over genres of (n_rows,) values by (n_draws, n_rows) weights; nan is left out."""
    known = weights * ~np.isnan(values)
    genres = np.eye(int(truth.max()) + 1)[truth]
    sums = (known * np.nan_to_num(values)) @ genres
    return np.asarray((sums / np.maximum(known @ genres, 1e-9)).mean(axis=1))


def _verdict(first: bool, second: bool) -> str:  # noqa: FBT001 - the two halves of a claim
    return "holds" if first and second else "holds in part" if first or second else "does not hold"


def _signed(gap: Mapping[str, float]) -> str:
    return f"{gap['value']:+.3f} ({gap['low']:+.3f} to {gap['high']:+.3f})"
