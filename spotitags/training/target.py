"""Train a model of a number, such as popularity, on artists of a table, and save it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from spotitags.errors import InputError, SpotiTagsError, require_training
from spotitags.evaluation.samples import collect_samples
from spotitags.io.output import output_errors
from spotitags.pipeline.dataset import sources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from classifiers.training.target import TrainedTarget
    from spotitags.evaluation.samples import Progress
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Artist


@dataclass(frozen=True, slots=True)
class TargetReport:
    """Result of a training.

    Attributes:
        files: The graph and its card.
        trained: The model with its cross-validated scores.
        failed: Artists without a result, with the error.
        notes: What was left out.
    """

    files: tuple[Path, ...]
    trained: TrainedTarget
    failed: Mapping[str, SpotiTagsError]
    notes: tuple[str, ...] = ()


def train_target(  # noqa: PLR0913  (each is a choice of its own)
    spotitags: SpotiTags,
    artists: Sequence[Artist],
    values: Mapping[str, float],
    target: str,
    out: Path,
    *,
    folds: int = 5,
    seed: int = 0,
    single: bool = False,
    progress: Progress | None = None,
) -> TargetReport:
    """Tag artists, train a model of their numbers, and write it with its card.

    Args:
        spotitags: Instance whose catalogue and taggers are used.
        artists: The artists.
        values: Number of each by its id.
        target: Name of the number.
        out: Path without ending; ``OUT.onnx`` and ``OUT.json`` are written.
        folds: Number of folds of the cross-validation.
        seed: Random seed.
        single: True where each "artist" is one cover.
        progress: Called with (stage, done, total); the stage is ``artists``.

    Raises:
        InputError: The artists cannot be trained on, or the model cannot be written.
        NoResultsError: There is no result for any artist.
        NotInstalledError: The extra ``train`` is not installed.
    """
    from classifiers.errors import ClassifierError
    from classifiers.training import target as training
    from classifiers.training.target_save import save_target

    require_training("training")
    with output_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    found = collect_samples(spotitags, artists, single=single, progress=progress)
    try:
        trained = training.train_target(
            target,
            [sample.row for sample in found.rows],
            values,
            sources(spotitags),
            units={sample.id: sample.unit for sample in found.rows},
            folds=folds,
            seed=seed,
        )
        with output_errors(out):
            files = save_target(trained, out, created=datetime.now(UTC).date().isoformat())
    except ClassifierError as error:
        raise InputError(str(error)) from error
    return TargetReport(files, trained, found.failed, found.notes)
