"""Train an ensemble: every (tagger, view, classifier) is a voter, weighted by its cross-validated skill."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.ensemble import VoterName, pooled, with_unknown
from classifiers.errors import ClassifierError, TrainingDataError
from classifiers.evaluation import mean_scores, scores, splits
from classifiers.text import build_classifier, classifier_names
from classifiers.text.views import VIEWS, View, ViewOptions, fit_view

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.evaluation import Scores, Split
    from classifiers.text import Classifier

INNER_FOLDS = 5  # for calibration inside a classifier; fewer where a genre is smaller
SHARPNESS = 8  # exponent of skill in a voter's weight; docs/ensemble.md has the comparison


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled artist.

    Attributes:
        id: Of the artist; no two rows share it.
        genre: Its label.
        bags: Tagger to label to weight (at least 0); every row has every tagger.
        groups: Ids or digests of the albums in its bags. No split has one album on both sides.
    """

    id: str
    genre: str
    bags: Mapping[str, Mapping[str, float]]
    groups: frozenset[str] = frozenset()


class FittedVoter(NamedTuple):
    """A voter fitted on all rows, with its weight and its cross-validated scores."""

    name: VoterName
    view: View
    model: Classifier
    weight: float
    scores: Scores


@dataclass(frozen=True)
class Trained:
    """A trained ensemble; `classifiers.saving.save` writes it.

    Attributes:
        genres: Alphabetical; the order of every array of probabilities.
        artists: Rows a genre.
        taggers: Tagger to the version that it was trained with.
        voters: With their weights, which sum to 1.
        scores: Of the ensemble on rows held out of both the voters' training and their weighting.
        folds: Folds of the cross-validation.
        repeats: How often it was repeated, shuffled anew.
        seed: Of everything random.
        notes: What a reader of the scores should know.
    """

    genres: tuple[str, ...]
    artists: Mapping[str, int]
    taggers: Mapping[str, str]
    voters: tuple[FittedVoter, ...]
    scores: Scores
    folds: int
    repeats: int
    seed: int
    notes: tuple[str, ...] = ()

    def probabilities(self, bags: Sequence[Mapping[str, Mapping[str, float]]]) -> NDArray[np.float64]:
        """(n_artists, n_voters, n_genres) votes by scikit-learn itself; ``bags`` hold every tagger."""
        votes = []
        for voter in self.voters:
            x = voter.view.vectors([bag[voter.name.tagger] for bag in bags])
            votes.append(with_unknown(voter.model.predict_proba(x), x))
        return np.stack(votes, axis=1)


