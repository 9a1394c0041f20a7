"""Which tags to read? All, top-n, distinct ...: every choice of the original by every classifier."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spotitags.evaluation.masking import masked
from spotitags.evaluation.planning import plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.text.views import View
    from spotitags.evaluation.planning import Protocol
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
    samples: Sequence[Sample], tagger: str, protocol: Protocol, *, workers: int | None = None
) -> dict[str, Floats]:
    """The right answers of every choice of tags by every classifier.

    Args:
        samples: Each is one row, its covers' tags summed; from `in_rows` where they are single covers.
        tagger: Whose tags.
        protocol: Folds and repeats; no artist and no near-identical cover stands on both sides.
        workers: Processes; None for one a core.

    Returns:
        ``choice|classifier`` to (n_samples,) part of the repeats in which each row was named right; nan for a
        row that was never tested.
    """
    from joblib import Parallel, delayed  # type: ignore[import-untyped]

    jobs = plan(samples, replace(protocol, curve_repeats=0))
    parts = [(job.repeat, train, test) for job in jobs for train, test in job.folds]
    pool = Parallel(n_jobs=workers or os.cpu_count() or 1)
    found = pool(
        delayed(_fold)(
            [samples[i] for i in train], [samples[i] for i in test], tagger, protocol.seed + repeat
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


def in_rows(samples: Sequence[Sample], size: int, seed: int) -> list[Sample]:
    """Single covers drawn together into rows of about ``size``, as an artist of the original has several.

    Rows are drawn within genres, once, so that they stay whole in every fold and the bootstrap can draw them.
    An artist's covers stay together: a row ends where the next artist's would make it too long. Rows
    that are not half full, and artists that another genre has already, are left out.
    """
    rng = np.random.default_rng(seed)
    units: dict[str, list[Sample]] = {}
    for sample in samples:
        known = units.setdefault(sample.unit, [])
        if not known or known[0].genre == sample.genre:
            known.append(sample)
    rows: list[list[Sample]] = []
    for genre in sorted({sample.genre for sample in samples}):
        own = [unit for unit in units.values() if unit[0].genre == genre]
        row: list[Sample] = []
        for i in rng.permutation(len(own)):
            if row and len(row) + len(own[i]) > size:
                rows.append(row)
                row = []
            row = row + own[i]
        rows.append(row)
    return [_joined(row) for row in rows if len(row) >= size / 2]


def _joined(members: Sequence[Sample]) -> Sample:
    """One sample with all members' covers."""
    rows = [member.row for member in members]
    row = replace(
        rows[0],
        covers={tagger: [tags for row in rows for tags in row.covers[tagger]] for tagger in rows[0].covers},
        embeddings={},
        groups=[group for row in rows for group in row.groups],
    )
    return replace(members[0], row=row, unit=rows[0].id)


def _mean(values: Floats) -> Floats:
    """Mean over repeats; nan where there is none."""
    times = (~np.isnan(values)).sum(axis=0)
    total = np.nansum(values, axis=0)
    return np.asarray(np.divide(total, times, out=np.full(len(total), np.nan), where=times > 0))


def _fold(
    whole_train: Sequence[Sample], whole_test: Sequence[Sample], tagger: str, seed: int
) -> dict[str, dict[str, float]]:
    """By ``choice|classifier``, whether each tested row was named right."""
    from threadpoolctl import threadpool_limits

    from classifiers.text import build_classifier, classifier_names

    train, test = masked(whole_train, whole_test)
    labels = [sample.genre for sample in train]
    genres = sorted(set(labels))
    truth = np.array([genres.index(genre) for genre in labels])
    counts = np.bincount(truth)
    balance = truth.size / (len(genres) * counts[truth])
    bags, asked = ([sample.row.bag(tagger) for sample in side] for side in (train, test))
    found = {}
    with threadpool_limits(1):
        for choice in CHOICES:
            view = choice.fitted(bags, labels)
            x, y = choice.rows(view, bags), choice.rows(view, asked)
            for name in classifier_names():
                model = build_classifier(name, inner_folds=min(5, int(counts.min())), seed=seed)
                named = model.fit(x, truth, sample_weight=balance).predict_proba(y).argmax(axis=1)
                found[f"{choice.name}|{name}"] = {
                    sample.id: float(genres[answer] == sample.genre)
                    for sample, answer in zip(test, named.tolist(), strict=True)
                }
    return found
