"""The protocol: repeated stratified folds over artists, each fold with covers kept apart."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spotitags.errors import InputError
from spotitags.evaluation.folds import masked, plan, shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from classifiers.training.dataset import Row
    from spotitags.evaluation.folds import Job, Protocol
    from spotitags.evaluation.samples import Sample

    Floats = NDArray[np.float64]


MOST_COVERS = 10  # of the learning curve over covers


class JobResult(NamedTuple):
    """What came of a job.

    Attributes:
        job: Which.
        tested: Row numbers, aligned with the answers.
        answers: On the tested rows.
        trained_on: Rows learnt from, mean over folds.
        masked: Covers taken out on either side, mean over folds.
    """

    job: Job
    tested: list[int]
    answers: RepeatPredictions
    trained_on: float
    masked: float


@dataclass(frozen=True)
class HeldOutPredictions:
    """All answers of an evaluation; nan for rows that were not tested.

    Attributes:
        genres: Alphabetical.
        truth: (n_rows,) genre indices.
        voters: Names.
        each: (n_repeats, n_rows, n_voters, n_genres) votes.
        weights: (n_repeats, n_rows, n_voters) of the voters in the fold that tested the row.
        ensemble: (n_repeats, n_rows, n_genres) shares.
        by_covers: (MOST_COVERS, curve_repeats, n_rows, n_genres) shares where at most so many of the tested
            artist's covers are shown.
        by_artists: Artists trained on (mean) to (curve_repeats, n_rows, n_genres) shares.
        masked: Covers taken out of a fold, mean over folds.
        trained_on: Rows learnt from, mean over folds.
    """

    genres: tuple[str, ...]
    truth: NDArray[np.intp]
    voters: tuple[VoterName, ...]
    each: Floats
    weights: Floats
    ensemble: Floats
    by_covers: Floats
    by_artists: Mapping[float, Floats] = field(default_factory=dict)
    masked: float = 0.0
    trained_on: float = 0.0


def run(
    samples: Sequence[Sample],
    taggers: Mapping[str, str],
    protocol: Protocol,
    *,
    workers: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> HeldOutPredictions:
    """Ask every sample in each repeat, by an ensemble that saw neither its unit nor any of its covers.

    Args:
        samples: Labelled, from `spotitags.evaluation.samples`.
        taggers: Tagger to version.
        protocol: How often, and into how many folds.
        workers: Processes; None for one a core, 1 for none but this one.
        progress: Called with ("repeats", done, in all).

    Raises:
        InputError: The samples cannot be split or learnt from.
    """
    from classifiers.errors import ClassifierError

    if protocol.shuffled:
        samples = shuffled(samples, protocol.seed)
    jobs = plan(samples, protocol)
    done = []
    try:
        for number, answer in enumerate(_worked(samples, taggers, jobs, protocol, workers), start=1):
            done.append(answer)
            if progress:
                progress("repeats", number, len(jobs))
    except ClassifierError as error:
        raise InputError(str(error)) from error
    return _assembled(samples, protocol, done)


def _worked(
    samples: Sequence[Sample],
    taggers: Mapping[str, str],
    jobs: Sequence[Job],
    protocol: Protocol,
    workers: int | None,
) -> Iterator[JobResult]:
    """The jobs' answers as they come, from as many processes."""
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        yield from (run_job(samples, taggers, job, protocol) for job in jobs)
        return
    from joblib import Parallel, delayed  # type: ignore[import-untyped]

    pool = Parallel(n_jobs=workers, return_as="generator_unordered", pre_dispatch="2*n_jobs")
    yield from pool(delayed(run_job)(samples, taggers, job, protocol) for job in jobs)


def run_job(samples: Sequence[Sample], taggers: Mapping[str, str], job: Job, protocol: Protocol) -> JobResult:
    """Do one job: keep covers apart in each fold, fit, and ask."""
    rng = np.random.default_rng([protocol.seed, job.repeat])
    asked = [sample.subset(range(len(sample))[: protocol.max_test_covers]) for sample in samples]
    whole = [([samples[i] for i in train], [asked[i] for i in test]) for train, test in job.folds]
    if job.artists is not None:
        whole = [(_fewer(train, job.artists, rng), test) for train, test in whole]
    apart = [masked(train, test) for train, test in whole]
    answers = cross_validate(
        [([s.row for s in train], [s.row for s in test]) for train, test in apart if test],
        taggers,
        sorted({sample.genre for sample in samples}),
        seed=protocol.seed + job.repeat,
        limits=range(1, MOST_COVERS + 1) if job.covers else (),
    )
    number = {sample.id: i for i, sample in enumerate(samples)}
    return JobResult(
        job=job,
        tested=[number[ref] for ref in answers.ids],
        answers=answers,
        trained_on=float(np.mean([len(train) for train, _ in apart])),
        masked=(_covers(whole) - _covers(apart)) / len(apart),
    )


