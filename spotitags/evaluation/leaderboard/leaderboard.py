"""Compare all models of tags and of pictures in the same folds.

`leaderboard` returns ``leaderboard.json`` as a mapping; `write` saves it with a page that opens offline.
docs/image-models.md describes models and protocol.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from spotitags.errors import InputError
from spotitags.evaluation.folds import Protocol
from spotitags.evaluation.leaderboard.contest import cross_validate_models, fold_dataset
from spotitags.evaluation.leaderboard.jobs import INTERRUPTED
from spotitags.evaluation.leaderboard.models import (
    PAIRED,
    ensembles,
    pixel_features,
    select_models,
    unavailable_models,
)
from spotitags.evaluation.leaderboard.standings import FORMAT, pair_areas, standings
from spotitags.evaluation.samples import collect_samples, counts, select
from spotitags.taggers.features.registry import extractors_by_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from classifiers.ensemble.results import VoterName
    from spotitags.evaluation.leaderboard.contest import FoldedDataset
    from spotitags.evaluation.samples import Progress, Sample
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Artist


FOLDS = 5
PAIR_FOLDS = 10  # as in earlier work, with which its areas are compared


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
        spotitags: Whose catalogue and taggers are used.
        artists: With genres.
        dataset: What the labels are called.
        created: The date, such as ``2026-11-20``.
        protocol: None for `FOLDS` folds, `PAIR_FOLDS` for pairs, once.
        models: Names of models, views, taggers or measures, or ``tags``; empty for all, of pairs for
            `spotitags.evaluation.leaderboard.models.PAIRED`.
        pairs: One genre against another, each pair by itself, and areas under the ROC curve; else all genres
            at once, balanced accuracy, ensembles and a blend.
        min_covers: Covers that no other artist has, for an artist to take part; single covers all do.
        single: Each "artist" is one cover, as `spotitags.catalogs.single_covers` lists them.
        workers: Processes; None for one a core, 1 for none but this one.
        progress: Called with (stage, done, in all); stages are ``artists`` and ``models``.

    Returns:
        What ``leaderboard.json`` holds.

    Raises:
        InputError: The labels cannot be split, a model's name is unknown, or not one model could answer.
        TaggerError: A tagger cannot work at all.
    """
    protocol = protocol or Protocol(folds=PAIR_FOLDS if pairs else FOLDS, repeats=1)
    start = time.monotonic()
    versions = spotitags.tagger_versions()
    names = select_models(list(versions), models or (PAIRED if pairs else ()))
    readers = extractors_by_name(pixel_features(names))
    found = collect_samples(spotitags, artists, single=single, readers=readers, progress=progress)
    samples = select(found, min_covers=0 if single else min_covers)
    read = time.monotonic()
    result = (_paired if pairs else _ranked)(samples.rows, names, protocol, workers, progress)
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
        "measures": [{"name": reader.name, "version": reader.version} for reader in readers],
        "genres": sorted({sample.genre for sample in samples.rows}),
        "rows": counts(samples.rows),
        "covers": sum(map(len, samples.rows)),
        "notes": list(samples.notes),
        "interrupted": any(row.get("error") == INTERRUPTED for row in _all_rows(result)),
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
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror or error}): choose another --out"
        ) from error
    return [out / name for name in files]


def _ranked(
    samples: Sequence[Sample],
    names: Sequence[VoterName],
    protocol: Protocol,
    workers: int | None,
    progress: Progress | None,
) -> dict[str, Any]:
    """All genres at once."""
    one = fold_dataset(samples, protocol)
    without = unavailable_models([sample.row for sample in samples], names)
    able = [name for name in names if name not in without]
    (board,) = cross_validate_models([one], able, ensembles(able), workers=workers, progress=progress)
    board = replace(board, failed={**board.failed, **without})
    about = _dealt([one]) | {"chance": 1 / len(one.genres)}
    return about | standings(one.samples, board, seed=protocol.seed)


def _paired(
    samples: Sequence[Sample],
    names: Sequence[VoterName],
    protocol: Protocol,
    workers: int | None,
    progress: Progress | None,
) -> dict[str, Any]:
    """One genre against another, each pair in folds of its own."""
    without = unavailable_models([sample.row for sample in samples], names)
    able = [name for name in names if name not in without]
    couples = list(combinations(sorted({sample.genre for sample in samples}), 2))
    contests = [fold_dataset([s for s in samples if s.genre in couple], protocol) for couple in couples]
    boards = cross_validate_models(contests, able, workers=workers, progress=progress)
    return _dealt(contests) | {
        "chance": 0.5,
        "pairs": [
            {
                "genres": list(couple),
                "rows": len(one.samples),
                "areas": pair_areas(one.samples, board, seed=protocol.seed),
            }
            for couple, one, board in zip(couples, contests, boards, strict=True)
        ],
    }


def _all_rows(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    pairs = result.get("pairs", ())
    return [*result.get("standings", ()), *(area for pair in pairs for area in pair["areas"])]


def _dealt(contests: Sequence[FoldedDataset]) -> dict[str, Any]:
    """How many folds there really were, and how many covers were masked in one."""
    return {
        "folds": min(len(folds) for contest in contests for folds in contest.repeats),
        "masked_covers": round(sum(contest.masked for contest in contests) / len(contests), 1),
    }
