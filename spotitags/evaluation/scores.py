"""Build ``scores.json``: scores of every voter, every view and the ensemble.

docs/evaluation.md describes the file.
"""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any

from classifiers.files import read_plain
from spotitags.errors import InputError
from spotitags.evaluation.estimates import FORMAT, Bootstrap, Statistic, rounded, significant
from spotitags.io.suggestions import similar_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from classifiers.metrics.bootstrap import RowStats
    from spotitags.evaluation.predictions import EnsemblePredictions
    from spotitags.evaluation.samples import Sample

    Floats = NDArray[np.float64]


def scores(
    samples: Sequence[Sample], predictions: EnsemblePredictions, about: Mapping[str, Any], *, seed: int = 0
) -> dict[str, Any]:
    """Build the content of ``scores.json``.

    Args:
        samples: Samples in the order of the predictions.
        predictions: From `spotitags.evaluation.cross_validation.run`.
        about: The first entries: date, data set, protocol, taggers, notes.
        seed: Seed of the bootstrap.
    """
    from classifiers.metrics.bootstrap import reliability, row_stats

    bootstrap = Bootstrap(predictions.truth, [sample.unit for sample in samples], seed)
    genres = list(predictions.genres)
    truth = [genres[i] for i in predictions.truth.tolist()]
    return {
        "format": FORMAT,
        **about,
        "genres": genres,
        "rows": {genre: truth.count(genre) for genre in genres},
        "covers": sum(map(len, samples)),
        "chance": 1 / len(genres),
        "systems": [
            {"kind": kind, "name": name, **_system(shares, genres, bootstrap), "weight": rounded(weight)}
            for kind, name, shares, weight in _systems(predictions)
        ],
        "reliability": rounded(reliability(row_stats(predictions.ensemble, predictions.truth))),
        "curves": {
            "roc": _roc(predictions),
            "artists": _by_artists(predictions, bootstrap),
            "covers": _by_covers(predictions, bootstrap),
        },
        "answers": _rows(samples, predictions),
    }


def read(path: Path) -> dict[str, Any]:
    """Read a ``scores.json`` or ``seed.json``.

    Raises:
        InputError: The file cannot be read, or has another format.
    """
    try:
        found = json.loads(read_plain(path, stream=True))
        version = found["format"]
    except OSError as error:
        meant = similar_path(path) if isinstance(error, FileNotFoundError) else ""
        raise InputError(f"{path} cannot be read: {error.strerror or error}{meant}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is not a scores.json ({error}): write one with 'spotitags evaluate'"
        ) from error
    if version != FORMAT:
        raise InputError(f"{path} has format {version}, this version reads {FORMAT}: evaluate anew")
    return dict(found)


def _systems(predictions: EnsemblePredictions) -> Iterator[tuple[str, str, Floats, float]]:
    """Yield kind, name, (n_repeats, n_rows, n_genres) shares and mean weight of each system."""
    from classifiers.ensemble.blends import COLUMN, PICTURE, TAGS, in_order, kind_of, source_name

    voters = predictions.voters
    kinds = [kind_of(voter) for voter in voters]

    def of_kinds(names: Iterable[str]) -> tuple[Floats, float]:
        return predictions.blended([i for i, kind in enumerate(kinds) if kind in names])

    def joined(names: Iterable[str]) -> str:
        return " and ".join(map(source_name, names))

    yield "ensemble", "ensemble", predictions.ensemble, 1.0
    there = in_order(kinds)
    for kind in there if len(there) > 1 else ():
        yield "kind", source_name(kind), *of_kinds([kind])
    seen, text = [k for k in there if k in {PICTURE, TAGS}], [k for k in there if k not in {PICTURE, TAGS}]
    if len(seen) > 1 and text:
        yield "blend", joined(seen), *of_kinds(seen)
    for kind in text if seen and len(text) > 1 else ():
        yield "blend", joined([*seen, kind]), *of_kinds([*seen, kind])
    if predictions.control is not None and seen:
        yield "control", f"{joined(text)} of another artist", predictions.control, 1.0
    columns = {kind for kind in there if kind.startswith(COLUMN)}  # each is a kind above
    taggers = list(dict.fromkeys(voter.tagger for voter in voters if voter.tagger not in columns))
    for tagger in taggers if len(taggers) > 1 else ():
        yield "tagger", tagger, *predictions.blended([i for i, v in enumerate(voters) if v.tagger == tagger])
    yield from _parts(predictions)


