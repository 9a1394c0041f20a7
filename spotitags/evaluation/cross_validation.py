"""Cross-validate voters: run the splits in processes and collect the held-out predictions.

`run` cross-validates an ensemble; `spotitags.evaluation.leaderboard.contest` ranks single models by the same
splits, processes and predictions.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from spotitags.errors import InputError
from spotitags.evaluation.control import control_shares
from spotitags.evaluation.folds import fold_dataset
from spotitags.evaluation.predictions import EnsemblePredictions, SplitPredictions
from spotitags.io.interrupts import kept_from_children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from spotitags.evaluation.fold_cache import FoldCache
    from spotitags.evaluation.folds import FoldedDataset, Protocol, Split
    from spotitags.evaluation.samples import Progress, Sample

    Floats = NDArray[np.float64]

Task = TypeVar("Task")
Result = TypeVar("Result")


MAX_COVERS = 10  # of the learning curve over covers


def run(  # noqa: PLR0913  (each is a choice of its own, and three have defaults)
    samples: Sequence[Sample],
    taggers: Mapping[str, str],
    protocol: Protocol,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    finished: FoldCache | None = None,
) -> EnsemblePredictions:
    """Cross-validate the ensemble of all voters, with its learning curves.

    Args:
        samples: Labelled samples, from `spotitags.evaluation.samples`.
        taggers: Tagger to version.
        protocol: Number of repeats and folds.
        workers: Number of processes; None for one per core, 1 for the current process alone.
        progress: Called with ("repeats", done, total).
        finished: Splits that an earlier run finished; those of this run are added. None to cache none.

    Raises:
        InputError: The samples cannot be split or trained on.
    """
    from classifiers.errors import ClassifierError
    from classifiers.training.voters import voter_names

    dataset = fold_dataset(samples, protocol)
    curve_repeats = min(protocol.curve_repeats, protocol.repeats)
    predictions: dict[int, SplitPredictions] = {}
    try:
        voters = voter_names([sample.row for sample in dataset.samples], taggers)
        tasks = [
            (split, voters, dataset.genres, range(1, MAX_COVERS + 1) if number < curve_repeats else ())
            for number, split in enumerate(dataset.splits)  # the repeats come first
        ]
        step = progress or (lambda *_stage: None)
        if finished:
            cached = {number: finished.get(task) for number, task in enumerate(tasks)}
            predictions = {number: found for number, found in cached.items() if found is not None}
        step("repeats", len(predictions), len(tasks))
        left = [number for number in range(len(tasks)) if number not in predictions]
        for place, found in in_processes(_predict, [tasks[number] for number in left], workers):
            predictions[left[place]] = found
            if finished:
                finished.put(tasks[left[place]], found)
            step("repeats", len(predictions), len(tasks))
    except ClassifierError as error:
        raise InputError(str(error)) from error
    return _collected(dataset, voters, [predictions[number] for number in range(len(tasks))])


def in_processes(
    function: Callable[[Task], Result], tasks: Iterable[Task], workers: int | None = None
) -> Iterator[tuple[int, Result]]:
    """Call a function for each task, in several processes.

    Args:
        function: A function that can be pickled.
        tasks: Its arguments; may be an iterator that builds them as they are needed.
        workers: Number of processes; None for one per core, 1 for the current process alone.

    Yields:
        The number of a task and its result, in the order in which tasks finish.
    """
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        yield from ((number, function(task)) for number, task in enumerate(tasks))
        return
    from joblib import Parallel, delayed  # type: ignore[import-untyped]

    pool = Parallel(n_jobs=workers, return_as="generator_unordered", pre_dispatch="2*n_jobs")
    _start_resource_trackers()
    with kept_from_children():  # the first tasks start the processes, which this one ends by itself
        results = pool(delayed(_numbered)(function, number, task) for number, task in enumerate(tasks))
    yield from results


def _start_resource_trackers() -> None:
    """Start the helper processes of multiprocessing and loky, which would let workers see Ctrl-C again."""
    if os.name != "posix":
        return
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import (  # type: ignore[import-untyped]
        resource_tracker as loky_resource_tracker,
    )

    quiet = "ignore:resource_tracker"  # they warn of what they remove after an interruption
    sys.warnoptions.append(quiet)
    resource_tracker.ensure_running()
    loky_resource_tracker.ensure_running()
    sys.warnoptions.remove(quiet)


def _numbered(function: Callable[[Task], Result], number: int, task: Task) -> tuple[int, Result]:
    return number, function(task)


def _predict(task: tuple[Split, Sequence[VoterName], Sequence[str], Sequence[int]]) -> SplitPredictions:
    """Fit all voters on each fold and predict its test rows.

    How sure pooled votes are, and the weights of voters and of their kinds, are fitted, for each fold, on the
    predictions of the other folds, as `classifiers.training.train` does for a model card.
    """
    from threadpoolctl import threadpool_limits

    from classifiers.training.cross_validation import ensemble_predictions, predict_held_out

    split, voters, genres, limits = task
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other
        full, *fewer = predict_held_out(split.folds, voters, genres, seed=split.seed, limits=(None, *limits))
        return SplitPredictions(
            ensemble_predictions(full),
            [ensemble_predictions(full, each).shares for each in fewer],
            None if split.artists else control_shares(full, split, genres),
        )


def _collected(
    dataset: FoldedDataset, voters: Sequence[VoterName], predictions: Sequence[SplitPredictions]
) -> EnsemblePredictions:
    """Arrange the predictions of all splits by repeat and row."""

    def placed(split: Split, values: Floats) -> Floats:
        """(n_rows, ...) the (n_tested, ...) values at their rows."""
        rows = np.full((len(dataset.samples), *values.shape[1:]), np.nan)
        rows[split.tested] = values
        return rows

    by_size: dict[int | None, list[tuple[Split, SplitPredictions]]] = defaultdict(list)
    for split, found in zip(dataset.splits, predictions, strict=True):
        by_size[split.artists].append((split, found))
    full = by_size.pop(None)
    curve = [(split, found.by_covers) for split, found in full if found.by_covers]
    controls = [placed(split, found.control) for split, found in full if found.control is not None]
    return EnsemblePredictions(
        genres=dataset.genres,
        truth=dataset.truth,
        voters=tuple(voters),
        votes=np.stack([placed(split, found.full.votes) for split, found in full]),
        weights=np.stack([placed(split, found.full.weights) for split, found in full]),
        known=np.stack([placed(split, found.full.known.astype(np.float64)) == 1 for split, found in full]),
        blends={
            kinds: np.stack([placed(split, found.full.blends[kinds]) for split, found in full])
            for kinds in full[0][1].full.blends
        },
        control=np.stack(controls) if controls else None,
        by_covers=np.array(
            [[placed(split, by_covers[i]) for split, by_covers in curve] for i in range(MAX_COVERS)]
        ),
        by_artists={
            float(np.mean([split.trained_on for split, _ in of_size])): np.stack(
                [placed(split, found.full.shares) for split, found in of_size]
            )
            for _, of_size in sorted(by_size.items(), key=lambda item: item[0] or 0)
        },
        masked=dataset.masked,
        trained_on=dataset.trained_on,
    )
