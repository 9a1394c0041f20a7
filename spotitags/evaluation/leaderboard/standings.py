"""From answers to ``leaderboard.json``: a row a model, best first, and what of the differences is noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.evaluation.leaderboard.models import full_name, input_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from classifiers.metrics.bootstrap import Estimate
    from spotitags.evaluation.leaderboard.contest import ModelPredictions, Times
    from spotitags.evaluation.samples import Sample

    Floats = NDArray[np.float64]


FORMAT = 1
DRAWS = 1000  # bootstrap samples
DIGITS = 4
RANKED_BY = "balanced_accuracy"


def standings(samples: Sequence[Sample], board: ModelPredictions, *, seed: int = 0) -> dict[str, Any]:
    """``standings``, best first, then the models that failed; and the ``blend``.

    A row's ``to_best`` is its balanced accuracy less the best one's, with the interval over bootstrap
    samples that draw the same artists for both: hard artists are hard for both, and only the difference is
    left. ``within_noise`` says that the interval has 0 in it.

    Args:
        samples: In the board's order.
        board: From `spotitags.evaluation.leaderboard.contest`.
        seed: Of the bootstrap.
    """
    from classifiers.metrics.bootstrap import resamples

    drawn = resamples(board.truth, [sample.unit for sample in samples], count=DRAWS, seed=seed)
    names: list[VoterName | str] = [*board.models, *board.groups]
    answers = [*(board.votes[:, :, i] for i in range(len(board.models))), *board.groups.values()]
    each = [_scored(shares, board.truth, drawn) for shares in answers]
    best = max(each, key=lambda scored: scored["value"])
    rows = [
        _name(name) | _row(scored, best) | _times(board.times[name])
        for name, scored in zip(names, each, strict=True)
    ]
    rows.sort(key=lambda row: (-row["scores"][RANKED_BY]["value"], row["scores"]["log_loss"]["value"]))
    failed = [_name(model) | {"error": why} for model, why in board.failed.items()]
    blend = None
    if not np.isnan(board.blend).all():
        blend = _row(_scored(board.blend, board.truth, drawn), best) | {"of": _parts(board)}
    return {"standings": rows + failed, "blend": blend}


def pair_areas(samples: Sequence[Sample], board: ModelPredictions, *, seed: int = 0) -> list[dict[str, Any]]:
    """Of a board of two genres, for each model the area under the ROC curve with its interval."""
    from classifiers.metrics.bootstrap import estimate, pair_aucs, resamples

    drawn = resamples(board.truth, [sample.unit for sample in samples], count=DRAWS, seed=seed)
    found = []
    for i, model in enumerate(board.models):
        area, several = pair_aucs(board.votes[:, :, i], board.truth, drawn)[0, 1]
        found.append(_name(model) | _estimate(estimate(area, several)))
    return found + [_name(model) | {"error": why} for model, why in board.failed.items()]


def _scored(shares: Floats, truth: NDArray[np.intp], drawn: Floats) -> dict[str, Any]:
    """Estimates of each metric; and the ranking one's value and bootstrap samples."""
    from classifiers.metrics.bootstrap import estimates, metrics, row_stats

    stats = row_stats(shares, truth)
    point, several = metrics(stats, np.ones((1, len(truth)))), metrics(stats, drawn)
    return {
        "scores": {name: _estimate(found) for name, found in estimates(point, several).items()},
        "value": float(point[RANKED_BY][0]),
        "samples": several[RANKED_BY],
    }


def _row(scored: Mapping[str, Any], best: Mapping[str, Any]) -> dict[str, Any]:
    from classifiers.metrics.bootstrap import estimate

    gap = estimate(scored["value"] - best["value"], scored["samples"] - best["samples"])
    return {
        "scores": scored["scores"],
        "to_best": _estimate(gap),
        "within_noise": bool(gap.low <= 0 <= gap.high),
    }


def _parts(board: ModelPredictions) -> list[dict[str, Any]]:
    """The models of the blend, heaviest first: mean weight, and the part of the folds that took each."""
    order = np.argsort(-board.weights, kind="stable")
    return [
        _name(board.models[i])
        | {"weight": round(float(board.weights[i]), DIGITS), "taken": round(float(board.taken[i]), DIGITS)}
        for i in order.tolist()
        if board.taken[i] > 0
    ]


def _name(model: VoterName | str) -> dict[str, str]:
    if isinstance(model, str):
        return {"name": f"ensemble of {model}", "model": "ensemble", "reads": model}
    return {"name": full_name(model), "model": model.classifier.replace("_", "-"), "reads": input_name(model)}


def _times(times: Times) -> dict[str, float]:
    return {"fit_seconds": float(f"{times.fit:.4g}"), "ask_seconds": float(f"{times.ask:.4g}")}


def _estimate(found: Estimate) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in found._asdict().items()}