def _parts(predictions: EnsemblePredictions) -> Iterator[tuple[str, str, Floats, float]]:
    """Yield the same of each view and each voter."""
    from classifiers.ensemble.blends import source_name

    voters = predictions.voters
    for view in dict.fromkeys(voter[:2] for voter in voters):
        yield (
            "view",
            " ".join([source_name(view[0]), view[1]]),
            *predictions.pooled([i for i, v in enumerate(voters) if v[:2] == view]),
        )
    for i, voter in enumerate(voters):
        yield "voter", " ".join([source_name(voter[0]), *voter[1:]]), *predictions.pooled([i])


def _system(shares: Floats, genres: Sequence[str], bootstrap: Bootstrap) -> dict[str, Any]:
    from classifiers.metrics.bootstrap import confusion, row_stats

    stats = row_stats(shares, bootstrap.truth)
    return {
        "scores": {name: metric.as_json() for name, metric in bootstrap.metrics(stats).items()},
        "genres": _genre_scores(stats, genres, bootstrap),
        "confusion": rounded(confusion(stats, bootstrap.once)[0].tolist()),
        "auc": [
            {"genres": [genres[a], genres[b]], **area.as_json()}
            for (a, b), area in bootstrap.pair_areas(shares).items()
        ],
        "right": rounded(stats.right.tolist()),
    }


def _genre_scores(stats: RowStats, genres: Sequence[str], bootstrap: Bootstrap) -> dict[str, Any]:
    """Precision, recall and F1 of each genre."""
    from classifiers.metrics.bootstrap import by_genre, confusion

    values, samples = (by_genre(confusion(stats, drawn)) for drawn in (bootstrap.once, bootstrap.drawn))
    return {
        genre: {
            metric: Statistic(float(values[metric][0, i]), samples[metric][:, i]).as_json()
            for metric in values
        }
        for i, genre in enumerate(genres)
    }


def _roc(predictions: EnsemblePredictions) -> list[dict[str, Any]]:
    """True positive rates of each pair of genres at evenly spaced false positive rates."""
    from classifiers.metrics.bootstrap import pair_curve

    genres = predictions.genres
    return [
        {
            "genres": [genres[a], genres[b]],
            "tpr": rounded(pair_curve(predictions.ensemble, predictions.truth, a, b).tolist()),
        }
        for a, b in combinations(range(len(genres)), 2)
    ]


def _by_artists(predictions: EnsemblePredictions, bootstrap: Bootstrap) -> list[dict[str, Any]]:
    """Balanced accuracy by training artists; the last point is the full training in the same repeats."""
    repeats = predictions.by_covers.shape[1]
    if not repeats:
        return []
    full = predictions.trained_on, predictions.ensemble[:repeats]
    return [
        {"artists": round(n, 1), **bootstrap.scores(shares)["balanced_accuracy"].as_json()}
        for n, shares in (*predictions.by_artists.items(), full)
    ]


def _by_covers(predictions: EnsemblePredictions, bootstrap: Bootstrap) -> list[dict[str, Any]]:
    """Balanced accuracy by the number of covers of each tested artist."""
    if not predictions.by_covers.shape[1]:
        return []
    return [
        {"covers": n, **bootstrap.scores(shares)["balanced_accuracy"].as_json()}
        for n, shares in enumerate(predictions.by_covers, start=1)
    ]


def _rows(samples: Sequence[Sample], predictions: EnsemblePredictions) -> list[dict[str, Any]]:
    """Genre of each row and its shares in each repeat, for other scores than these."""
    return [
        {
            "id": sample.id,
            "genre": predictions.genres[predictions.truth[i]],
            "covers": len(sample),
            "shares": [list(map(significant, shares)) for shares in predictions.ensemble[:, i].tolist()],
        }
        | ({} if sample.unit == sample.id else {"unit": sample.unit})
        for i, sample in enumerate(samples)
    ]
