"""Who is asked by whom: the folds of every repeat, and the smaller trainings of the learning curve."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spotitags.evaluation.samples import Sample


LEAST_ARTISTS = 3  # a genre, to be trained on


@dataclass(frozen=True, slots=True)
class Protocol:
    """How an evaluation is done.

    Attributes:
        folds: Of the cross-validation, 2 at least.
        repeats: Each with other folds.
        curve_repeats: Of these, how many also draw the learning curves; 0 leaves them out.
        seed: Of everything random.
        max_test_covers: Most covers of an artist that is asked about, the first ones; None for all.
        shuffled: Deal the genres out anew before anything is learnt: scores must fall to chance.
    """

    folds: int = 5
    repeats: int = 10
    curve_repeats: int = 2
    seed: int = 0
    max_test_covers: int | None = None
    shuffled: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One repeat.

    Attributes:
        repeat: Its number.
        folds: Row numbers to learn from and row numbers to ask about, for each fold.
        artists: Of each genre learn from so many only, for the learning curve; None for all.
        covers: Also ask with 1, 2 ... covers of each tested artist.
    """

    repeat: int
    folds: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    artists: int | None = None
    covers: bool = False


def shuffled(samples: Sequence[Sample], seed: int) -> list[Sample]:
    """The samples with their units' genres dealt out anew: what is learnt from them must be chance."""
    genres = _unit_genres(samples)
    dealt = np.random.default_rng(seed).permutation(list(genres.values()))
    new = dict(zip(genres, dealt.tolist(), strict=True))
    return [replace(sample, row=replace(sample.row, genre=new[sample.unit])) for sample in samples]


def plan(samples: Sequence[Sample], protocol: Protocol) -> list[Job]:
    """Every repeat, then the smaller trainings of the learning curve over artists.

    Raises:
        InputError: The samples cannot be split.
    """
    from classifiers.errors import ClassifierError
    from classifiers.metrics.splits import splits

    if protocol.repeats < 1 or protocol.folds < 2:  # noqa: PLR2004
        raise InputError(
            f"an evaluation needs 1 repeat and 2 folds at least, not {protocol.repeats} and {protocol.folds}"
        )
    genres = _unit_genres(samples)
    members = defaultdict(list)
    for i, sample in enumerate(samples):
        members[sample.unit].append(i)
    units = [members[unit] for unit in genres]
    jobs = []
    for repeat in range(protocol.repeats):
        try:
            parts = splits(
                list(genres.values()), [()] * len(units), folds=protocol.folds, seed=protocol.seed + repeat
            )
        except ClassifierError as error:
            raise InputError(str(error)) from error
        folds = tuple((_rows(units, part.train), _rows(units, part.test)) for part in parts)
        jobs.append(Job(repeat, folds, covers=repeat < protocol.curve_repeats))
    sizes = _sizes([sum(sample.genre == genre for sample in samples) for genre in set(genres.values())])
    curve = jobs[: protocol.curve_repeats]
    return jobs + [replace(job, artists=size, covers=False) for size in sizes for job in curve]


def _rows(units: Sequence[Sequence[int]], chosen: NDArray[np.intp]) -> tuple[int, ...]:
    return tuple(sorted(i for unit in chosen.tolist() for i in units[unit]))


def _unit_genres(samples: Sequence[Sample]) -> dict[str, str]:
    genres: dict[str, str] = {}
    for sample in samples:
        genres.setdefault(sample.unit, sample.genre)
    return genres


def _sizes(rows: Sequence[int]) -> list[int]:
    """Artists a genre to learn from: at most four sizes, even in logarithm, and not the full one."""
    full = int(0.8 * max(rows))
    return sorted({round(size) for size in np.geomspace(LEAST_ARTISTS, max(full, LEAST_ARTISTS), 5)} - {full})


def masked(train: Sequence[Sample], test: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Both sides of one fold without a cover in common.

    A cover on both sides leaves training, where its artist keeps another cover, or its genre at least half of
    its artists (and two). Where training cannot spare it, it leaves the tested artist instead. Artists
    without a cover left are no longer there.

    Args:
        train: Samples to learn from.
        test: Samples to ask about; none of a unit that is in ``train``.
    """
    tested = {group for sample in test for group in sample.row.groups}
    left = Counter(sample.genre for sample in train)
    floor = {genre: max(2, (count + 1) // 2) for genre, count in left.items()}
    kept: list[Sample] = []
    held: set[str] = set()
    for sample in train:
        own = [i for i, group in enumerate(sample.row.groups) if group not in tested]
        if own:
            kept.append(sample.subset(own) if len(own) < len(sample) else sample)
        elif left[sample.genre] > floor[sample.genre]:
            left[sample.genre] -= 1
        else:
            kept.append(sample)
            held.update(sample.row.groups)
    return kept, [asked for sample in test if len(asked := _without(sample, held))]


def _without(sample: Sample, held: set[str]) -> Sample:
    own = [i for i, group in enumerate(sample.row.groups) if group not in held]
    return sample.subset(own) if len(own) < len(sample) else sample
