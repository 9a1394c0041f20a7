"""From answers to ``scores.json``: every voter, every view and the ensemble, each scored alike.

docs/evaluation.md describes the file; `FORMAT` changes with its meaning.
"""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from classifiers.metrics.bootstrap import Estimate, RowStats
    from spotitags.evaluation.cross_validation import HeldOutPredictions
    from spotitags.evaluation.samples import Sample

    Floats = NDArray[np.float64]


FORMAT = 1
DRAWS = 1000  # bootstrap samples
DIGITS = 4


def scores(
    samples: Sequence[Sample], answers: HeldOutPredictions, about: Mapping[str, Any], *, seed: int = 0
) -> dict[str, Any]:
    """The whole of ``scores.json``.

    Args:
        samples: In the answers' order.
        answers: From `spotitags.evaluation.cross_validation.run`.
        about: What stands at the head: date, data set, protocol, taggers, notes.
        seed: Of the bootstrap.
    """
    from classifiers.metrics.bootstrap import reliability, resamples, row_stats

    drawn = resamples(answers.truth, [sample.unit for sample in samples], count=DRAWS, seed=seed)
    genres = list(answers.genres)
    truth = [genres[i] for i in answers.truth.tolist()]
    return {
        "format": FORMAT,
        **about,
        "genres": genres,
        "rows": {genre: truth.count(genre) for genre in genres},
        "covers": sum(map(len, samples)),
        "chance": 1 / len(genres),
        "systems": [
            _system(kind, name, shares, answers, drawn) | {"weight": _number(weight)}
            for kind, name, shares, weight in _systems(answers)
        ],
        "reliability": _numbers(reliability(row_stats(answers.ensemble, answers.truth))),
        "curves": {
            "roc": _roc(answers),
            "artists": _by_artists(answers, drawn),
            "covers": _by_covers(answers, drawn),
        },
        "answers": _answers(samples, answers),
    }


def read(path: Path) -> dict[str, Any]:
    """A ``scores.json`` or ``seed.json``.

    Raises:
        InputError: It cannot be read, or is of another format.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        version = found["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no scores.json ({error}): write one with 'spotitags evaluate'"
        ) from error
    if version != FORMAT:
        raise InputError(f"{path} has format {version}, this version reads {FORMAT}: evaluate anew")
    return dict(found)


def _systems(answers: HeldOutPredictions) -> Iterator[tuple[str, str, Floats, float]]:
    """Kind, name, (n_repeats, n_rows, n_genres) shares and mean weight of everything that answers."""
    from classifiers.image import EMBEDDING

    yield "ensemble", "ensemble", answers.ensemble, 1.0
    tags = [i for i, voter in enumerate(answers.voters) if voter.view != EMBEDDING]
    if 0 < len(tags) < len(answers.voters):
        yield "ensemble", "tags alone", *_pooled(answers, tags)
    taggers = list(dict.fromkeys(voter.tagger for voter in answers.voters))
    views = list(dict.fromkeys((voter.tagger, voter.view) for voter in answers.voters))
    if len(taggers) > 1:
        for tagger in taggers:
            chosen = [i for i, voter in enumerate(answers.voters) if voter.tagger == tagger]
            yield "tagger", tagger, *_pooled(answers, chosen)
    for tagger, view in views:
        chosen = [i for i, voter in enumerate(answers.voters) if voter[:2] == (tagger, view)]
        yield "view", f"{tagger} {view}", *_pooled(answers, chosen)
    for i, voter in enumerate(answers.voters):
        yield "voter", " ".join(voter), *_pooled(answers, [i])


def _pooled(answers: HeldOutPredictions, chosen: Sequence[int]) -> tuple[Floats, float]:
    """The chosen voters' votes pooled as in an ensemble by their weights in each fold, else evenly."""
    from classifiers.ensemble.pooling import pooled

    weights = answers.weights[..., chosen]
    total = weights.sum(axis=-1, keepdims=True)
    even = np.full_like(weights, 1 / len(chosen))
    parts = np.divide(weights, total, out=even, where=total > 0)
    return pooled(answers.each[:, :, chosen], parts), float(np.nanmean(total))


