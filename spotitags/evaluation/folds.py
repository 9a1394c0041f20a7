"""Split samples into folds, so that no artist and no cover is on both sides of a fold."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.training.cross_validation import Fold
    from spotitags.evaluation.samples import Sample


MIN_ARTISTS = 3  # training artists per genre


@dataclass(frozen=True, slots=True)
class Protocol:
    """Settings of a repeated cross-validation.

    Attributes:
        folds: Number of folds, at least 2.
        repeats: Number of repeats, each with other folds.
        curve_repeats: Number of repeats that also give the learning curves; 0 for no curves.
        seed: Seed of everything random.
        max_test_covers: Maximum number of covers per tested artist, the first ones; None for all.
        shuffled: Permute the genres at random before training: scores must fall to chance.
    """

    folds: int = 5
    repeats: int = 10
    curve_repeats: int = 2
    seed: int = 0
    max_test_covers: int | None = None
    shuffled: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """One repeat: labelled rows without a cover on both sides of a fold.

    Attributes:
        repeat: Number of the repeat.
        artists: Number of training artists per genre, for the learning curve; None for all.
        folds: Training and test rows; a fold without a test row is left out.
        tested: (n_tested,) row numbers of the test rows, fold by fold.
        masked: Number of covers removed from a fold, mean over folds.
        trained_on: Number of training rows, mean over folds.
        seed: Seed for training.
    """

    repeat: int
    artists: int | None
    folds: tuple[Fold, ...]
    tested: NDArray[np.intp]
    masked: float
    trained_on: float
    seed: int


@dataclass(frozen=True)
class FoldedDataset:
    """Samples with all splits of a cross-validation.

    Attributes:
        samples: All samples; with permuted genres where the protocol says so.
        genres: Names, alphabetical.
        splits: One for each repeat, then those for the learning curve over artists.
    """

    samples: Sequence[Sample]
    genres: tuple[str, ...]
    splits: tuple[Split, ...]

    @property
    def repeats(self) -> list[Split]:
        """The splits that train on all artists, one for each repeat."""
        return [split for split in self.splits if split.artists is None]

    @property
    def truth(self) -> NDArray[np.intp]:
        """(n_samples,) genre indices."""
        return np.array([self.genres.index(sample.genre) for sample in self.samples], dtype=np.intp)

    @property
    def masked(self) -> float:
        """Number of covers removed from a fold, mean over repeats and folds."""
        return float(np.mean([split.masked for split in self.repeats]))

    @property
    def trained_on(self) -> float:
        """Number of training rows, mean over repeats and folds."""
        return float(np.mean([split.trained_on for split in self.repeats]))


def fold_dataset(samples: Sequence[Sample], protocol: Protocol) -> FoldedDataset:
    """Split samples into the folds of all repeats and of the learning curve over artists.

    Raises:
        InputError: The samples cannot be split, or are too similar.
    """
    if protocol.shuffled:
        samples = shuffled(samples, protocol.seed)
    tested = [_first_covers(sample, protocol.max_test_covers) for sample in samples]
    repeats = _row_numbers(samples, protocol)
    genres = Counter(sample.genre for sample in samples)
    plan: list[tuple[int | None, int]] = [(None, repeat) for repeat in range(protocol.repeats)]
    curve = range(min(protocol.curve_repeats, protocol.repeats))
    plan += [(artists, repeat) for artists in _curve_sizes(max(genres.values())) for repeat in curve]
    splits = tuple(
        _split(samples, tested, repeats[repeat], repeat, artists, protocol.seed) for artists, repeat in plan
    )
    return FoldedDataset(samples, tuple(sorted(genres)), splits)


def shuffled(samples: Sequence[Sample], seed: int) -> list[Sample]:
    """Permute the genres of the units at random, so that only chance is left to learn."""
    genres = _unit_genres(samples)
    permuted = np.random.default_rng(seed).permutation(list(genres.values()))
    new = dict(zip(genres, permuted.tolist(), strict=True))
    return [replace(sample, row=replace(sample.row, genre=new[sample.unit])) for sample in samples]


def _row_numbers(
    samples: Sequence[Sample], protocol: Protocol
) -> list[list[tuple[tuple[int, ...], tuple[int, ...]]]]:
    """Row numbers of the training side and of the test side of each fold, for each repeat."""
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
    repeats = []
    for repeat in range(protocol.repeats):
        try:
            parts = splits(
                list(genres.values()), [()] * len(units), folds=protocol.folds, seed=protocol.seed + repeat
            )
        except ClassifierError as error:
            raise InputError(str(error)) from error
        repeats.append([(_rows(units, part.train), _rows(units, part.test)) for part in parts])
    return repeats


def _rows(units: Sequence[Sequence[int]], chosen: NDArray[np.intp]) -> tuple[int, ...]:
    return tuple(sorted(i for unit in chosen.tolist() for i in units[unit]))


def _unit_genres(samples: Sequence[Sample]) -> dict[str, str]:
    genres: dict[str, str] = {}
    for sample in samples:
        genres.setdefault(sample.unit, sample.genre)
    return genres


def _curve_sizes(artists: int) -> list[int]:
    """At most four numbers of training artists per genre, evenly spaced in logarithm, below the full one."""
    full = int(0.8 * artists)
    return sorted({round(size) for size in np.geomspace(MIN_ARTISTS, max(full, MIN_ARTISTS), 5)} - {full})


def _split(  # noqa: PLR0913, PLR0917
    samples: Sequence[Sample],
    tested: Sequence[Sample],
    row_numbers: Sequence[tuple[Sequence[int], Sequence[int]]],
    repeat: int,
    artists: int | None,
    seed: int,
) -> Split:
    """Split the samples; ``tested`` are the same samples as they appear on the test side."""
    from classifiers.training.cross_validation import Fold

    rng = np.random.default_rng([seed, repeat])
    number = {sample.id: i for i, sample in enumerate(samples)}
    folds, removed, trained_on = [], 0, 0
    for train_rows, test_rows in row_numbers:
        sides = [samples[i] for i in train_rows], [tested[i] for i in test_rows]
        if artists is not None:
            sides = _draw(sides[0], artists, rng), sides[1]
        train, test = masked(*sides)
        removed += _count_covers(*sides) - _count_covers(train, test)
        trained_on += len(train)
        if test:
            folds.append(Fold([each.row for each in train], [each.row for each in test]))
    if not folds:
        raise InputError("these covers are too similar to be split into folds: give other ones")
    return Split(
        repeat=repeat,
        artists=artists,
        folds=tuple(folds),
        tested=np.array([number[row.id] for fold in folds for row in fold.test], dtype=np.intp),
        masked=removed / len(row_numbers),
        trained_on=trained_on / len(row_numbers),
        seed=seed + repeat,
    )


def _first_covers(sample: Sample, count: int | None) -> Sample:
    return sample if count is None or len(sample) <= count else sample.subset(range(count))


def _draw(train: Sequence[Sample], per_genre: int, rng: np.random.Generator) -> list[Sample]:
    """Draw at most ``per_genre`` samples of every genre at random."""
    by_genre: dict[str, list[int]] = defaultdict(list)
    for i, sample in enumerate(train):
        by_genre[sample.genre].append(i)
    chosen = sorted(int(i) for rows in by_genre.values() for i in rng.permutation(rows)[:per_genre])
    return [train[i] for i in chosen]


def _count_covers(*sides: Sequence[Sample]) -> int:
    return sum(len(sample) for side in sides for sample in side)


def masked(train: Sequence[Sample], test: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Remove covers so that the two sides of a fold have none in common.

    A cover on both sides is removed from training if its artist keeps another cover, or if its genre keeps at
    least half of its artists (and two). Otherwise it is removed from the tested artist. Artists without a
    remaining cover are left out.

    Args:
        train: Training samples.
        test: Test samples; none of a unit that is in ``train``.
    """
    tested = {group for sample in test for group in sample.row.groups}
    remaining = Counter(sample.genre for sample in train)
    floor = {genre: max(2, (count + 1) // 2) for genre, count in remaining.items()}
    kept: list[Sample] = []
    reserved: set[str] = set()
    for sample in train:
        if only := _without(sample, tested):
            kept.append(only)
        elif remaining[sample.genre] > floor[sample.genre]:
            remaining[sample.genre] -= 1
        else:
            kept.append(sample)
            reserved.update(sample.row.groups)
    return kept, [only for sample in test if (only := _without(sample, reserved))]


def _without(sample: Sample, groups: set[str]) -> Sample | None:
    """The sample without covers of these groups; None if no cover remains."""
    kept = [i for i, group in enumerate(sample.row.groups) if group not in groups]
    if len(kept) == len(sample):
        return sample
    return sample.subset(kept) if kept else None
