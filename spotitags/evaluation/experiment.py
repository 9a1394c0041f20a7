"""Which tags to read? All, top-n, distinct ...: every choice of the original by every classifier."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spotitags.evaluation.masking import masked
from spotitags.evaluation.protocol import plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.text.views import View
    from spotitags.evaluation.protocol import Protocol
    from spotitags.evaluation.samples import Sample

    Floats = NDArray[np.float64]

TOPS = (10, 25, 50, 100)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tags of a bag are read: a view, and of that only the ``top`` heaviest (None for all)."""

    view: str
    top: int | None = None

    @property
    def name(self) -> str:
        """As it stands in the tables."""
        return self.view if self.top is None else f"{self.view} top {self.top}".replace("all top", "top")

    def fitted(self, bags: Sequence[Mapping[str, float]], genres: Sequence[str]) -> View:
        """The view with its labels chosen on labelled bags."""
        from classifiers.text.views import fit_view

        return fit_view(self.view, bags, genres)

    def rows(self, view: View, bags: Sequence[Mapping[str, float]]) -> Floats:
        """(n_bags, n_labels) unit rows; the top is taken among the labels of the view."""
        known = frozenset(view.labels)
        kept = [{label: weight for label, weight in bag.items() if label in known} for bag in bags]
        return replace(view, top=self.top).vectors(kept)


CHOICES = (
    Choice("all"),
    *(Choice("all", n) for n in TOPS),
    Choice("distinct"),
    *(Choice("distinct", n) for n in TOPS),
    Choice("log-odds"),
)


def experiment(
    samples: Sequence[Sample], tagger: str, protocol: Protocol, *, bag: int = 1, workers: int | None = None
) -> dict[str, Floats]:
    """The right answers of every choice of tags by every classifier.

    Args:
        samples: Single covers.
        tagger: Whose tags.
        protocol: Folds and repeats; no artist and no near-identical cover stands on both sides.
        bag: Covers of one genre and one side of a fold that are drawn together into a row, as an artist of
            the original has several covers; 1 leaves each cover a row.
        workers: Processes; None for one a core.

    Returns:
        ``choice|classifier`` to (n_samples,) part of the repeats in which the row of a cover was named right;
        nan where a cover was in no row.
    """
    from joblib import Parallel, delayed  # type: ignore[import-untyped]

    jobs = plan(samples, replace(protocol, curve_repeats=0))
    parts = [(job.repeat, train, test) for job in jobs for train, test in job.folds]
    pool = Parallel(n_jobs=workers or os.cpu_count() or 1)
    found = pool(
        delayed(_fold)(
            [samples[i] for i in train], [samples[i] for i in test], tagger, bag, [protocol.seed, repeat]
        )
        for repeat, train, test in parts
    )
    number = {sample.id: i for i, sample in enumerate(samples)}
    right: defaultdict[str, Floats] = defaultdict(lambda: np.full((protocol.repeats, len(samples)), np.nan))
    for (repeat, _, _), answers in zip(parts, found, strict=True):
        for name, answer in answers.items():
            for ref, value in answer.items():
                right[name][repeat, number[ref]] = value
    return {name: _mean(values) for name, values in right.items()}


def _mean(values: Floats) -> Floats:
    """Mean over repeats; nan where there is none."""
    times = (~np.isnan(values)).sum(axis=0)
    total = np.nansum(values, axis=0)
    return np.asarray(np.divide(total, times, out=np.full(len(total), np.nan), where=times > 0))


def _fold(
    whole_train: Sequence[Sample], whole_test: Sequence[Sample], tagger: str, bag: int, seed: Sequence[int]
) -> dict[str, dict[str, float]]:
    """By ``choice|classifier``, whether each tested cover's row was named right."""
    from threadpoolctl import threadpool_limits

    from classifiers.text import build_classifier, classifier_names

    rng = np.random.default_rng(seed)
    train, test = masked(whole_train, whole_test)
    rows, asked = _bags(train, tagger, bag, rng), _bags(test, tagger, bag, rng)
    labels = [genre for _, genre, _ in rows]
    genres = sorted(set(labels))
    truth = np.array([genres.index(genre) for genre in labels])
    counts = np.bincount(truth)
    balance = truth.size / (len(genres) * counts[truth])
    found = {}
    with threadpool_limits(1):
        for choice in CHOICES:
            view = choice.fitted([tags for _, _, tags in rows], labels)
            x, y = (choice.rows(view, [tags for _, _, tags in side]) for side in (rows, asked))
            for name in classifier_names():
                model = build_classifier(name, inner_folds=min(5, int(counts.min())), seed=int(seed[0]))
                named = model.fit(x, truth, sample_weight=balance).predict_proba(y).argmax(axis=1)
                found[f"{choice.name}|{name}"] = {
                    ref: float(genres[answer] == genre)
                    for (refs, genre, _), answer in zip(asked, named.tolist(), strict=True)
                    for ref in refs
                }
    return found


def _bags(
    samples: Sequence[Sample], tagger: str, size: int, rng: np.random.Generator
) -> list[tuple[list[str], str, dict[str, float]]]:
    """Ids, genre and summed tags of rows of ``size`` covers of one genre; covers left over make no row."""
    by_genre = defaultdict(list)
    for sample in samples:
        by_genre[sample.genre].append(sample)
    rows = []
    for genre, members in sorted(by_genre.items()):
        order = rng.permutation(len(members)) if size > 1 else np.arange(len(members))
        for start in range(0, len(order) - size + 1, size):
            chosen = [members[i] for i in order[start : start + size]]
            tags: defaultdict[str, float] = defaultdict(float)
            for sample in chosen:
                for label, weight in sample.row.bag(tagger).items():
                    tags[label] += weight
            rows.append(([sample.id for sample in chosen], genre, dict(tags)))
    return rows
