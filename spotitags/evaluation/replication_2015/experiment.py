"""Classify labelled covers, or rows of several covers, by different choices of tags."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spotitags.evaluation.cross_validation import in_processes
from spotitags.evaluation.folds import fold_dataset

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.text.views import View
    from classifiers.training.cross_validation import Fold
    from spotitags.evaluation.folds import Protocol
    from spotitags.evaluation.samples import Sample

    Floats = NDArray[np.float64]
    System = tuple[str, str]  # name of a choice of tags, and of a classifier


TOPS = (10, 25, 50, 100)


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of tags: a view, and of that only the ``top`` heaviest (None for all)."""

    view: str
    top: int | None = None

    @property
    def name(self) -> str:
        """Name in the tables."""
        return self.view if self.top is None else f"{self.view} top {self.top}".replace("all top", "top")

    def fitted(self, bags: Sequence[Mapping[str, float]], genres: Sequence[str]) -> View:
        """Fit the view, which chooses its labels, on labelled bags."""
        from classifiers.text.views import fit_view

        return fit_view(self.view, bags, genres)

    def rows(self, view: View, bags: Sequence[Mapping[str, float]]) -> Floats:
        """(n_bags, n_labels) rows of length 1; the heaviest tags are taken among the labels of the view."""
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


@dataclass(frozen=True)
class Outcome:
    """Correct predictions of every choice of tags by every classifier.

    Attributes:
        samples: Samples, each a row.
        right: System to (n_samples,) fraction of the repeats in which each row was classified correctly; nan
            for a row that was never tested.
        seed: Seed for the bootstrap.
    """

    samples: Sequence[Sample]
    right: Mapping[System, Floats]
    seed: int = 0


def experiment(
    samples: Sequence[Sample], tagger: str, protocol: Protocol, *, workers: int | None = None
) -> Outcome:
    """Cross-validate every choice of tags with every classifier.

    Args:
        samples: Each is one row, its covers' tags summed; from `in_rows` if several single covers make a row.
        tagger: Name of the tagger.
        protocol: Folds and repeats; no artist and no near-identical cover is on both sides of a fold.
        workers: Number of processes; None for one per core.
    """
    dataset = fold_dataset(samples, replace(protocol, curve_repeats=0))
    number = {sample.id: i for i, sample in enumerate(samples)}
    folds = [(split, fold) for split in dataset.splits for fold in split.folds]
    tasks = ((fold, tagger, split.seed) for split, fold in folds)
    shape = protocol.repeats, len(samples)
    right: defaultdict[System, Floats] = defaultdict(lambda: np.full(shape, np.nan))
    for task, found in in_processes(_predict, tasks, workers):
        split, fold = folds[task]
        rows = [number[row.id] for row in fold.test]
        for system, values in found.items():
            right[system][split.repeat, rows] = values
    return Outcome(samples, {system: _mean(values) for system, values in right.items()}, protocol.seed)


def _predict(task: tuple[Fold, str, int]) -> dict[System, NDArray[np.bool_]]:
    """For each system, whether each test row of a fold is classified correctly."""
    from threadpoolctl import threadpool_limits

    from classifiers.text import build_classifier, classifier_names

    fold, tagger, seed = task
    labels = [row.genre for row in fold.train]
    genres = sorted(set(labels))
    truth = np.array([genres.index(genre) for genre in labels])
    counts = np.bincount(truth)
    balance = truth.size / (len(genres) * counts[truth])
    train, test = ([row.bag(tagger) for row in rows] for rows in fold)
    expected = np.array([row.genre for row in fold.test])
    found = {}
    with threadpool_limits(1):
        for choice in CHOICES:
            view = choice.fitted(train, labels)
            x, y = choice.rows(view, train), choice.rows(view, test)
            for name in classifier_names():
                model = build_classifier(name, inner_folds=min(5, int(counts.min())), seed=seed)
                predicted = model.fit(x, truth, sample_weight=balance).predict_proba(y).argmax(axis=1)
                found[choice.name, name] = np.array(genres)[predicted] == expected
    return found


def _mean(values: Floats) -> Floats:
    """Mean over repeats; nan for rows without a value."""
    times = (~np.isnan(values)).sum(axis=0)
    total = np.nansum(values, axis=0)
    return np.asarray(np.divide(total, times, out=np.full(len(total), np.nan), where=times > 0))


def in_rows(samples: Sequence[Sample], size: int, seed: int) -> list[Sample]:
    """Draw single covers together into rows of about ``size``, as an artist of the original has several.

    Rows are drawn within genres, once, so that they stay whole in every fold and the bootstrap can draw them.
    An artist's covers stay together: a row ends where the next artist's would make it too long. Rows that
    are not half full are left out, and so are covers of an artist that another genre has already.
    """
    rng = np.random.default_rng(seed)
    units: dict[str, list[Sample]] = {}
    for sample in samples:
        members = units.setdefault(sample.unit, [])
        if not members or members[0].genre == sample.genre:
            members.append(sample)
    rows: list[list[Sample]] = []
    for genre in sorted({sample.genre for sample in samples}):
        of_genre = [unit for unit in units.values() if unit[0].genre == genre]
        row: list[Sample] = []
        for i in rng.permutation(len(of_genre)):
            if row and len(row) + len(of_genre[i]) > size:
                rows.append(row)
                row = []
            row = row + of_genre[i]
        rows.append(row)
    return [_merged(row) for row in rows if len(row) >= size / 2]


def _merged(members: Sequence[Sample]) -> Sample:
    """One sample with the covers of all members."""
    rows = [member.row for member in members]
    row = replace(
        rows[0],
        covers={tagger: [tags for row in rows for tags in row.covers[tagger]] for tagger in rows[0].covers},
        embeddings={},
        groups=[group for row in rows for group in row.groups],
    )
    return replace(members[0], row=row, unit=rows[0].id)
