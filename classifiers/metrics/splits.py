"""Splits that keep artists and albums apart, and scores that treat every genre alike."""

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


LEAST = 3  # artists a genre: one to test on leaves two, and calibration splits those again
_LEARNT = 2  # rows of a genre on a training side, at least


@dataclass(frozen=True, slots=True)
class Scores:
    """How good probabilities are on rows that were not trained on.

    Attributes:
        balanced_accuracy: Mean recall of the genres, in [0, 1]; chance is 1 / genres.
        accuracy: Share of rows named right, in [0, 1].
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
        masked: Row number to the numbers of its covers that leave the fold, since they stand on the other
            side, too; rows without such covers are not named.
    """

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    masked: Mapping[int, frozenset[int]]


def scores(probabilities: NDArray[np.float64], truth: NDArray[np.intp]) -> Scores:
    """Score (n_rows, n_genres) probabilities against (n_rows,) genre indices.

    Rows of nan are left out: their artist was in no test fold. So are genres without a row.

    Raises:
        TrainingDataError: No row is left.
    """
    answered = ~np.isnan(probabilities).any(axis=1)
    probabilities, truth = probabilities[answered], truth[answered]
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
    """The mean of each score, over repeats of one evaluation."""
    return Scores(*(float(np.mean(values)) for values in zip(*map(astuple, several), strict=True)))


def splits(
    genres: Sequence[str], groups: Sequence[Sequence[str]], *, folds: int = 5, seed: int = 0
) -> list[Split]:
    """Stratified folds in which no cover is on both sides.

    Every row (an artist) is tested once. A cover that a tested artist shares with artists of the training
    side is masked there; where one of these has no other cover left, it is masked on the tested artist
    instead; and a tested artist that would be left with nothing leaves the fold. So no row of the training
    side is ever empty. Composers on one compilation are the usual case.

    Args:
        genres: Genre of each row.
        groups: For each row one id per cover, as in `classifiers.training.dataset.Row`; empty if unknown.
        folds: Number of folds; lowered to the size of the smallest genre.
        seed: Of the shuffle.

    Returns:
        One split a fold.

    Raises:
        TrainingDataError: Fewer than two genres, a genre with fewer than `LEAST` rows, or so few folds that a
            genre has but one row on a training side, which no calibration can split.
    """
    from sklearn.model_selection import StratifiedKFold

    counts = Counter(genres)
    if len(counts) < 2:  # noqa: PLR2004
        raise TrainingDataError(f"there is only {len(counts)} genre among the labels: give two at least")
    small = [f"{genre} ({n})" for genre, n in sorted(counts.items()) if n < LEAST]
    if small:
        raise TrainingDataError(
            f"too few artists of {', '.join(small)}: give at least {LEAST} of each genre, or leave it out"
        )
    genre, least = min(counts.items(), key=lambda item: item[1])
    folds = min(folds, least)
    if least - math.ceil(least / folds) < _LEARNT:
        raise TrainingDataError(
            f"in {folds} folds, {least} artists of {genre} leave one to learn from: take {least} folds"
        )
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return [_masked(train, test, groups) for train, test in parts.split(genres, genres)]


def _masked(train: NDArray[np.intp], test: NDArray[np.intp], groups: Sequence[Sequence[str]]) -> Split:
    """One fold without covers that stand on both sides."""
    left = {i: set(groups[i]) for i in train.tolist()}
    asked: dict[int, set[str]] = {}
    for i in test.tolist():
        own: set[str] = set()
        for group in dict.fromkeys(groups[i]):
            holders = [held for held in left.values() if group in held]
            if all(len(held) > 1 for held in holders):
                own.add(group)
                for held in holders:
                    held.discard(group)
        if own or not groups[i]:
            asked[i] = own
    masked = {
        i: frozenset(number for number, group in enumerate(groups[i]) if group not in stays)
        for i, stays in (left | asked).items()
    }
    tested = np.array(list(asked), dtype=np.intp)
    return Split(train, tested, {i: covers for i, covers in masked.items() if covers})
