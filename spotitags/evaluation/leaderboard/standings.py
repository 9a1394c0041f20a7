"""Build the rows of ``leaderboard.json``: scores of each model, best first, and differences to the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.evaluation.estimates import Bootstrap, rounded, significant
from spotitags.evaluation.leaderboard.contest import Times
from spotitags.evaluation.leaderboard.models import full_name, input_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from classifiers.ensemble.results import VoterName
    from spotitags.evaluation.estimates import Statistic
    from spotitags.evaluation.leaderboard.contest import ModelPredictions
    from spotitags.evaluation.samples import Sample

    Metrics = Mapping[str, Statistic]


RANKED_BY = "balanced_accuracy"


def standings(
    samples: Sequence[Sample],
    predictions: ModelPredictions,
    groups: Mapping[str, Sequence[VoterName]] | None = None,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Rank all models and ensembles, then name the models that failed.

    A row's ``to_best`` is its balanced accuracy minus that of the best one, with the interval over bootstrap
    samples that draw the same artists for both: hard artists are hard for both, and only the difference
    remains. ``within_noise`` is true if the interval includes 0.

    Args:
        samples: Samples in the order of the predictions.
        predictions: From `spotitags.evaluation.leaderboard.contest`.
        groups: Inputs to the models that are also pooled as an ensemble; models that failed are left out.
        seed: Seed of the bootstrap.

    Returns:
        ``standings``, the best row first; and the ``blend``, None if there are fewer than two models.
    """
    bootstrap = Bootstrap(predictions.truth, [sample.unit for sample in samples], seed)
    models = predictions.voters
    scored = [
        (_name(model), bootstrap.scores(predictions.votes[:, :, i]), predictions.times[model])
        for i, model in enumerate(models)
    ]
    for name, group in (groups or {}).items():
        members = [i for i, model in enumerate(models) if model in group]
        if len(members) > 1:
            times = Times(*np.sum([predictions.times[models[i]] for i in members], axis=0).tolist())
            names = {"name": f"ensemble of {name}", "model": "ensemble", "reads": name}
            scored.append((names, bootstrap.scores(predictions.pooled(members)[0]), times))
    best = max((metrics for _, metrics, _ in scored), key=lambda metrics: metrics[RANKED_BY].value)
    rows = [
        names
        | _row(metrics, best)
        | {"fit_seconds": significant(times.fit), "ask_seconds": significant(times.predict)}
        for names, metrics, times in scored
    ]
    rows.sort(key=lambda row: (-row["scores"][RANKED_BY]["value"], row["scores"]["log_loss"]["value"]))
    blend = None
    if not np.isnan(predictions.blend).all():
        blend = _row(bootstrap.scores(predictions.blend), best) | {"of": _parts(predictions)}
    return {"standings": rows + _failed(predictions), "blend": blend}


def pair_areas(
    samples: Sequence[Sample], predictions: ModelPredictions, *, seed: int = 0
) -> list[dict[str, Any]]:
    """Compute each model's area under the ROC curve between the two genres of the predictions.

    Args:
        samples: Samples in the order of the predictions.
        predictions: Predictions for two genres.
        seed: Seed of the bootstrap.
    """
    bootstrap = Bootstrap(predictions.truth, [sample.unit for sample in samples], seed)
    areas = [
        _name(model) | bootstrap.pair_areas(predictions.votes[:, :, i])[0, 1].as_json()
        for i, model in enumerate(predictions.voters)
    ]
    return areas + _failed(predictions)


def all_rows(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All rows of a ``leaderboard.json``, of models that failed, too."""
    pairs = found.get("pairs", ())
    return [*found.get("standings", ()), *(area for pair in pairs for area in pair["areas"])]


def _row(metrics: Metrics, best: Metrics) -> dict[str, Any]:
    gap = metrics[RANKED_BY].minus(best[RANKED_BY])
    low, high = gap.estimate()[1:]
    return {
        "scores": {name: metric.as_json() for name, metric in metrics.items()},
        "to_best": gap.as_json(),
        "within_noise": bool(low <= 0 <= high),
    }


def _parts(predictions: ModelPredictions) -> list[dict[str, Any]]:
    """The models of the blend, heaviest first: mean weight, and the fraction of the folds with the model."""
    weights = predictions.blend_weights.mean(axis=0)
    taken = (predictions.blend_weights > 0).mean(axis=0)
    return [
        _name(predictions.voters[i])
        | {"weight": rounded(float(weights[i])), "taken": rounded(float(taken[i]))}
        for i in np.argsort(-weights, kind="stable").tolist()
        if taken[i] > 0
    ]


def _failed(predictions: ModelPredictions) -> list[dict[str, Any]]:
    return [_name(model) | {"error": error} for model, error in predictions.failed.items()]


def _name(model: VoterName) -> dict[str, Any]:
    return {"name": full_name(model), "model": model.classifier.replace("_", "-"), "reads": input_name(model)}
