"""Replicate the experiment of 2015: doom metal against k-pop, then with punk as third genre.

``python -m spotitags.evaluation.replication_2015 COVERS.csv --out DIR`` writes ``DIR/seed.json``, which
``spotitags results`` turns into tables. The CSV has the columns ``file, genre`` and, where known, ``artist``.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.catalogs.single_covers import SingleCovers
from spotitags.errors import InputError
from spotitags.evaluation.folds import Protocol, masked, plan
from spotitags.evaluation.samples import collect_samples
from spotitags.pipeline.spotitags import SpotiTags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.text.views import View
    from spotitags.evaluation.samples import Sample
    from spotitags.settings import Settings

    Floats = NDArray[np.float64]
    Answered = tuple[Sequence[Sample], Mapping[str, Floats]]  # samples, and by choice what was right


FORMAT = 1
GENRES = ("doom-metal", "k-pop", "hardcore-punk")  # the first two, then all three
ROWS = {1: "each cover a row", 5: "about five covers a row"}
LEAST = 30  # covers a genre, so that every fold has rows of five to learn from
DRAWS = 1000  # bootstrap samples
TAGGER = "lite"

TOPS = (10, 25, 50, 100)


def repeat_experiment(
    covers: Path,
    *,
    created: str,
    genres: Sequence[str] = GENRES,
    protocol: Protocol | None = None,
    settings: Settings | None = None,
) -> dict[str, Any]:
    """All tables and findings, as ``seed.json`` holds them.

    Args:
        covers: CSV with ``file, genre`` and, where known, ``artist``.
        created: The date.
        genres: Three genres in the order of the original; the tables take the first two, then all.
        protocol: None for 5 repeats of 5 folds.
        settings: None reads the environment.

    Raises:
        InputError: The CSV cannot be used, or has too few covers of a genre.
    """
    protocol = protocol or Protocol(repeats=5)
    catalog = SingleCovers(covers)
    spotitags = SpotiTags(catalog=catalog, tagger=TAGGER, settings=settings)
    samples = collect_samples(
        spotitags, [a for a in catalog.artists() if a.genre in genres], single=True
    ).rows
    few = [genre for genre in genres if sum(sample.genre == genre for sample in samples) < LEAST]
    if few:
        raise InputError(
            f"{covers} has too few usable covers of {', '.join(few)}: give {LEAST} of each genre at least, "
            "and check the column genre"
        )
    tables, found = [], []
    for size, rows in ROWS.items():
        answers = []
        for chosen in (genres[:2], genres):
            part = [sample for sample in samples if sample.genre in chosen]
            part = in_rows(part, size, protocol.seed) if size > 1 else part
            answers.append((part, experiment(part, TAGGER, protocol)))
            title = f"{' against '.join(chosen)}, {rows}"
            tables.append(table(*answers[-1], title=title, protocol=protocol))
        found += [{"rows": rows, **finding} for finding in findings(answers[0], answers[1], protocol)]
    return {
        "format": FORMAT,
        "kind": "seed",
        "created": created,
        "dataset": covers.parent.name,
        "about": (
            f"Tags of `{TAGGER}`; {protocol.repeats} repeats of stratified cross-validation in "
            f"{protocol.folds} folds, seed {protocol.seed}; no artist and no near-identical cover on both "
            "sides of a fold. Rows of about five draw covers of one genre together, as an artist of the "
            "original had several; here most artists have one. Intervals draw artists, or rows of five."
        ),
        "tables": tables,
        "findings": found,
    }


def table(
    samples: Sequence[Sample], right: Mapping[str, Floats], title: str, protocol: Protocol
) -> dict[str, Any]:
    """Balanced accuracy of every choice by every classifier, as ``seed.json`` holds it."""
    from classifiers.metrics.bootstrap import estimate, resamples

    genres, truth = _truth(samples)
    drawn = resamples(truth, [sample.unit for sample in samples], count=DRAWS, seed=protocol.seed)
    once = np.ones((1, len(samples)))
    cells = []
    for key, values in right.items():
        view, _, classifier = key.partition("|")
        found = estimate(float(_balanced(values, truth, once)[0]), _balanced(values, truth, drawn))
        cells.append({"view": view, "classifier": classifier, "balanced_accuracy": _rounded(found._asdict())})
    counts = Counter(sample.genre for sample in samples)
    return {
        "title": title,
        "chance": 1 / len(genres),
        "rows": {genre: counts[genre] for genre in genres},
        "cells": cells,
    }


def difference(
    samples: Sequence[Sample], right: Mapping[str, Floats], better: str, worse: str, protocol: Protocol
) -> dict[str, float]:
    """How much more the choices that start with ``better`` name right than those with ``worse``.

    Mean over their classifiers, in balanced accuracy, with the interval of a paired bootstrap.
    """
    from classifiers.metrics.bootstrap import estimate, resamples

    _, truth = _truth(samples)
    drawn = resamples(truth, [sample.unit for sample in samples], count=DRAWS, seed=protocol.seed)
    gap = _mean_of(right, better) - _mean_of(right, worse)
    value = float(_balanced(gap, truth, np.ones((1, len(truth))))[0])
    return _rounded(estimate(value, _balanced(gap, truth, drawn))._asdict())


def _mean_of(right: Mapping[str, Floats], choice: str) -> Floats:
    chosen = [values for key, values in right.items() if key.partition("|")[0].startswith(choice)]
    return np.asarray(np.mean(chosen, axis=0))


def _truth(samples: Sequence[Sample]) -> tuple[list[str], NDArray[np.intp]]:
    genres = sorted({sample.genre for sample in samples})
    return genres, np.array([genres.index(sample.genre) for sample in samples], dtype=np.intp)


def _balanced(values: Floats, truth: NDArray[np.intp], weights: Floats) -> Floats:
    """(n_samples,) mean over genres of (n_rows,) values by (n_samples, n_rows) weights; nan is left out."""
    there = weights * ~np.isnan(values)
    genres = np.eye(int(truth.max()) + 1)[truth]
    return np.asarray(
        ((there * np.nan_to_num(values)) @ genres / np.maximum(there @ genres, 1e-9)).mean(axis=1)
    )


def _rounded(found: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in found.items()}


def findings(two: Answered, three: Answered, protocol: Protocol) -> list[dict[str, str]]:
    """Whether what the article of 2015 reports holds here: claim, verdict, and what was measured."""
    best = max(two[1], key=lambda choice: _skill(*two, choice))
    reached = _skill(*two, best)
    chance_free = [_skill(samples, right, "top") for samples, right in (two, three)]
    drop = difference(*three, "top", "all", protocol)
    gain = difference(*three, "distinct", "top", protocol)
    return [
        {
            "claim": "two genres are told apart well",
            "verdict": "holds" if reached >= 0.5 else "does not hold",  # noqa: PLR2004 - half way from chance
            "measured": f"best: {best.replace('|', ' by ')}, balanced accuracy {0.5 + reached / 2:.2f}",
        },
        {
            "claim": "three genres with top-n are unexpectedly worse",
            "verdict": _verdict(chance_free[1] < chance_free[0], drop["high"] < 0),
            "measured": f"from chance (0) to certainty (1) top-n goes {chance_free[0]:.2f} with two genres, "
            f"{chance_free[1]:.2f} with three; there top-n against all tags {_signed(drop)}",
        },
        {
            "claim": "distinct tags are much better than top-n",
            "verdict": _verdict(gain["low"] > 0, gain["value"] >= 0.05),  # noqa: PLR2004 - "much"
            "measured": f"three genres, distinct against top-n {_signed(gain)}",
        },
    ]


def _skill(samples: Sequence[Sample], right: Mapping[str, Floats], choice: str) -> float:
    """Balanced accuracy (mean of the choices that start so) from 0 for chance to 1 for certainty."""
    genres, truth = _truth(samples)
    mean = np.mean([values for key, values in right.items() if key.startswith(choice)], axis=0)
    accuracy = float(_balanced(mean, truth, np.ones((1, len(truth))))[0])
    return (accuracy - 1 / len(genres)) / (1 - 1 / len(genres))


def _verdict(first: bool, second: bool) -> str:  # noqa: FBT001 - the two halves of a claim
    return "holds" if first and second else "holds in part" if first or second else "does not hold"


def _signed(gap: Mapping[str, float]) -> str:
    return f"{gap['value']:+.3f} ({gap['low']:+.3f} to {gap['high']:+.3f})"


def main() -> None:
    """Run the experiment and write ``seed.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("covers", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    wishes = parser.parse_args()
    found = repeat_experiment(
        wishes.covers,
        created=datetime.now(UTC).date().isoformat(),
        protocol=Protocol(repeats=wishes.repeats, seed=wishes.seed),
    )
    wishes.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    (wishes.out / "seed.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()


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
