"""Train an ensemble: every (tagger, view, classifier) is a voter, weighted by its cross-validated skill."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.errors import ClassifierError, TrainingDataError
from classifiers.metrics.bootstrap import estimates, metrics, resamples, row_stats
from classifiers.metrics.splits import Scores, mean_scores, scores, splits
from classifiers.training.calibrate import calibrate
from classifiers.training.cross_validation import (
    Fold,
    ensemble_predictions,
    fit_all_sharpness,
    held_out,
    weights_of,
)
from classifiers.training.dataset import Row, check_rows
from classifiers.training.voters import fit_voters, optional_voters, vote_of, voter_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.calibration import Calibration
    from classifiers.ensemble.pooling import Sharpness
    from classifiers.ensemble.results import VoterName
    from classifiers.metrics.bootstrap import Estimate
    from classifiers.metrics.splits import Split
    from classifiers.text.views import ViewOptions
    from classifiers.training.cross_validation import HeldOut
    from classifiers.training.voters import FittedVoter


__all__ = ["MAX_TEST_COVERS", "Row", "Trained", "WeightedVoter", "train"]

MAX_TEST_COVERS = (
    10  # covers of a held-out artist that the ensemble is shown: as many as a prediction reads by itself
)


class WeightedVoter(NamedTuple):
    """A voter fitted on all rows, with its weight and its cross-validated scores.

    ``sharpness`` says how sure the pooled votes on covers are; None for a voter on bags. An optional voter
    votes only when it is asked for; its weight is on the scale of the others'.
    """

    fitted: FittedVoter
    weight: float
    scores: Scores
    sharpness: Sharpness | None
    optional: bool = False

    @property
    def name(self) -> VoterName:
        """Tagger, view and classifier."""
        return self.fitted.name


@dataclass(frozen=True)
class Trained:
    """A trained ensemble; `classifiers.training.save.save` writes it.

    Attributes:
        genres: Alphabetical; the order of every array of probabilities.
        artists: Rows a genre.
        taggers: Tagger to the version that it was trained with.
        measures: The same of numbers that voters read and no tagger gives, such as colours.
        voters: With their weights, which sum to 1; then the optional ones.
        estimates: Each of `classifiers.metrics.bootstrap.METRICS`, with its bootstrap interval over
            artists: on rows held out of both the voters' training and their weighting, asked about with at
            most `MAX_TEST_COVERS` covers.
        tested: Artists behind the estimates.
        calibration: How often the ensemble was right there, by the winner's share.
        folds: Folds of the cross-validation.
        repeats: How often it was repeated, shuffled anew.
        seed: Of everything random.
        notes: What a reader of the scores should know.
    """

    genres: tuple[str, ...]
    artists: Mapping[str, int]
    taggers: Mapping[str, str]
    voters: tuple[WeightedVoter, ...]
    estimates: Mapping[str, Estimate]
    tested: int
    calibration: Calibration
    folds: int
    repeats: int
    seed: int
    notes: tuple[str, ...] = ()
    measures: Mapping[str, str] = field(default_factory=dict)

    @property
    def scores(self) -> Scores:
        """Of the ensemble, the estimates without their intervals."""
        return Scores(**{score.name: self.estimates[score.name].value for score in fields(Scores)})

    def probabilities(self, rows: Sequence[Row]) -> NDArray[np.float64]:
        """(n_artists, n_voters, n_genres) votes by scikit-learn itself; rows have every tagger."""
        votes = [
            [
                vote_of(answers, len(row), voter.sharpness)
                for answers, row in zip(voter.fitted.answers(rows), rows, strict=True)
            ]
            for voter in self.voters
        ]
        return np.stack(votes, axis=1)


def train(  # noqa: PLR0913 - each is a choice of its own, and all but two have defaults
    rows: Sequence[Row],
    taggers: Mapping[str, str],
    *,
    views: Sequence[str] | None = None,
    classifiers: Sequence[str] | None = None,
    image_models: Sequence[str] = (),
    optional: Sequence[str] = (),
    measures: Mapping[str, str] | None = None,
    options: ViewOptions | None = None,
    folds: int = 5,
    repeats: int = 3,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Trained:
    """Cross-validate every voter, weight it by its skill, and fit it on all rows.

    `classifiers.training.cross_validation.weights_of` says how skill becomes weight.

    Args:
        rows: Labelled artists, at least 3 of each of at least 2 genres.
        taggers: Tagger to version; each row has tags of each.
        views: Some of `classifiers.text.views.VIEWS` and ``embedding``; None for all that the rows allow.
        classifiers: Some of `classifiers.text.classifier_names`; None for all.
        image_models: Image models that vote like the others; see `optional_voters`.
        optional: Image models that are trained and weighed beside the others, and vote only when a
            prediction asks for them; the ensemble's scores are without them.
        measures: Numbers in the rows' embeddings that are no tagger's, to their versions.
        options: Sizes of the views.
        folds: Of the cross-validation; fewer where a genre has fewer artists.
        repeats: Of the cross-validation, each shuffled anew.
        seed: Equal seeds and rows give equal ensembles.
        progress: Called with (steps done, steps in all) after each step.

    Raises:
        TrainingDataError: The rows cannot be trained on.
        ClassifierError: There is no such view or classifier, or no repeat, or a single fold.
    """
    from threadpoolctl import threadpool_limits

    if folds < 2 or repeats < 1:  # noqa: PLR2004
        raise ClassifierError(
            f"cross-validation needs 2 folds and 1 repeat at least, not {folds} and {repeats}"
        )
    check_rows(rows, taggers)
    voting = voter_names(rows, taggers, views, classifiers, image_models)
    names = list(dict.fromkeys([*voting, *optional_voters(rows, taggers, optional)]))
    count = len(voting)
    labels, groups = [row.genre for row in rows], [row.groups for row in rows]
    genres = tuple(sorted(set(labels)))
    plan = [splits(labels, groups, folds=folds, seed=seed + repeat) for repeat in range(repeats)]
    step = _counter(sum(map(len, plan)) + 1, progress)
    with threadpool_limits(1):  # five times as fast: threads wait for each other at matrices this small
        asked = [
            held_out(
                _folds(rows, parts),
                names,
                genres,
                options=options,
                seed=seed,
                limits=(None, MAX_TEST_COVERS),
                step=step,
            )
            for parts in plan
        ]
        several = [whole for whole, _ in asked]
        answers = [ensemble_predictions(held) for held in several]
        shares = _in_order(
            rows, several, [ensemble_predictions(whole, fewer, count).shares for whole, fewer in asked]
        )
        sharpness = fit_all_sharpness(several)
        fits = fit_voters(rows, names, genres, options, seed)
    step()
    each = [
        mean_scores([scores(a.votes[:, i], held.truth) for a, held in zip(answers, several, strict=True)])
        for i in range(len(names))
    ]
    truth = np.array([genres.index(label) for label in labels], dtype=np.intp)
    return Trained(
        genres=genres,
        artists=dict(sorted(Counter(labels).items())),
        taggers=dict(taggers),
        voters=_weighted(fits, each, sharpness, count),
        estimates=_estimates(shares, truth, seed),
        tested=int((~np.isnan(shares).all(axis=(0, 2))).sum()),
        calibration=calibrate(shares, truth),
        folds=len(plan[0]),
        repeats=repeats,
        seed=seed,
        notes=(*_notes(plan, folds, len(rows)), *_empty_view_notes(fits)),
        measures=_read_measures(names, measures or {}),
    )


def _folds(rows: Sequence[Row], parts: Sequence[Split]) -> list[Fold]:
    """The splits with their rows, masked covers left out."""

    def side(part: Split, chosen: NDArray[np.intp]) -> list[Row]:
        return [rows[i].without(part.masked.get(i, frozenset())) for i in chosen.tolist()]

    return [Fold(side(part, part.train), side(part, part.test)) for part in parts]


def _in_order(
    rows: Sequence[Row], several: Sequence[HeldOut], shares: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(n_repeats, n_rows, n_genres) shares in the order of ``rows``; nan where a row was not tested."""
    number = {row.id: i for i, row in enumerate(rows)}
    ordered = np.full((len(several), len(rows), shares[0].shape[1]), np.nan)
    for repeat, held in enumerate(several):
        ordered[repeat, [number[row.id] for row in held.rows]] = shares[repeat]
    return ordered


