"""Train an ensemble on labelled artists and save it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

from spotitags.errors import InputError, NoResultsError, SpotiTagsError, require_training
from spotitags.evaluation.samples import unit
from spotitags.io.groups import joined
from spotitags.io.output import output_errors
from spotitags.pipeline.dataset import collect_rows, sources
from spotitags.taggers.features.registry import extractors_for_models, feature_versions
from spotitags.training.references import references_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from classifiers.training.dataset import Row
    from classifiers.training.train import TrainedEnsemble
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Artist


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Result of a training.

    Attributes:
        files: The graph and its card, and the graph of optional voters if there are any.
        trained: The ensemble with its cross-validated scores.
        failed: Artists without a result, with the error.
        notes: Numbers of covers without tags, with the reason.
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
    single: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> TrainingReport:
    """Tag labelled artists, train an ensemble on their bags, and write it with its card.

    Args:
        spotitags: Instance whose catalogue and taggers are used; the model belongs to these taggers.
        artists: Artists with genres, at least 3 per genre.
        out: Path without ending; ``OUT.onnx`` and ``OUT.json`` are written.
        folds: Number of folds of the cross-validation that weights the voters.
        seed: Equal seeds and covers give equal models.
        voters: Additional image models that vote by default, weighted by their skill like all voters.
        optional: Image models that are saved, but vote only in predictions that request them.
        apart_from: Digests of covers to leave out, as in `collect_rows`.
        single: True where each "artist" is one cover, named after its artist where that is known: no fold
            then has one artist on both sides.
        progress: Called with (stage, done, total); stages are ``artists`` and ``folds``.

    Raises:
        InputError: The labels cannot be trained on, or the model cannot be written.
        NoResultsError: There is no result for any artist.
        NotInstalledError: The extra ``train`` is not installed.
        TaggerError: A tagger cannot be used at all.
    """
    from classifiers.errors import ClassifierError
    from classifiers.training import train as training
    from classifiers.training.save import save

    require_training("training")
    _check(artists, out)
    versions = spotitags.tagger_versions()
    readers = extractors_for_models(
        [*voters, *optional], versions, device=spotitags.device, offline=spotitags.offline
    )
    labelled = collect_rows(spotitags, artists, extractors=readers, exclude=apart_from, progress=progress)
    if not labelled.rows:
        raise NoResultsError("no labelled artist has a result: " + _reasons(labelled.failed))
    step = None if progress is None else lambda done, of: progress("folds", done, of)
    try:
        trained = training.train(
            _by_artist(labelled.rows, artists) if single else labelled.rows,
            sources(spotitags),
            image_models=voters,
            optional=optional,
            feature_versions=feature_versions(readers),
            references=references_for(labelled.rows, versions),
            folds=folds,
            seed=seed,
            progress=step,
        )
        with output_errors(out):
            covers = {digest for row in labelled.rows for digest in row.groups}
            files = save(trained, out, created=datetime.now(UTC).date().isoformat(), covers=covers)
    except ClassifierError as error:
        raise InputError(str(error)) from error
    return TrainingReport(files, trained, labelled.failed, labelled.notes)


def drawn(artists: Sequence[Artist], per_genre: int, seed: int) -> list[Artist]:
    """Draw at most so many artists of each genre at random, all equally likely; the order stays.

    Args:
        artists: Artists with genres.
        per_genre: Maximum number of artists of a genre.
        seed: Equal seeds draw the same artists.
    """
    numbers: dict[str, list[int]] = {}
    for number, artist in enumerate(artists):
        numbers.setdefault(str(artist.genre), []).append(number)
    draw = Random(seed)
    kept = [
        number
        for _, own in sorted(numbers.items())
        for number in (draw.sample(own, per_genre) if len(own) > per_genre else own)
    ]
    return [artists[number] for number in sorted(kept)]


def _by_artist(rows: Sequence[Row], artists: Sequence[Artist]) -> list[Row]:
    """Give single covers that look the same, or have the same artist, the same group."""
    named = {artist.id: unit(artist, single=True) for artist in artists}
    groups = joined([[f"cover {row.groups[0]}", named[row.id]] for row in rows])
    return [replace(row, groups=(groups[named[row.id]],)) for row in rows]


def _check(artists: Sequence[Artist], out: Path) -> None:
    """Check labels and output before hours of tagging."""
    from classifiers.errors import ClassifierError
    from classifiers.metrics.splits import splits

    try:
        splits([str(artist.genre) for artist in artists], [()] * len(artists))
    except ClassifierError as error:
        raise InputError(str(error)) from error
    with output_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)


def _reasons(failed: Mapping[str, SpotiTagsError]) -> str:
    reasons = Counter(str(error) for error in failed.values())
    return "; ".join(reason for reason, _ in reasons.most_common(3))