def train(  # noqa: PLR0913 - each is a choice of its own, and all but two have defaults
    rows: Sequence[Row],
    taggers: Mapping[str, str],
    *,
    views: Sequence[str] = VIEWS,
    classifiers: Sequence[str] | None = None,
    options: ViewOptions | None = None,
    folds: int = 5,
    repeats: int = 3,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Trained:
    """Cross-validate every voter, weight it by its skill, and fit it on all rows.

    A voter's skill is ``max(0, 1 - log_loss / log(genres))`` on held-out artists, 0 for chance and 1 for
    certainty; its weight is proportional to its eighth power. Where no voter has skill all weigh the same.

    Args:
        rows: Labelled artists, at least 3 of each of at least 2 genres.
        taggers: Tagger to version; each row has a bag of each.
        views: Some of `classifiers.text.views.VIEWS`.
        classifiers: Some of `classifiers.text.classifier_names`; None for all.
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

    names = _voter_names(taggers, views, classifiers)
    _check(rows, taggers, folds, repeats)
    corpus = _Corpus(rows, names, options or ViewOptions(), seed)
    genres, groups = [row.genre for row in rows], [row.groups for row in rows]
    plan = [splits(genres, groups, folds=folds, seed=seed + repeat) for repeat in range(repeats)]
    step = _counter(sum(map(len, plan)) + 1, progress)
    with threadpool_limits(1):  # five times as fast: threads wait for each other at matrices this small
        held_out = [corpus.held_out(parts, step) for parts in plan]
        each = [
            mean_scores([scores(votes[:, i], corpus.truth) for votes in held_out]) for i in range(len(names))
        ]
        voters, notes = corpus.voters(each)
    step()
    return Trained(
        genres=corpus.genres,
        artists=dict(sorted(Counter(genres).items())),
        taggers=dict(taggers),
        voters=voters,
        scores=mean_scores(
            [
                scores(_pooled_held_out(votes, parts, corpus.truth), corpus.truth)
                for votes, parts in zip(held_out, plan, strict=True)
            ]
        ),
        folds=len(plan[0]),
        repeats=repeats,
        seed=seed,
        notes=(*_notes(plan, folds, len(rows)), *notes),
    )


class _Corpus:
    """The rows as arrays, and the voters to fit on parts of them."""

    def __init__(
        self, rows: Sequence[Row], names: Sequence[VoterName], options: ViewOptions, seed: int
    ) -> None:
        self.rows, self.names, self.options, self.seed = rows, names, options, seed
        self.genres = tuple(sorted({row.genre for row in rows}))
        self.truth = np.array([self.genres.index(row.genre) for row in rows], dtype=np.intp)

    def held_out(self, parts: Sequence[Split], step: Callable[[], None]) -> NDArray[np.float64]:
        """(n_rows, n_voters, n_genres) votes on each fold's test rows; nan for rows in no test fold."""
        votes = np.full((len(self.rows), len(self.names), len(self.genres)), np.nan)
        for part in parts:
            for i, (view, model) in enumerate(self._fitted(part.train)):
                x = view.vectors(self._bags(self.names[i].tagger, part.test))
                votes[part.test, i] = 1 / len(self.genres)
                if model and part.test.size:
                    votes[part.test, i] = with_unknown(model.predict_proba(x), x)
            step()
        return votes

    def voters(self, each: Sequence[Scores]) -> tuple[tuple[FittedVoter, ...], list[str]]:
        """All voters fitted on all rows, and a note on those that had nothing to look at."""
        fits = self._fitted(np.arange(len(self.rows)))
        kept = [i for i, (_, model) in enumerate(fits) if model]
        if not kept:
            raise TrainingDataError("no tag is shared between artists: give more artists, or richer tags")
        weights = weights_of(np.array([each[i].log_loss for i in kept]), len(self.genres))
        voters = tuple(
            FittedVoter(self.names[i], view, model, float(weight), each[i])
            for i, weight in zip(kept, weights, strict=True)
            for view, model in [fits[i]]
            if model
        )
        empty = {self.names[i][:2] for i, (_, model) in enumerate(fits) if not model}
        return voters, [
            f"view {view} of {tagger} has no tag and casts no vote" for tagger, view in sorted(empty)
        ]

    def _bags(self, tagger: str, chosen: NDArray[np.intp]) -> list[Mapping[str, float]]:
        return [self.rows[i].bags[tagger] for i in chosen]

    def _fitted(self, chosen: NDArray[np.intp]) -> list[tuple[View, Classifier | None]]:
        """A view and a classifier for each voter, fitted on the chosen rows; None where the view is empty."""
        truth = self.truth[chosen]
        counts = np.bincount(truth, minlength=len(self.genres))
        balance = truth.size / (len(self.genres) * counts[truth])
        seen: dict[tuple[str, str], tuple[View, NDArray[np.float64]]] = {}
        fits: list[tuple[View, Classifier | None]] = []
        for name in self.names:
            if name[:2] not in seen:
                bags = self._bags(name.tagger, chosen)
                view = fit_view(name.view, bags, [self.genres[i] for i in truth], self.options)
                seen[name[:2]] = view, view.vectors(bags)
            view, x = seen[name[:2]]
            inner = min(INNER_FOLDS, int(counts.min()))
            model = build_classifier(name.classifier, inner_folds=inner, seed=self.seed)
            fits.append((view, model.fit(x, truth, sample_weight=balance) if view.labels else None))
        return fits


def weights_of(log_losses: NDArray[np.float64], genres: int) -> NDArray[np.float64]:
    """Shares of voters in the ensemble, summing to 1, from their log losses on held-out rows; see `train`."""
    skill = np.maximum(0.0, 1 - log_losses / np.log(genres)) ** SHARPNESS
    if not skill.any():
        return np.full(len(skill), 1 / len(skill))
    shares: NDArray[np.float64] = skill / skill.sum()
    return shares


def _pooled_held_out(
    votes: NDArray[np.float64], parts: Sequence[Split], truth: NDArray[np.intp]
) -> NDArray[np.float64]:
    """(n_rows, n_genres) shares, each fold's weighted by the voters' skill on the other folds."""
    n_rows, n_voters, n_genres = votes.shape
    shares = np.full((n_rows, n_genres), np.nan)
    for part in parts:
        others = np.delete(np.arange(n_rows), part.test)
        losses = [scores(votes[others, i], truth[others]).log_loss for i in range(n_voters)]
        shares[part.test] = pooled(votes[part.test], weights_of(np.array(losses), n_genres))
    return shares


def _voter_names(
    taggers: Mapping[str, str], views: Sequence[str], classifiers: Sequence[str] | None
) -> list[VoterName]:
    names = [VoterName(*name) for name in product(taggers, views, classifiers or classifier_names())]
    if not names:
        raise ClassifierError("an ensemble needs a tagger, a view and a classifier at least")
    return names


def _check(rows: Sequence[Row], taggers: Mapping[str, str], folds: int, repeats: int) -> None:
    if folds < 2 or repeats < 1:  # noqa: PLR2004
        raise ClassifierError(
            f"cross-validation needs 2 folds and 1 repeat at least, not {folds} and {repeats}"
        )
    twice = [row_id for row_id, n in Counter(row.id for row in rows).items() if n > 1]
    if twice:
        raise TrainingDataError(
            f"artists stand in more than one row: {', '.join(twice[:5])}; merge their rows"
        )
    for row in rows:
        missing = sorted(set(taggers) - set(row.bags))
        if missing:
            raise TrainingDataError(
                f"artist {row.id} has no bag of {', '.join(missing)}: tag it, or leave it out"
            )
        for tagger in taggers:
            bad = [label for label, w in row.bags[tagger].items() if not 0 <= w < np.inf]
            if bad:
                raise TrainingDataError(
                    f"artist {row.id}: the weight of {bad[0]!r} ({tagger}) is no number from 0"
                )


def _notes(plan: Sequence[Sequence[Split]], folds: int, rows: int) -> list[str]:
    notes = []
    if len(plan[0]) < folds:
        notes.append(f"{len(plan[0])} folds instead of {folds}: the smallest genre has no more artists")
    untested = min(sum(part.test.size for part in parts) for parts in plan)
    if untested < rows:
        notes.append(
            f"up to {rows - untested} artists were not tested: they share albums with too many others"
        )
    return notes


def _counter(total: int, progress: Callable[[int, int], None] | None) -> Callable[[], None]:
    """A function that reports one more step done of ``total``."""
    steps = iter(range(1, total + 1))
    return lambda: progress(next(steps), total) if progress else None
