"""Every model on every fold: its answers, how long it took, and what stopped it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from classifiers.image import EMBEDDING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from classifiers.ensemble.results import VoterName
    from classifiers.training.cross_validation import Fold
    from classifiers.training.dataset import Row
    from classifiers.training.voters import VoterPredictions


INTERRUPTED = "interrupted"  # the error of a task that was not done
WORTH = 10.0  # seconds of work from which other processes, which take seconds to start, are worth it


class Task(NamedTuple):
    """One model, to be cross-validated once.

    Attributes:
        key: By which its result is known again.
        model: Which.
        folds: Rows to learn from and to ask about.
        genres: Order of the probabilities.
        seed: Of everything random.
    """

    key: Hashable
    model: VoterName
    folds: Sequence[Fold]
    genres: Sequence[str]
    seed: int


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of a task.

    Attributes:
        key: Of the task.
        answers: On each tested row, fold by fold; empty where the model failed.
        fit_seconds: Processor time to learn, of each fold.
        ask_seconds: Processor time to answer for a row, of each fold.
        error: What stopped it, or empty.
    """

    key: Hashable
    answers: tuple[VoterPredictions, ...]
    fit_seconds: tuple[float, ...] = ()
    ask_seconds: tuple[float, ...] = ()
    error: str = ""


def run_tasks(
    tasks: Iterable[Task], count: int, *, workers: int | None = None, progress: Callable[[int], None]
) -> dict[Hashable, TaskResult]:
    """The results by key; of an interrupted run those that were there, if there was one.

    Args:
        tasks: May be made as they are needed.
        count: How many there are.
        workers: Processes; None for one a core, 1 for none but this one.
        progress: Called with the number of tasks done.
    """
    found: dict[Hashable, TaskResult] = {}
    try:
        for done, result in enumerate(_worked(iter(tasks), count, workers or os.cpu_count() or 1), start=1):
            found[result.key] = result
            progress(done)
    except KeyboardInterrupt:  # hours of finished models are worth a table
        if not found:
            raise
    return found


def _worked(tasks: Iterator[Task], count: int, workers: int) -> Iterator[TaskResult]:
    """The results as they come; the first task, a heavy one, shows whether processes are worth it."""
    start = time.monotonic()
    yield from map(run_task, islice(tasks, 1))
    if workers == 1 or (time.monotonic() - start) * (count - 1) < WORTH:
        yield from map(run_task, tasks)
        return
    from joblib import Parallel, delayed  # type: ignore[import-untyped]

    pool = Parallel(n_jobs=workers, return_as="generator_unordered", pre_dispatch="2*n_jobs")
    yield from pool(delayed(run_task)(_slim(task)) for task in tasks)


def run_task(task: Task) -> TaskResult:
    """Fit one model on each fold and ask it; what stops it is its result, and stops nobody else."""
    from threadpoolctl import threadpool_limits

    from classifiers.training.voters import fit_voters

    answers: list[VoterPredictions] = []
    fitting, asking = [], []
    try:
        with threadpool_limits(1):  # the matrices are small, and the other cores have models of their own
            for fold in task.folds:
                start = time.process_time()
                (fitted,) = fit_voters(fold.train, [task.model], task.genres, seed=task.seed)
                learnt = time.process_time()
                answers += fitted.predict(fold.test)
                asking.append((time.process_time() - learnt) / len(fold.test))
                fitting.append(learnt - start)
    except Exception as error:  # noqa: BLE001 - whatever a model does wrong, the others go on
        return TaskResult(task.key, (), error=f"{type(error).__name__}: {error}")
    return TaskResult(task.key, tuple(answers), tuple(fitting), tuple(asking))


def _slim(task: Task) -> Task:
    """The task with what its model reads alone, for the way to another process."""
    folds = [
        fold._replace(
            train=[_read(row, task.model) for row in fold.train],
            test=[_read(row, task.model) for row in fold.test],
        )
        for fold in task.folds
    ]
    return task._replace(folds=folds)


def _read(row: Row, model: VoterName) -> Row:
    of_tags = model.view != EMBEDDING
    covers = {model.tagger: row.covers[model.tagger]} if of_tags else {}
    return replace(
        row, covers=covers, embeddings={} if of_tags else {model.tagger: row.embeddings[model.tagger]}
    )
