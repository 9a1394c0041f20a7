"""Compare all models of tags, embeddings and pixels in the same folds.

`leaderboard` returns ``leaderboard.json`` as a mapping; `write` saves it with a page that works offline.
docs/image-models.md describes the models and the protocol.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from classifiers.files import replaced_file
from spotitags.evaluation.estimates import FORMAT
from spotitags.evaluation.folds import Protocol, fold_dataset
from spotitags.evaluation.leaderboard.contest import cross_validate_models
from spotitags.evaluation.leaderboard.jobs import INTERRUPTED
from spotitags.evaluation.leaderboard.models import (
    PAIRED,
    ensembles,
    pixel_features,
    select_models,
    unavailable_models,
)
from spotitags.evaluation.leaderboard.standings import all_rows, pair_areas, standings
from spotitags.evaluation.samples import collect_samples, counts, select
from spotitags.io.output import output_errors
from spotitags.taggers.features.registry import extractors_by_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from classifiers.ensemble.results import VoterName
    from spotitags.evaluation.samples import Progress, Sample
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Artist


FOLDS = 5
PAIR_FOLDS = 10  # as in earlier work, for comparable areas


def leaderboard(  # noqa: PLR0913  (each is a choice of its own, and all but three have defaults)
    spotitags: SpotiTags,
    artists: Sequence[Artist],
    *,
    dataset: str,
    created: str,
    protocol: Protocol | None = None,
    models: Sequence[str] = (),
    pairs: bool = False,
    min_covers: int = 3,
    single: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Cross-validate every model on the same artists in the same folds.

    Args:
        spotitags: Instance whose catalogue and taggers are used.
        artists: Artists with genres.
        dataset: Name of the labels.
        created: Date, such as ``2026-11-20``.
        protocol: Settings; None for one repeat of `FOLDS` folds, or `PAIR_FOLDS` for pairs.
        models: Names of models, views, taggers or pixel features, or ``tags``; if empty, all models, or for
            pairs `spotitags.evaluation.leaderboard.models.PAIRED`.
        pairs: Compare each pair of genres by the area under the ROC curve; otherwise all genres at once by
            balanced accuracy, with ensembles and a blend.
        min_covers: Minimum number of covers per artist that no other artist has; 0 for single covers.
        single: Each "artist" is one cover, as `spotitags.catalogs.single_covers` lists them.
        workers: Number of processes; None for one per core, 1 for the current process alone.
        progress: Called with (stage, done, total); stages are ``artists`` and ``models``.

    Returns:
        Content of ``leaderboard.json``.

    Raises:
        InputError: The labels cannot be split, a model's name is unknown, or every model failed.
        TaggerError: A tagger cannot be used at all.
    """
    protocol = protocol or Protocol(folds=PAIR_FOLDS if pairs else FOLDS, repeats=1)
    start = time.monotonic()
    versions = spotitags.tagger_versions()
    names = select_models(list(versions), models or (PAIRED if pairs else ()))
    extractors = extractors_by_name(pixel_features(names))
    found = collect_samples(spotitags, artists, single=single, extractors=extractors, progress=progress)
    samples = select(found, min_covers=0 if single else min_covers)
    read = time.monotonic()
    result = compare_models(samples.rows, names, protocol, pairs=pairs, workers=workers, progress=progress)
    return {
        "format": FORMAT,
        "created": created,
        "dataset": dataset,
        "unit": "cover" if single else "artist",
        "protocol": {
            "folds": protocol.folds,
            "repeats": protocol.repeats,
            "seed": protocol.seed,
            "albums": spotitags.albums,
            "min_covers": 0 if single else min_covers,
            "shuffled_genres": protocol.shuffled,
        },
        "taggers": [{"name": name, "version": version} for name, version in versions.items()],
        "measures": [{"name": each.feature, "version": each.version} for each in extractors],
        "genres": sorted({sample.genre for sample in samples.rows}),
        "rows": counts(samples.rows),
        "covers": sum(map(len, samples.rows)),
        "notes": list(samples.notes),
        "interrupted": any(row.get("error") == INTERRUPTED for row in all_rows(result)),
        "failed": {ref: str(error) for ref, error in samples.failed.items()},
        "seconds": {"reading": round(read - start, 1), "models": round(time.monotonic() - read, 1)},
        **result,
    }


def write(found: Mapping[str, Any], out: Path) -> list[Path]:
    """Write ``leaderboard.json`` and ``leaderboard.html`` into a folder.

    Raises:
        InputError: The folder cannot be written.
    """
    from spotitags.evaluation.leaderboard.html import page

    files = {"leaderboard.json": json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n"}
    files["leaderboard.html"] = page(found)
    with output_errors(out):
        for name, text in files.items():
            with replaced_file(out / name, lasting=True) as stream:
                stream.write(text.encode())
    return [out / name for name in files]


def compare_models(  # noqa: PLR0913
    samples: Sequence[Sample],
    models: Sequence[VoterName],
    protocol: Protocol,
    *,
    pairs: bool,
    workers: int | None,
    progress: Progress | None,
) -> dict[str, Any]:
    """Compare the models on all genres at once, or on each pair of genres, which has its own folds."""
    genres = sorted({sample.genre for sample in samples})
    selections = list(combinations(genres, 2)) if pairs else [tuple(genres)]
    without_curves = replace(protocol, curve_repeats=0)
    datasets = [
        fold_dataset([sample for sample in samples if sample.genre in selection], without_curves)
        for selection in selections
    ]
    unavailable = unavailable_models([sample.row for sample in samples], models)
    available = [model for model in models if model not in unavailable]
    found = [
        replace(predictions, failed={**predictions.failed, **unavailable})
        for predictions in cross_validate_models(datasets, available, workers=workers, progress=progress)
    ]
    about = {
        "folds": min(len(split.folds) for dataset in datasets for split in dataset.splits),
        "masked_covers": round(sum(dataset.masked for dataset in datasets) / len(datasets), 1),
        "chance": 1 / len(selections[0]),
    }
    if not pairs:
        return about | standings(datasets[0].samples, found[0], ensembles(available), seed=protocol.seed)
    return about | {
        "pairs": [
            {
                "genres": list(selection),
                "rows": len(dataset.samples),
                "areas": pair_areas(dataset.samples, predictions, seed=protocol.seed),
            }
            for selection, dataset, predictions in zip(selections, datasets, found, strict=True)
        ],
    }
