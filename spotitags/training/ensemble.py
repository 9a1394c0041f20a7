"""From labelled artists to a trained ensemble on disk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from spotitags.errors import InputError, SpotiTagsError
from spotitags.pipeline.dataset import collect_rows
from spotitags.taggers.features.registry import extractors_for_models, feature_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from classifiers.training.train import TrainedEnsemble
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Artist


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a training gave.

    Attributes:
        files: The graph and its card, and the graph of optional voters where there are any.
        trained: The ensemble with its cross-validated scores.
        failed: Artists that could not be answered, with the reason.
        notes: How many covers gave no tags, and why.
    """

    files: tuple[Path, ...]
    trained: TrainedEnsemble
    failed: Mapping[str, SpotiTagsError]
    notes: tuple[str, ...] = ()


def train(  # noqa: PLR0913  (each is a choice of its own, and all but three have defaults)
    spotitags: SpotiTags,
    artists: Sequence[Artist],
    out: Path,
    *,
    folds: int = 5,
    seed: int = 0,
    voters: Sequence[str] = (),
    optional: Sequence[str] = (),
    apart_from: AbstractSet[str] = frozenset(),
    progress: Callable[[str, int, int], None] | None = None,
) -> TrainingReport:
    """Tag labelled artists, train an ensemble on their bags, and write it with its card.

    Args:
        spotitags: Whose catalogue and taggers are used; the model belongs to these taggers.
        artists: With genres, at least 3 a genre.
        out: ``OUT.onnx`` and ``OUT.json`` are written.
        folds: Of the cross-validation that weighs the voters.
        seed: Equal seeds and covers give equal models.
        voters: Image models that vote besides, weighted by their skill like the rest.
        optional: Image models that the model holds, and that vote only where a prediction asks for them.
        apart_from: As in `collect_rows`.
        progress: Called with (stage, done, in all); stages are ``artists`` and ``folds``.

    Raises:
        InputError: The labels cannot be trained on, or the model cannot be written.
        TaggerError: A tagger cannot work at all.
    """
    from classifiers.errors import ClassifierError
    from classifiers.training import train as training
    from classifiers.training.save import save

    _check(artists, out)
    versions = spotitags.tagger_versions()
    readers = extractors_for_models(
        [*voters, *optional], versions, device=spotitags.device, offline=spotitags.offline
    )
    labelled = collect_rows(spotitags, artists, extractors=readers, exclude=apart_from, progress=progress)
    if not labelled.rows:
        raise InputError("not one labelled artist could be answered: " + _why(labelled.failed))
    step = None if progress is None else lambda done, of: progress("folds", done, of)
    try:
        trained = training.train(
            labelled.rows,
            versions,
            image_models=voters,
            optional=optional,
            feature_versions=feature_versions(readers),
            folds=folds,
            seed=seed,
            progress=step,
        )
        files = save(trained, out, created=datetime.now(UTC).date().isoformat())
    except ClassifierError as error:
        raise InputError(str(error)) from error
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror or error}): choose another --out"
        ) from error
    return TrainingReport(files, trained, labelled.failed, labelled.notes)


def _check(artists: Sequence[Artist], out: Path) -> None:
    """Find before hours of tagging what would stop the training after them."""
    from classifiers.errors import ClassifierError
    from classifiers.metrics.splits import splits

    try:
        splits([str(artist.genre) for artist in artists], [()] * len(artists))
    except ClassifierError as error:
        raise InputError(str(error)) from error
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror or error}): choose another --out"
        ) from error


def _why(failed: Mapping[str, SpotiTagsError]) -> str:
    reasons = Counter(str(error) for error in failed.values())
    return "; ".join(reason for reason, _ in reasons.most_common(3))
