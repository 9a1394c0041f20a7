"""All models' answers in the same folds, and those of their ensembles and of their blend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.image import EMBEDDING
from spotitags.errors import InputError
from spotitags.evaluation.folds import masked, plan, shuffled
from spotitags.evaluation.leaderboard.jobs import INTERRUPTED, Task, TaskResult, run_tasks
from spotitags.evaluation.leaderboard.models import source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from classifiers.training.cross_validation import Fold, HeldOut
    from spotitags.evaluation.folds import Protocol
    from spotitags.evaluation.samples import Sample

    Floats = NDArray[np.float64]
    Groups = Mapping[str, Sequence[VoterName]]


class Times(NamedTuple):
    """Processor time in seconds, median of all folds: ``fit`` to learn one, ``ask`` to answer for a row.

    The median, since a process's first fold also waits for imports.
    """

    fit: float
    ask: float


@dataclass(frozen=True)
class ModelPredictions:
    """Answers; nan for rows that were not tested.

    Attributes:
        genres: Alphabetical.
        truth: (n_rows,) genre indices.
        models: Those that answered.
        votes: (n_repeats, n_rows, n_models, n_genres).
        groups: What is read to (n_repeats, n_rows, n_genres) shares of an ensemble of models that read it.
        blend: (n_repeats, n_rows, n_genres), and all nan where there are not two models.
        weights: (n_models,) in the blend, mean over folds and repeats.
        taken: (n_models,) part of the folds in which the blend took the model.
        times: Of each model, and of each group together.
        failed: The other models, with what stopped them.
        masked: Covers taken out of a fold, mean over folds.
    """

    genres: tuple[str, ...]
    truth: NDArray[np.intp]
    models: tuple[VoterName, ...]
    votes: Floats
    groups: Mapping[str, Floats]
    blend: Floats
    weights: Floats
    taken: Floats
    times: Mapping[VoterName | str, Times]
    failed: Mapping[VoterName, str]
    masked: float


@dataclass(frozen=True)
class FoldedDataset:
    """One set of samples in its folds.

    Attributes:
        samples: Those that take part.
        genres: Alphabetical.
        repeats: For each repeat its folds, no cover on both sides.
        masked: Covers taken out of a fold, mean over folds.
        seed: Of everything random.
    """

    samples: Sequence[Sample]
    genres: tuple[str, ...]
    repeats: Sequence[Sequence[Fold]]
    masked: float
    seed: int


def fold_dataset(samples: Sequence[Sample], protocol: Protocol) -> FoldedDataset:
    """Deal the samples into folds, the same for all models.

    Raises:
        InputError: The samples cannot be split, or look too much alike to be.
    """
    from classifiers.training.cross_validation import Fold

    if protocol.shuffled:
        samples = shuffled(samples, protocol.seed)
    repeats, out = [], []
    for job in plan(samples, replace(protocol, curve_repeats=0)):
        folds = []
        for train, test in job.folds:
            sides = [samples[i] for i in train], [samples[i] for i in test]
            learnt, asked = masked(*sides)
            out.append(_covers(*sides) - _covers(learnt, asked))
            if asked:
                folds.append(Fold([each.row for each in learnt], [each.row for each in asked]))
        if not folds:
            raise InputError("these covers look too much alike to be tested on one another: give other ones")
        repeats.append(folds)
    genres = tuple(sorted({sample.genre for sample in samples}))
    return FoldedDataset(samples, genres, repeats, float(np.mean(out)), protocol.seed)


def cross_validate_models(
    contests: Sequence[FoldedDataset],
    models: Sequence[VoterName],
    groups: Groups | None = None,
    *,
    workers: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[ModelPredictions]:
    """Every model in every contest.

    Args:
        contests: From `fold_dataset`.
        models: All of whose numbers the rows have.
        groups: What is read to the models that are also pooled as an ensemble, where they can answer.
        workers: Processes; None for one a core.
        progress: Called with ("models", done, in all).

    Raises:
        InputError: Not one model could answer in any contest.
    """
    # Heavy ones first, so that no core waits at the end.
    heavy_first = sorted(models, key=lambda model: model.view != EMBEDDING)
    tasks = [
        (number, repeat, model)
        for model in heavy_first
        for number, contest in enumerate(contests)
        for repeat in range(len(contest.repeats))
    ]

    def made() -> Iterator[Task]:
        for number, repeat, model in tasks:
            one = contests[number]
            yield Task((number, repeat, model), model, one.repeats[repeat], one.genres, one.seed + repeat)

    def step(done: int) -> None:
        if progress:
            progress("models", done, len(tasks))

    found = run_tasks(made(), len(tasks), workers=workers, progress=step)

    def results(number: int, model: VoterName) -> list[TaskResult]:
        keys = [(number, repeat, model) for repeat in range(len(contests[number].repeats))]
        return [found.get(key, TaskResult(key, (), error=INTERRUPTED)) for key in keys]

    boards = [
        _board(each, {model: results(number, model) for model in models}, groups or {})
        for number, each in enumerate(contests)
    ]
    if not any(board.models for board in boards):
        why = (error for board in boards for error in board.failed.values())
        raise InputError("not one model could answer: " + next(why, "there is none"))
    return boards


def _board(
    contest: FoldedDataset, results: Mapping[VoterName, Sequence[TaskResult]], groups: Groups
) -> ModelPredictions:
    failed = {
        model: next(result.error for result in each if result.error)
        for model, each in results.items()
        if any(result.error for result in each)
    }
    able = [model for model in results if model not in failed]
    if not able:
        return _empty(contest, failed)
    parts = [
        _judge(contest, _held(contest, repeat, able, results), groups)
        for repeat in range(len(contest.repeats))
    ]
    times: dict[VoterName | str, Times] = {model: _times(results[model]) for model in able}
    times |= {
        name: Times(*np.sum([times[model] for model in of if model in times], axis=0).tolist())
        for name, of in groups.items()
        if name in parts[0].groups
    }
    return ModelPredictions(
        genres=contest.genres,
        truth=_truth(contest),
        models=tuple(able),
        votes=np.stack([part.votes for part in parts]),
        groups={name: np.stack([part.groups[name] for part in parts]) for name in parts[0].groups},
        blend=np.stack([part.blend for part in parts]),
        weights=np.concatenate([part.weights for part in parts]).mean(axis=0),
        taken=(np.concatenate([part.weights for part in parts]) > 0).mean(axis=0),
        times=times,
        failed=failed,
        masked=contest.masked,
    )


def _empty(contest: FoldedDataset, failed: Mapping[VoterName, str]) -> ModelPredictions:
    """A board without any answer."""
    shape = len(contest.repeats), len(contest.samples)
    none = np.zeros(0)
    return ModelPredictions(
        genres=contest.genres,
        truth=_truth(contest),
        models=(),
        votes=np.full((*shape, 0, len(contest.genres)), np.nan),
        groups={},
        blend=np.full((*shape, len(contest.genres)), np.nan),
        weights=none,
        taken=none,
        times={},
        failed=failed,
        masked=contest.masked,
    )


def _truth(contest: FoldedDataset) -> NDArray[np.intp]:
    return np.array([contest.genres.index(sample.genre) for sample in contest.samples], dtype=np.intp)


def _times(results: Sequence[TaskResult]) -> Times:
    return Times(
        float(np.median([seconds for result in results for seconds in result.fit_seconds])),
        float(np.median([seconds for result in results for seconds in result.ask_seconds])),
    )


def _held(
    contest: FoldedDataset,
    repeat: int,
    models: Sequence[VoterName],
    results: Mapping[VoterName, Sequence[TaskResult]],
) -> HeldOut:
    from classifiers.training.cross_validation import HeldOut

    folds = contest.repeats[repeat]
    rows = [row for fold in folds for row in fold.test]
    return HeldOut(
        names=models,
        rows=rows,
        fold=np.repeat(np.arange(len(folds)), [len(fold.test) for fold in folds]),
        truth=np.array([contest.genres.index(row.genre) for row in rows], dtype=np.intp),
        predictions=[results[model][repeat].answers for model in models],
    )


class _Part(NamedTuple):
    """One repeat of a board."""

    votes: Floats
    groups: dict[str, Floats]
    blend: Floats
    weights: Floats  # (n_folds, n_models)


def _judge(contest: FoldedDataset, held: HeldOut, groups: Groups) -> _Part:
    """Votes, ensembles and blend; what is learnt behind a fold's answers is learnt on the other folds."""
    from classifiers.training.blending import blended
    from classifiers.training.cross_validation import by_fold

    number = {sample.id: i for i, sample in enumerate(contest.samples)}
    place = np.array([number[row.id] for row in held.rows])
    shape = len(contest.samples), len(contest.genres)
    members = {name: [i for i, model in enumerate(held.names) if model in of] for name, of in groups.items()}
    pools = {name: np.full(shape, np.nan) for name, of in members.items() if len(of) > 1}
    votes, blend = np.full((shape[0], len(held.names), shape[1]), np.nan), np.full(shape, np.nan)
    sources = [source(model) for model in held.names]
    weights = []
    for fold in by_fold(held):
        rows = place[fold.test]
        votes[rows] = fold.votes
        for name, pool in pools.items():
            pool[rows] = _pooled(fold.votes[:, members[name]], fold.weights()[members[name]])
        if len(held.names) > 1:
            blend[rows], learnt = blended(fold, sources)
            weights.append(learnt)
    return _Part(votes, pools, blend, np.array(weights or [np.zeros(len(held.names))]))


def _pooled(votes: Floats, weights: Floats) -> Floats:
    """As an ensemble of these models alone pools; evenly where none of them has any skill."""
    from classifiers.ensemble.pooling import pooled

    total = weights.sum()
    return pooled(votes, weights / total if total else np.full(len(weights), 1 / len(weights)))


def _covers(*sides: Sequence[Sample]) -> int:
    return sum(len(sample) for side in sides for sample in side)
