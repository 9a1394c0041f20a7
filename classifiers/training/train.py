"""Training of an ensemble: every (tagger, view, classifier) is a voter, weighted by cross-validated skill."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from classifiers.errors import ClassifierError, TrainingDataError
from classifiers.metrics.bootstrap import estimates, metrics, resamples, row_stats
from classifiers.metrics.splits import mean_scores, scores, splits
from classifiers.training.calibrate import calibrate_blends, limit_none
from classifiers.training.cross_validation import (
    Fold,
    ensemble_predictions,
    fit_all_sharpness,
    predict_held_out,
)
from classifiers.training.dataset import Row, check_rows
from classifiers.training.outsiders import train_outsiders
from classifiers.training.stacking import fit_stack
from classifiers.training.trained import TrainedEnsemble, WeightedVoter
from classifiers.training.voters import (
    fit_voters,
    optional_voters,
    usable_voters,
    voter_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from classifiers.metrics.bootstrap import Estimate
    from classifiers.metrics.splits import Split
    from classifiers.text.views import ViewOptions
    from classifiers.training.cross_validation import HeldOut
    from classifiers.training.detector import References


__all__ = ["MAX_TEST_COVERS", "Row", "TrainedEnsemble", "WeightedVoter", "train"]

MAX_TEST_COVERS = 10  # of a held-out artist in the ensemble's evaluation: as many as a prediction uses
FEWER_COVERS = (
    3,
    1,
)  # in the calibration as well, for many artists have few, and their votes are less often right


def train(  # noqa: PLR0913 - each is a choice of its own, and all but two have defaults
    rows: Sequence[Row],
    taggers: Mapping[str, str],
    *,
    views: Sequence[str] | None = None,
    classifiers: Sequence[str] | None = None,
    image_models: Sequence[str] = (),
    optional: Sequence[str] = (),
    feature_versions: Mapping[str, str] | None = None,
    references: References | None = None,
    options: ViewOptions | None = None,
    folds: int = 5,
    repeats: int = 3,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> TrainedEnsemble:
    """Cross-validate every voter, weight it, and fit it on all rows.

    `classifiers.training.stacking.fit_stack` fits the weights.

    Args:
        rows: Labelled artists, at least 3 of each of at least 2 genres.
        taggers: Tagger to version; each row has tags of each.
        views: As in `voter_names`; None for all that the rows allow.
        classifiers: Some of `classifiers.text.classifier_names`; None for all.
        image_models: Image models among the default voters; see `optional_voters`.
        optional: Image models that are trained and weighted with the others, and vote only on request; the
            ensemble's scores do not include them.
        feature_versions: Pixel features in the rows' embeddings to their versions.
        references: Covers of other genres and other pictures, from which the ensemble learns when to name
            none of its genres; None for an ensemble that always names one.
        options: Sizes of the views.
        folds: Number of folds of the cross-validation; fewer if a genre has fewer artists.
        repeats: Number of repeats of the cross-validation, each with another shuffle.
        seed: Random seed; equal seeds and rows give equal ensembles.
        progress: Called with (steps done, total steps) before the first and after each step.

    Raises:
        TrainingDataError: The rows cannot be trained on.
        ClassifierError: There is no such view or classifier, no repeat, or fewer than two folds.
    """
    from threadpoolctl import threadpool_limits

    if folds < 2 or repeats < 1:  # noqa: PLR2004
        raise ClassifierError(
            f"cross-validation needs at least 2 folds and 1 repeat, not {folds} and {repeats}"
        )
    check_rows(rows, taggers)
    voting = voter_names(rows, taggers, views, classifiers, image_models)
    names = list(dict.fromkeys([*voting, *optional_voters(rows, taggers, optional)]))
    count = len(voting)
    labels, groups = [row.genre for row in rows], [row.groups for row in rows]
    genres = tuple(sorted(set(labels)))
    plan = [splits(labels, groups, folds=folds, seed=seed + repeat) for repeat in range(repeats)]
    if not all(any(split.test.size for split in repeat) for repeat in plan):
        raise TrainingDataError(
            "nothing is left to test on: every artist shares all covers with others; give other covers"
        )
    used, step = {name.tagger for name in names}, _step_counter(sum(map(len, plan)) + 1, progress)
    with threadpool_limits(1):  # five times as fast: on matrices this small, threads wait for each other
        held_out = [
            predict_held_out(
                _folds(rows, split),
                names,
                genres,
                options=options,
                seed=seed,
                limits=(None, MAX_TEST_COVERS, *FEWER_COVERS),
                step=step,
            )
            for split in plan
        ]
        all_covers = [held[0] for held in held_out]
        predictions = [ensemble_predictions(held) for held in all_covers]
        sizes = [
            [ensemble_predictions(held[0], held[size], count) for held in held_out]
            for size in range(1, 2 + len(FEWER_COVERS))
        ]
        tested = sizes[0]
        sharpness = fit_all_sharpness(all_covers)
        each = [
            mean_scores(
                [scores(p.votes[:, i], h.truth) for p, h in zip(predictions, all_covers, strict=True)]
            )
            for i in range(len(names))
        ]
        fits = fit_voters(rows, names, genres, options, seed)
        usable = usable_voters(fits, count)
        stack = fit_stack(
            [names[i] for i in usable],
            np.concatenate([p.votes[:, usable] for p in predictions]),
            np.concatenate([p.known[:, usable] for p in predictions]),
            np.concatenate([held.truth for held in all_covers]),
            sum(i < count for i in usable),
        )
        voters = tuple(
            WeightedVoter(fits[i], float(weight), each[i], sharpness[i], i >= count)
            for i, weight in zip(usable, stack.weights, strict=True)
        )
        outsiders = None
        if references:
            outsiders = train_outsiders(
                rows,
                _folds(rows, plan[0]),
                genres,
                references,
                [(voter.name, voter.weight, voter.sharpness) for voter in voters if not voter.optional],
                seed=seed,
            )
    step()
    truth = np.array([genres.index(label) for label in labels], dtype=np.intp)
    shares = _in_order(rows, all_covers, [each.shares for each in tested])
    defaults = {i: names[i] for i in usable if i < count}
    blends = calibrate_blends(
        stack.blends,
        defaults,
        lambda chosen: np.concatenate(
            [_in_order(rows, all_covers, [each.shares_of(chosen) for each in of_size]) for of_size in sizes]
        ),
        truth,
        lambda found, of_kinds: (
            limit_none(found, outsiders, [row.id for row in rows], of_kinds[0], truth) if outsiders else found
        ),
    )
    return TrainedEnsemble(
        genres=genres,
        artists=dict(sorted(Counter(labels).items())),
        taggers=dict(taggers),
        voters=voters,
        blends=blends,
        estimates=_estimates(shares, truth, seed),
        tested=int((~np.isnan(shares).all(axis=(0, 2))).sum()),
        folds=len(plan[0]),
        repeats=repeats,
        seed=seed,
        notes=_notes(plan, folds, len(rows), names, voters),
        feature_versions={name: each for name, each in (feature_versions or {}).items() if name in used},
        outsiders=outsiders,
    )


def _folds(rows: Sequence[Row], plan: Sequence[Split]) -> list[Fold]:
    """The rows of each split, without masked covers."""

    def side(split: Split, numbers: NDArray[np.intp]) -> list[Row]:
        return [rows[i].without(split.masked.get(i, frozenset())) for i in numbers.tolist()]

    return [Fold(side(split, split.train), side(split, split.test)) for split in plan]


def _in_order(
    rows: Sequence[Row], repeats: Sequence[HeldOut], shares: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(n_repeats, n_rows, n_genres) shares in the order of ``rows``; nan if a row was not tested."""
    number = {row.id: i for i, row in enumerate(rows)}
    ordered = np.full((len(repeats), len(rows), shares[0].shape[1]), np.nan)
    for repeat, held in enumerate(repeats):
        ordered[repeat, [number[row.id] for row in held.rows]] = shares[repeat]
    return ordered


