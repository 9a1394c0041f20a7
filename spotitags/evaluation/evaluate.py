"""Evaluate an ensemble on labelled artists, keeping artists and covers apart.

`evaluate` returns ``scores.json`` as a mapping; `write` saves it with a report that works offline.
docs/evaluation.md describes the protocol and the file.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from classifiers.files import replaced_file
from spotitags.evaluation.cross_validation import run
from spotitags.evaluation.fold_cache import FoldCache
from spotitags.evaluation.folds import Protocol
from spotitags.evaluation.impact import impact as measure_impact
from spotitags.evaluation.outsiders import evaluate_outsiders
from spotitags.evaluation.samples import collect_samples, select
from spotitags.evaluation.scores import scores
from spotitags.io.output import output_errors
from spotitags.pipeline.dataset import sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from classifiers.training.dataset import Row
    from classifiers.training.detector import References
    from spotitags.evaluation.predictions import EnsemblePredictions
    from spotitags.evaluation.report.gallery import Gallery
    from spotitags.evaluation.samples import Progress, Samples
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Artist

    ReferenceLoader = Callable[[Sequence[Row], Mapping[str, str]], References | None]


def evaluate(  # noqa: PLR0913  (each is a choice of its own, and all but four have defaults)
    spotitags: SpotiTags,
    artists: Sequence[Artist],
    *,
    dataset: str,
    name: str,
    created: str,
    protocol: Protocol | None = None,
    min_covers: int = 3,
    drop_shared: bool = False,
    single: bool = False,
    workers: int | None = None,
    references: ReferenceLoader | None = None,
    impact: bool = False,
    progress: Progress | None = None,
    keep: Callable[[Samples, EnsemblePredictions], None] | None = None,
) -> dict[str, Any]:
    """Cross-validate an ensemble, each of its views and each of its voters on labelled artists.

    Args:
        spotitags: Instance whose catalogue and taggers are used.
        artists: Artists with genres.
        dataset: Name of the labels in reports.
        name: Name of this run among others of the same data set.
        created: Date, such as ``2026-11-20``.
        protocol: Settings; None for 10 repeats of 5 folds.
        min_covers: Minimum number of covers per artist that no other artist has; 0 for single covers.
        drop_shared: Leave out covers that several artists have, instead of masking them on one side of each
            fold.
        single: Each "artist" is one cover, as `spotitags.catalogs.single_covers` lists them.
        workers: Number of processes; None for one per core, 1 for the current process alone.
        references: Loads the covers on which the answer "none of these genres" is evaluated, such as
            `spotitags.training.references.references_for`; None to leave it out.
        impact: True also measures what each group of inputs is worth, as docs/impact.md describes.
        progress: Called with (stage, done, total); stages are ``artists``, ``repeats``, ``outsiders`` and
            ``impact``.
        keep: Called with the samples and their predictions, for what the scores do not have.

    Returns:
        Content of ``scores.json``.

    Raises:
        InputError: The labels cannot be evaluated.
        TaggerError: A tagger cannot be used at all.
    """
    protocol = protocol or Protocol()
    start = time.monotonic()
    found = collect_samples(spotitags, artists, single=single, progress=progress)
    samples = select(found, min_covers=0 if single else min_covers, drop_shared=drop_shared)
    versions = spotitags.tagger_versions()
    used = sources(spotitags)
    predictions = run(
        samples.rows, used, protocol,
        workers=workers, progress=progress, finished=FoldCache(spotitags.cache),
    )  # fmt: skip
    if keep:
        keep(samples, predictions)
    outsiders = None
    if references:
        if progress:
            progress("outsiders", 0, 1)
        loaded = references(samples.labelled, versions)
        outsiders = evaluate_outsiders(samples.rows, protocol, predictions, loaded)
    worth = None
    if impact:
        worth = measure_impact(samples.rows, used, protocol, workers=workers, progress=progress)
    about = {
        "created": created,
        "dataset": dataset,
        "name": name,
        "unit": "cover" if single else "artist",
        "protocol": {
            "folds": protocol.folds,
            "repeats": protocol.repeats,
            "curve_repeats": protocol.curve_repeats,
            "seed": protocol.seed,
            "albums": protocol.max_test_covers or spotitags.albums,
            "train_albums": spotitags.albums,
            "min_covers": 0 if single else min_covers,
            "shared_covers": "left out" if drop_shared else "masked",
            "masked_covers": round(predictions.masked, 1),
            "shuffled_genres": protocol.shuffled,
        },
        "taggers": [{"name": name, "version": version} for name, version in used.items()],
        "notes": list(samples.notes),
        "failed": {ref: str(error) for ref, error in samples.failed.items()},
        "seconds": round(time.monotonic() - start, 1),
    }
    return scores(samples.rows, predictions, about, seed=protocol.seed) | {
        "outsiders": outsiders,
        "impact": worth,
    }


def write(found: Mapping[str, Any], out: Path, gallery: Gallery | None = None) -> list[Path]:
    """Write ``scores.json``, then ``report.html`` and its figures as SVG, into a folder.

    Args:
        found: Content of ``scores.json``.
        out: The folder.
        gallery: Names, covers and evidence of the artists, for the report.

    Raises:
        InputError: The folder cannot be written.
    """
    from spotitags.evaluation.report.html import write_report

    file = out / "scores.json"
    with output_errors(out):
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        with replaced_file(file, lasting=True) as stream:
            stream.write(text.encode() + b"\n")
        return [file, *write_report(found, out, gallery)]
