"""Splits without shared covers between training and test side, and scores that weigh every genre equally."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.errors import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


MIN_ARTISTS = 3  # per genre: one to test on leaves two, and calibration splits those again
_MIN_TRAIN = 2  # rows of a genre on a training side


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of probabilities on rows that were not trained on.

    Attributes:
        balanced_accuracy: Mean recall of the genres, in [0, 1]; chance is 1 / genres.
        accuracy: Fraction of rows with the right genre, in [0, 1].
        log_loss: Mean over genres of the mean -log p(true genre) in nats, at least 0; log(genres) is chance.
    """

    balanced_accuracy: float
    accuracy: float
    log_loss: float


class Split(NamedTuple):
    """One fold.

    Attributes:
        train: Row numbers, ascending.
        test: Row numbers, ascending.
        masked: Row number to the numbers of its covers that are left out of the fold, since they are on the
            other side, too; rows without such covers are not listed.
    """

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    masked: Mapping[int, frozenset[int]]


def scores(probabilities: NDArray[np.float64], truth: NDArray[np.intp]) -> Scores:
    """Score (n_rows, n_genres) probabilities against (n_rows,) genre indices.

    Rows of nan, whose artist was in no test fold, are left out, and so are genres without a row.

    Raises:
        TrainingDataError: No row is left.
    """
    tested = ~np.isnan(probabilities).any(axis=1)
    probabilities, truth = probabilities[tested], truth[tested]
    if not truth.size:
        raise TrainingDataError("there is nothing to score: no row was in a test fold")
    right = probabilities.argmax(axis=1) == truth
    loss = -np.log(np.clip(probabilities[np.arange(truth.size), truth], 1e-15, 1.0))
    genres = np.unique(truth)
    return Scores(
        balanced_accuracy=float(np.mean([right[truth == genre].mean() for genre in genres])),
        accuracy=float(right.mean()),
        log_loss=float(np.mean([loss[truth == genre].mean() for genre in genres])),
    )


def mean_scores(several: Sequence[Scores]) -> Scores:
    """Average each score over the repeats of one evaluation."""
    return Scores(*(float(np.mean(values)) for values in zip(*map(astuple, several), strict=True)))


def splits(
    genres: Sequence[str], groups: Sequence[Sequence[str]], *, folds: int = 5, seed: int = 0
) -> list[Split]:
    """Build stratified folds in which no cover is on both sides.

    Every row (an artist) is tested once. A cover that a tested artist shares with artists of the training
    side is masked there; if one of these has no other cover left, it is masked on the tested artist instead;
    and a tested artist without any cover left is removed from the fold. So no row of the training side is
    ever empty. The usual case are composers on one compilation.

    Args:
        genres: Genre of each row.
        groups: For each row one id per cover, as in `classifiers.training.dataset.Row`; empty if unknown.
        folds: Number of folds; lowered to the size of the smallest genre.
        seed: Random seed of the shuffle.

    Returns:
        One split per fold.

    Raises:
        TrainingDataError: There are fewer than two genres, a genre has fewer than `MIN_ARTISTS` rows, or
            there are so few folds that a genre has a single row on a training side, which calibration cannot
            split.
    """
    from sklearn.model_selection import StratifiedKFold

    counts = Counter(genres)
    if len(counts) < 2:  # noqa: PLR2004
        raise TrainingDataError(f"there is only {len(counts)} genre among the labels: give at least two")
    small = [f"{genre} ({n})" for genre, n in sorted(counts.items()) if n < MIN_ARTISTS]
    if small:
        raise TrainingDataError(
            f"too few artists of {', '.join(small)}: give at least {MIN_ARTISTS} each, or leave the genre out"
        )
    genre, least = min(counts.items(), key=lambda item: item[1])
    folds = min(folds, least)
    if least - math.ceil(least / folds) < _MIN_TRAIN:
        raise TrainingDataError(
            f"in {folds} folds, {least} artists of {genre} leave one to train on: use {least} folds"
        )
    stratified = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return [_masked(train, test, groups) for train, test in stratified.split(genres, genres)]


def _masked(train: NDArray[np.intp], test: NDArray[np.intp], groups: Sequence[Sequence[str]]) -> Split:
    """Mask the covers of one fold that are on both sides."""
    train_groups = {i: set(groups[i]) for i in train.tolist()}
    test_groups: dict[int, set[str]] = {}
    for i in test.tolist():
        kept: set[str] = set()
        for group in dict.fromkeys(groups[i]):
            sharing = [row for row in train_groups.values() if group in row]
            if all(len(row) > 1 for row in sharing):
                kept.add(group)
                for row in sharing:
                    row.discard(group)
        if kept or not groups[i]:
            test_groups[i] = kept
    masked = {
        i: frozenset(number for number, group in enumerate(groups[i]) if group not in kept)
        for i, kept in (train_groups | test_groups).items()
    }
    tested = np.array(list(test_groups), dtype=np.intp)
    return Split(train, tested, {i: covers for i, covers in masked.items() if covers})