def _estimates(shares: NDArray[np.float64], truth: NDArray[np.intp], seed: int) -> dict[str, Estimate]:
    """Each metric of the ensemble with its bootstrap interval; artists are drawn, never repeats."""
    stats = row_stats(shares, truth)
    once, drawn = np.ones((1, len(truth))), resamples(truth, [str(i) for i in range(len(truth))], seed=seed)
    return estimates(metrics(stats, once), metrics(stats, drawn))


def _notes(
    plan: Sequence[Sequence[Split]],
    folds: int,
    rows: int,
    names: Sequence[VoterName],
    voters: Sequence[WeightedVoter],
) -> tuple[str, ...]:
    notes = []
    if len(plan[0]) < folds:
        notes.append(f"{len(plan[0])} folds instead of {folds}: the smallest genre has no more artists")
    tested = min(sum(split.test.size for split in repeat) for repeat in plan)
    if tested < rows:
        notes.append(f"up to {rows - tested} artists were not tested: all of their covers are others', too")
    empty = {name[:2] for name in names} - {voter.name[:2] for voter in voters}
    notes += [f"view {view} of {tagger} has no tag and casts no vote" for tagger, view in sorted(empty)]
    return tuple(notes)


def _step_counter(total: int, progress: Callable[[int, int], None] | None) -> Callable[[], None]:
    """Report that none of ``total`` steps is done, and build a function that reports one more."""
    if progress:
        progress(0, total)
    steps = iter(range(1, total + 1))
    return lambda: progress(next(steps), total) if progress else None