def _covers(folds: Sequence[tuple[Sequence[Sample], Sequence[Sample]]]) -> int:
    return sum(len(sample) for sides in folds for side in sides for sample in side)


def _fewer(train: Sequence[Sample], each: int, rng: np.random.Generator) -> list[Sample]:
    """At most ``each`` samples of every genre, drawn at random."""
    by_genre: dict[str, list[int]] = defaultdict(list)
    for i, sample in enumerate(train):
        by_genre[sample.genre].append(i)
    chosen = sorted(int(i) for rows in by_genre.values() for i in rng.permutation(rows)[:each])
    return [train[i] for i in chosen]


def _assembled(
    samples: Sequence[Sample], protocol: Protocol, done: Sequence[JobResult]
) -> HeldOutPredictions:
    """The jobs' answers in arrays."""
    genres = tuple(sorted({sample.genre for sample in samples}))
    voters = done[0].answers.voters
    shape = (protocol.repeats, len(samples))
    curve = (min(protocol.curve_repeats, protocol.repeats), len(samples))
    each = np.full((*shape, len(voters), len(genres)), np.nan)
    weights, ensemble = np.full((*shape, len(voters)), np.nan), np.full((*shape, len(genres)), np.nan)
    by_covers = np.full((MOST_COVERS, *curve, len(genres)), np.nan)
    by_artists: dict[int, Floats] = {}
    size: dict[int, list[float]] = defaultdict(list)
    for job, tested, answers, trained_on, _ in done:
        repeat = job.repeat
        if job.artists is not None:
            shares = by_artists.setdefault(job.artists, np.full((*curve, len(genres)), np.nan))
            shares[repeat, tested] = answers.shares
            size[job.artists].append(trained_on)
            continue
        each[repeat, tested], weights[repeat, tested] = answers.votes, answers.weights
        ensemble[repeat, tested] = answers.shares
        if job.covers:
            by_covers[:, repeat, tested] = answers.by_covers
    whole = [answer for answer in done if answer.job.artists is None]
    return HeldOutPredictions(
        genres=genres,
        truth=np.array([genres.index(sample.genre) for sample in samples], dtype=np.intp),
        voters=voters,
        each=each,
        weights=weights,
        ensemble=ensemble,
        by_covers=by_covers,
        by_artists={float(np.mean(size[artists])): by_artists[artists] for artists in sorted(by_artists)},
        masked=float(np.mean([answer.masked for answer in whole])),
        trained_on=float(np.mean([answer.trained_on for answer in whole])),
    )


class RepeatPredictions(NamedTuple):
    """Answers on rows that voters, sharpness and weights were learnt without.

    Attributes:
        ids: Of the rows, in the order of the arrays.
        voters: Names.
        votes: (n_rows, n_voters, n_genres).
        weights: (n_rows, n_voters) parts in the ensemble of the row's fold, summing to 1.
        shares: (n_rows, n_genres) the ensemble's answer.
        by_covers: (n_limits, n_rows, n_genres) its answer where it is shown fewer covers.
    """

    ids: tuple[str, ...]
    voters: tuple[VoterName, ...]
    votes: Floats
    weights: Floats
    shares: Floats
    by_covers: Floats


def cross_validate(
    folds: Sequence[tuple[Sequence[Row], Sequence[Row]]],
    taggers: Mapping[str, str],
    genres: Sequence[str],
    *,
    seed: int,
    limits: Sequence[int] = (),
) -> RepeatPredictions:
    """Fit all voters on each fold's training side and ask about its test side.

    How sure pooled votes are and what each voter weighs is learnt, for each fold, on the answers of the other
    folds, as `classifiers.training.train` does for a model card.

    Args:
        folds: Rows to learn from and rows to ask about, with no cover in common; every row is asked about
            once at most.
        taggers: Tagger to version.
        genres: Alphabetical.
        seed: Of everything random.
        limits: Also ask with so many of each tested row's covers, the first ones.

    Raises:
        ClassifierError: The rows cannot be learnt from.
    """
    from threadpoolctl import threadpool_limits

    from classifiers.training.cross_validation import Fold, ensemble_predictions, predict_held_out
    from classifiers.training.voters import voter_names

    names = voter_names([row for fold in folds for row in fold[0]], taggers)
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other
        whole, *fewer = predict_held_out(
            [Fold(*fold) for fold in folds], names, genres, seed=seed, limits=(None, *limits)
        )
        answers = ensemble_predictions(whole)
        by_covers = [ensemble_predictions(whole, held).shares for held in fewer]
    return RepeatPredictions(
        ids=tuple(row.id for row in whole.rows),
        voters=tuple(names),
        votes=answers.votes,
        weights=answers.weights,
        shares=answers.shares,
        by_covers=np.stack(by_covers) if by_covers else np.empty((0, *answers.shares.shape)),
    )
