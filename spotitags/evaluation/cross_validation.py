"""Cross-validate voters: run the splits in processes and collect the held-out predictions.

`run` cross-validates an ensemble; `spotitags.evaluation.leaderboard.contest` ranks single models by the same
splits, processes and predictions.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from spotitags.errors import InputError
from spotitags.evaluation.folds import fold_dataset
from spotitags.io.interrupts import kept_from_children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from spotitags.evaluation.fold_cache import FoldCache, SplitPredictions
    from spotitags.evaluation.folds import FoldedDataset, Protocol, Split
    from spotitags.evaluation.samples import Progress, Sample

    Floats = NDArray[np.float64]

Task = TypeVar("Task")
Result = TypeVar("Result")


MAX_COVERS = 10  # of the learning curve over covers


@dataclass(frozen=True)
class HeldOutPredictions:
    """Predictions on rows that neither voters nor weights were trained on; nan for rows that were not tested.

    Attributes:
        genres: Names, alphabetical.
        truth: (n_rows,) genre indices.
        voters: Names.
        votes: (n_repeats, n_rows, n_voters, n_genres).
        weights: (n_repeats, n_rows, n_voters) weight of each voter in the fold that tested the row; they sum
            to 1 over the voters.
    """

    genres: tuple[str, ...]
    truth: NDArray[np.intp]
    voters: tuple[VoterName, ...]
    votes: Floats
    weights: Floats

    def pooled(self, chosen: Sequence[int]) -> tuple[Floats, float]:
        """Pool some voters as an ensemble, by their weights in each fold, or evenly if all weights are 0.

        Args:
            chosen: Numbers of the voters.

        Returns:
            (n_repeats, n_rows, n_genres) shares, and the mean of the voters' summed weight.
        """
        from classifiers.ensemble.pooling import pooled

        weights = self.weights[..., chosen]
        total = weights.sum(axis=-1, keepdims=True)
        even = np.full_like(weights, 1 / len(chosen))
        parts = np.divide(weights, total, out=even, where=total > 0)
        return pooled(self.votes[:, :, chosen], parts), float(np.nanmean(total))


@dataclass(frozen=True)
class EnsemblePredictions(HeldOutPredictions):
    """Predictions of an ensemble of all voters, and its learning curves.

    Attributes:
        by_covers: (MAX_COVERS, curve_repeats, n_rows, n_genres) shares from at most 1, 2 ... covers of each
            tested artist.
        by_artists: Mean number of training artists to (curve_repeats, n_rows, n_genres) shares.
        masked: Number of covers removed from a fold, mean over folds.
        trained_on: Number of training rows, mean over folds.
    """

    by_covers: Floats
    by_artists: Mapping[float, Floats]
    masked: float
    trained_on: float

    @cached_property
    def ensemble(self) -> Floats:
        """(n_repeats, n_rows, n_genres) shares of the ensemble."""
        from classifiers.ensemble.pooling import pooled

        return pooled(self.votes, self.weights)


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

    How sure pooled votes are and the weights of the voters are fitted, for each fold, on the predictions of
    the other folds, as `classifiers.training.train` does for a model card.
    """
    from threadpoolctl import threadpool_limits

    from classifiers.training.cross_validation import ensemble_predictions, predict_held_out

    split, voters, genres, limits = task
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other
        full, *fewer = predict_held_out(split.folds, voters, genres, seed=split.seed, limits=(None, *limits))
        return ensemble_predictions(full), [ensemble_predictions(full, each).shares for each in fewer]


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
    curve = [(split, by_covers) for split, (_, by_covers) in full if by_covers]
    return EnsemblePredictions(
        genres=dataset.genres,
        truth=dataset.truth,
        voters=tuple(voters),
        votes=np.stack([placed(split, found.votes) for split, (found, _) in full]),
        weights=np.stack([placed(split, found.weights) for split, (found, _) in full]),
        by_covers=np.array(
            [[placed(split, by_covers[i]) for split, by_covers in curve] for i in range(MAX_COVERS)]
        ),
        by_artists={
            float(np.mean([split.trained_on for split, _ in of_size])): np.stack(
                [placed(split, found.shares) for split, (found, _) in of_size]
            )
            for _, of_size in sorted(by_size.items(), key=lambda item: item[0] or 0)
        },
        masked=dataset.masked,
        trained_on=dataset.trained_on,
    )
