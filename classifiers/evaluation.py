"""Splits that keep artists and albums apart, and scores that treat every genre alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.errors import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

LEAST = 3  # artists a genre: one to test on leaves two, and calibration splits those again


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
    """Row numbers of one fold, both ascending; rows in neither were dropped to keep albums apart."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]


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
    genres: Sequence[str], groups: Sequence[AbstractSet[str]], *, folds: int = 5, seed: int = 0
) -> list[Split]:
    """Stratified folds in which no album is on both sides.

    Every row (an artist) is tested once. Where a tested artist shares an album with artists of the training
    side, those are dropped from that fold's training; where the training side cannot spare them (their
    genre would fall below half of its rows there, or below two), the tested artist is dropped instead,
    and so from the evaluation. Composers on one compilation are the usual case.

    Args:
        genres: Genre of each row.
        groups: Albums (ids or digests) of each row; empty where unknown.
        folds: Number of folds; lowered to the size of the smallest genre.
        seed: Of the shuffle.

    Returns:
        One split a fold.

    Raises:
        TrainingDataError: Fewer than two genres, or a genre with fewer than `LEAST` rows.
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
    parts = StratifiedKFold(min(folds, *counts.values()), shuffle=True, random_state=seed)
    return [_purged(train, test, genres, groups) for train, test in parts.split(genres, genres)]


def _purged(
    train: NDArray[np.intp],
    test: NDArray[np.intp],
    genres: Sequence[str],
    groups: Sequence[AbstractSet[str]],
) -> Split:
    """One fold without albums that stand on both sides."""
    left = Counter(genres[i] for i in train)
    floor = {genre: max(2, (count + 1) // 2) for genre, count in left.items()}
    kept, tested = set(train.tolist()), []
    for i in test.tolist():
        shared = [j for j in kept if not groups[i].isdisjoint(groups[j])]
        loss = Counter(genres[j] for j in shared)
        if all(left[genre] - n >= floor[genre] for genre, n in loss.items()):
            kept.difference_update(shared)
            left.subtract(loss)
            tested.append(i)
    return Split(np.array(sorted(kept), dtype=np.intp), np.array(tested, dtype=np.intp))
