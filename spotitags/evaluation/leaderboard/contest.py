"""Predictions of all models in the same folds, and of a blend of the best ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.image import EMBEDDING
from spotitags.errors import InputError
from spotitags.evaluation.leaderboard.jobs import Task, run_tasks
from spotitags.evaluation.leaderboard.models import source
from spotitags.evaluation.predictions import HeldOutPredictions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from classifiers.training.cross_validation import HeldOut
    from spotitags.evaluation.folds import FoldedDataset
    from spotitags.evaluation.leaderboard.jobs import TaskResult
    from spotitags.evaluation.samples import Progress

    Floats = NDArray[np.float64]
    Results = Mapping[VoterName, Sequence[TaskResult]]  # one for each repeat


class Times(NamedTuple):
    """Processor time in seconds: ``fit`` to fit a fold, ``predict`` to predict a row; medians over all folds.

    The median, since the first fold in a process also waits for imports.
    """

    fit: float
    predict: float


@dataclass(frozen=True)
class ModelPredictions(HeldOutPredictions):
    """Predictions of all models that did not fail, which are its ``voters``.

    Attributes:
        blend: (n_repeats, n_rows, n_genres) shares of the blend; all nan if there are fewer than two models.
        blend_weights: (n_folds of all repeats, n_models) weights in the blend.
        times: Times of each model.
        failed: The other models, with the error that stopped them.
    """

    blend: Floats
    blend_weights: Floats
    times: Mapping[VoterName, Times]
    failed: Mapping[VoterName, str]


def cross_validate_models(
    datasets: Sequence[FoldedDataset],
    models: Sequence[VoterName],
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[ModelPredictions]:
    """Cross-validate every model on every dataset.

    Args:
        datasets: From `spotitags.evaluation.folds.fold_dataset`, without learning curves.
        models: Models whose inputs all rows have.
        workers: Number of processes; None for one per core.
        progress: Called with ("models", done, total).

    Returns:
        The predictions on each dataset.

    Raises:
        InputError: Every model failed on every dataset.
    """
    # Heavy ones first, so that no core waits at the end.
    heavy_first = sorted(models, key=lambda model: model.view != EMBEDDING)
    keys = [
        (model, number, repeat)
        for model, (number, dataset) in product(heavy_first, enumerate(datasets))
        for repeat in range(len(dataset.splits))
    ]

    def tasks() -> Iterator[Task]:
        for model, number, repeat in keys:
            split = datasets[number].splits[repeat]
            yield Task(model, split.folds, datasets[number].genres, split.seed)

    def step(done: int) -> None:
        if progress:
            progress("models", done, len(keys))

    step(0)
    results = dict(zip(keys, run_tasks(tasks(), len(keys), workers=workers, progress=step), strict=True))
    predictions = [
        _collected(
            dataset,
            {
                model: [results[model, number, repeat] for repeat in range(len(dataset.splits))]
                for model in models
            },
        )
        for number, dataset in enumerate(datasets)
    ]
    if not any(found.voters for found in predictions):
        errors = (error for found in predictions for error in found.failed.values())
        raise InputError("every model failed: " + next(errors, "there is no model to compare"))
    return predictions


def _collected(dataset: FoldedDataset, results: Results) -> ModelPredictions:
    """Votes, weights and blend; for each fold weights and blend are fitted on the other folds."""
    from classifiers.training.blending import blended
    from classifiers.training.cross_validation import by_fold

    errors = {model: [result.error for result in each if result.error] for model, each in results.items()}
    models = tuple(model for model in results if not errors[model])
    sources = [source(model) for model in models]
    shape = len(dataset.splits), len(dataset.samples), len(dataset.genres)
    votes = np.full((*shape[:2], len(models), shape[2]), np.nan)
    weights, blend = np.full((*shape[:2], len(models)), np.nan), np.full(shape, np.nan)
    blend_weights = []
    for repeat, split in enumerate(dataset.splits if models else ()):
        for fold in by_fold(_held_out(dataset, repeat, {model: results[model] for model in models})):
            rows = split.tested[fold.test]
            votes[repeat, rows], weights[repeat, rows] = fold.votes, fold.weights()
            if len(models) > 1:
                blend[repeat, rows], fitted = blended(fold, sources)
                blend_weights.append(fitted)
    return ModelPredictions(
        genres=dataset.genres,
        truth=dataset.truth,
        voters=models,
        votes=votes,
        weights=weights,
        blend=blend,
        blend_weights=np.array(blend_weights),
        times={model: _times(results[model]) for model in models},
        failed={model: each[0] for model, each in errors.items() if each},
    )


def _held_out(dataset: FoldedDataset, repeat: int, results: Results) -> HeldOut:
    from classifiers.training.cross_validation import HeldOut

    split = dataset.splits[repeat]
    return HeldOut(
        names=list(results),
        rows=[row for fold in split.folds for row in fold.test],
        fold=np.repeat(np.arange(len(split.folds)), [len(fold.test) for fold in split.folds]),
        truth=dataset.truth[split.tested],
        predictions=[each[repeat].predictions for each in results.values()],
    )


def _times(results: Sequence[TaskResult]) -> Times:
    return Times(
        float(np.median([seconds for result in results for seconds in result.fit_seconds])),
        float(np.median([seconds for result in results for seconds in result.predict_seconds])),
    )