def _estimates(shares: NDArray[np.float64], truth: NDArray[np.intp], seed: int) -> dict[str, Estimate]:
    """Each metric of the ensemble with its interval; artists are drawn, never repeats."""
    stats = row_stats(shares, truth)
    once, drawn = np.ones((1, len(truth))), resamples(truth, [str(i) for i in range(len(truth))], seed=seed)
    return estimates(metrics(stats, once), metrics(stats, drawn))


def _weighted(
    fits: Sequence[FittedVoter], each: Sequence[Scores], sharpness: Sequence[Sharpness | None], voting: int
) -> tuple[WeightedVoter, ...]:
    """All voters that have something to look at, with their weights; from ``voting`` on they are optional."""
    kept = [i for i, fitted in enumerate(fits) if fitted.model]
    first = sum(i < voting for i in kept)
    if not first:
        raise TrainingDataError("no tag is shared between artists: give more artists, or richer tags")
    weights = weights_of(np.array([each[i].log_loss for i in kept]), fits[0].genres, first)
    return tuple(
        WeightedVoter(fits[i], float(weight), each[i], sharpness[i], i >= voting)
        for i, weight in zip(kept, weights, strict=True)
    )


def _read_measures(names: Sequence[VoterName], measures: Mapping[str, str]) -> dict[str, str]:
    """Of the measures those that some voter reads."""
    read = {name.tagger for name in names}
    return {name: version for name, version in measures.items() if name in read}


def _empty_view_notes(fits: Sequence[FittedVoter]) -> list[str]:
    """A note on each view that has nothing to look at."""
    empty = sorted({fitted.name[:2] for fitted in fits if not fitted.model})
    return [f"view {view} of {tagger} has no tag and casts no vote" for tagger, view in empty]


def _notes(plan: Sequence[Sequence[Split]], folds: int, rows: int) -> list[str]:
    notes = []
    if len(plan[0]) < folds:
        notes.append(f"{len(plan[0])} folds instead of {folds}: the smallest genre has no more artists")
    untested = min(sum(part.test.size for part in parts) for parts in plan)
    if untested < rows:
        notes.append(f"up to {rows - untested} artists were not tested: all of their covers are others', too")
    return notes


def _counter(total: int, progress: Callable[[int, int], None] | None) -> Callable[[], None]:
    """A function that reports one more step done of ``total``."""
    steps = iter(range(1, total + 1))
    return lambda: progress(next(steps), total) if progress else None
