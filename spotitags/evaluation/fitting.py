"""The seam to training: one repeat of a cross-validation, and what the ensemble says in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.results import VoterName
    from classifiers.rows import Row

    Floats = NDArray[np.float64]


class Repeat(NamedTuple):
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
) -> Repeat:
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

    from classifiers.crossval import Fold, held_out, judged
    from classifiers.voters import voter_names

    names = voter_names([row for fold in folds for row in fold[0]], taggers)
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other
        whole, *fewer = held_out(
            [Fold(*fold) for fold in folds], names, genres, seed=seed, limits=(None, *limits)
        )
        answers = judged(whole)
        by_covers = [judged(whole, held).shares for held in fewer]
    return Repeat(
        ids=tuple(row.id for row in whole.rows),
        voters=tuple(names),
        votes=answers.votes,
        weights=answers.weights,
        shares=answers.shares,
        by_covers=np.stack(by_covers) if by_covers else np.empty((0, *answers.shares.shape)),
    )