def _system(
    kind: str, name: str, shares: Floats, answers: HeldOutPredictions, drawn: Floats
) -> dict[str, Any]:
    from classifiers.metrics.bootstrap import confusion, estimate, estimates, metrics, pair_aucs, row_stats

    stats = row_stats(shares, answers.truth)
    once = np.ones((1, len(answers.truth)))
    found = estimates(metrics(stats, once), metrics(stats, drawn))
    pairs = pair_aucs(shares, answers.truth, drawn)
    return {
        "kind": kind,
        "name": name,
        "scores": {metric: _estimate(value) for metric, value in found.items()},
        "genres": _genres(stats, once, drawn, answers.genres),
        "confusion": _numbers(confusion(stats, once)[0].tolist()),
        "auc": [
            {"genres": [answers.genres[a], answers.genres[b]], **_estimate(estimate(area, several))}
            for (a, b), (area, several) in pairs.items()
        ],
        "right": _numbers(stats.right.tolist()),
    }


def _genres(stats: RowStats, once: Floats, drawn: Floats, genres: Sequence[str]) -> dict[str, Any]:
    from classifiers.metrics.bootstrap import by_genre, confusion, estimate

    point, several = by_genre(confusion(stats, once)), by_genre(confusion(stats, drawn))
    return {
        genre: {
            metric: _estimate(estimate(float(point[metric][0, i]), several[metric][:, i])) for metric in point
        }
        for i, genre in enumerate(genres)
    }


def _roc(answers: HeldOutPredictions) -> list[dict[str, Any]]:
    from classifiers.metrics.bootstrap import pair_curve

    return [
        {
            "genres": [answers.genres[a], answers.genres[b]],
            "tpr": _numbers(pair_curve(answers.ensemble, answers.truth, a, b).tolist()),
        }
        for a, b in combinations(range(len(answers.genres)), 2)
    ]


def _by_artists(answers: HeldOutPredictions, drawn: Floats) -> list[dict[str, Any]]:
    """Balanced accuracy by artists trained on; the last point is the full training in the same repeats."""
    repeats = answers.by_covers.shape[1]
    if not repeats:
        return []
    points = [*answers.by_artists.items(), (answers.trained_on, answers.ensemble[:repeats])]
    return [{"artists": round(n, 1), **_balanced(shares, answers, drawn)} for n, shares in points]


def _by_covers(answers: HeldOutPredictions, drawn: Floats) -> list[dict[str, Any]]:
    """Balanced accuracy by covers shown of each tested artist."""
    if not answers.by_covers.shape[1]:
        return []
    return [
        {"covers": n, **_balanced(shares, answers, drawn)}
        for n, shares in enumerate(answers.by_covers, start=1)
    ]


def _balanced(shares: Floats, answers: HeldOutPredictions, drawn: Floats) -> dict[str, float]:
    from classifiers.metrics.bootstrap import estimate, metrics, row_stats

    stats = row_stats(shares, answers.truth)
    once = metrics(stats, np.ones((1, len(answers.truth))))["balanced_accuracy"]
    return _estimate(estimate(float(once[0]), metrics(stats, drawn)["balanced_accuracy"]))


def _answers(samples: Sequence[Sample], answers: HeldOutPredictions) -> list[dict[str, Any]]:
    """Each row's truth and the ensemble's shares in each repeat, for who wants to score otherwise."""
    return [
        {
            "id": sample.id,
            "genre": answers.genres[answers.truth[i]],
            "covers": len(sample),
            "shares": [_significant(shares) for shares in answers.ensemble[:, i].tolist()],
        }
        | ({} if sample.unit == sample.id else {"unit": sample.unit})
        for i, sample in enumerate(samples)
    ]


def _significant(shares: Sequence[float]) -> list[float | None]:
    """Four significant digits rather than four places: a share that is nearly 0 must not become 0."""
    return [None if np.isnan(share) else float(f"{share:.4g}") for share in shares]


def _estimate(found: Estimate) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in found._asdict().items()}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(value, DIGITS)


def _numbers(value: Any) -> Any:  # noqa: ANN401 - any nesting of lists and mappings
    """The same with every number rounded, and None for nan, which JSON has not."""
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return {key: _numbers(each) for key, each in value.items()}
    return [_numbers(each) for each in value]
