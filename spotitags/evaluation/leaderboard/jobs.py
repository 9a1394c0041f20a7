"""Fit and time each model on the folds of a split; a model that fails does not stop the others."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from classifiers.image import EMBEDDING
from spotitags.evaluation.cross_validation import in_processes
from spotitags.io.interrupts import allow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from classifiers.ensemble.results import VoterName
    from classifiers.training.cross_validation import Fold
    from classifiers.training.dataset import Row
    from classifiers.training.voters import VoterPredictions


INTERRUPTED = "interrupted"  # the error of a task that was not done
TABLE_SECONDS = 60.0  # maximum after an interruption
MIN_SECONDS = 10.0  # of work, to start other processes, which takes seconds itself


class Task(NamedTuple):
    """One model, to be cross-validated once.

    Attributes:
        model: Name of the model.
        folds: Training and test rows.
        genres: Order of the probabilities.
        seed: Seed of everything random.
    """

    model: VoterName
    folds: Sequence[Fold]
    genres: Sequence[str]
    seed: int


@dataclass(frozen=True, slots=True)
class TaskResult:
    """Predictions of one model, or the error that stopped it.

    Attributes:
        predictions: One for each test row, fold by fold; empty where the model failed.
        fit_seconds: Processor time to fit, for each fold.
        predict_seconds: Processor time to predict a row, for each fold.
        error: Message of the error, or empty.
    """

    predictions: tuple[VoterPredictions, ...] = ()
    fit_seconds: tuple[float, ...] = ()
    predict_seconds: tuple[float, ...] = ()
    error: str = ""


def run_tasks(
    tasks: Iterable[Task], count: int, *, workers: int | None = None, progress: Callable[[int], None]
) -> list[TaskResult]:
    """Run all tasks; after an interruption the unfinished ones have the error `INTERRUPTED`.

    Args:
        tasks: Tasks; may be an iterator that builds them as they are needed.
        count: Number of tasks.
        workers: Number of processes; None for one per core, 1 for the current process alone.
        progress: Called with the number of finished tasks.

    Returns:
        The results in the order of the tasks.

    Raises:
        KeyboardInterrupt: No task was finished before the interruption.
    """
    found: dict[int, TaskResult] = {}
    try:
        for number, result in _results(iter(tasks), count, workers):
            found[number] = result
            progress(len(found))
    except KeyboardInterrupt:  # hours of finished models are worth a table
        if not found:
            raise
        allow(TABLE_SECONDS, f"interrupted; a table of {len(found)} of {count} models follows")
    return [found.get(number, TaskResult(error=INTERRUPTED)) for number in range(count)]


def _results(tasks: Iterator[Task], count: int, workers: int | None) -> Iterator[tuple[int, TaskResult]]:
    """Task numbers and results; the first task, a heavy one, shows whether other processes are worth it."""
    start = time.monotonic()
    yield from in_processes(run_task, islice(tasks, 1), workers=1)
    if workers == 1 or (time.monotonic() - start) * (count - 1) < MIN_SECONDS:
        rest = in_processes(run_task, tasks, workers=1)
    else:
        rest = in_processes(run_task, map(_without_unused_inputs, tasks), workers)
    yield from ((number + 1, result) for number, result in rest)


def run_task(task: Task) -> TaskResult:
    """Fit one model on each fold and predict the test rows; an error becomes the result."""
    from threadpoolctl import threadpool_limits

    from classifiers.training.voters import fit_voters

    predictions: list[VoterPredictions] = []
    fitting, predicting = [], []
    try:
        with threadpool_limits(1):  # the matrices are small, and the other cores run other models
            for fold in task.folds:
                start = time.process_time()
                (fitted,) = fit_voters(fold.train, [task.model], task.genres, seed=task.seed)
                fitted_at = time.process_time()
                predictions += fitted.predict(fold.test)
                predicting.append((time.process_time() - fitted_at) / len(fold.test))
                fitting.append(fitted_at - start)
    except Exception as error:  # noqa: BLE001 - whatever a model does wrong, the others go on
        return TaskResult(error=f"{type(error).__name__}: {error}")
    return TaskResult(tuple(predictions), tuple(fitting), tuple(predicting))


def _without_unused_inputs(task: Task) -> Task:
    """The task with the inputs of its model alone, so that less is sent to another process."""
    folds = [
        fold._replace(
            train=[_only_inputs(row, task.model) for row in fold.train],
            test=[_only_inputs(row, task.model) for row in fold.test],
        )
        for fold in task.folds
    ]
    return task._replace(folds=folds)


def _only_inputs(row: Row, model: VoterName) -> Row:
    if model.view == EMBEDDING:
        return replace(row, covers={}, embeddings={model.tagger: row.embeddings[model.tagger]})
    return replace(row, covers={model.tagger: row.covers[model.tagger]}, embeddings={})
