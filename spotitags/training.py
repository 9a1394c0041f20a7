"""From labelled artists to a trained ensemble on disk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from spotitags import bags as bagging
from spotitags.errors import InputError, SpotiTagsError, TaggerError
from spotitags.image_models import readers_for, versions_of
from spotitags.narrowing import of_genres
from spotitags.seen import Gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from classifiers.rows import Row
    from classifiers.training import Trained
    from spotitags.pipeline import SpotiTags
    from spotitags.records import Artist, TagBag
    from spotitags.taggers import CoverReader


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labelled artists with their bags.

    Attributes:
        rows: What `classifiers.training.train` learns from.
        bags: By tagger, each row's bag, in the rows' order.
        failed: Artists that could not be answered, with the reason.
        notes: How many covers gave no tags, and why.
    """

    rows: tuple[Row, ...]
    bags: Mapping[str, Sequence[TagBag]]
    failed: Mapping[str, SpotiTagsError]
    notes: tuple[str, ...] = ()


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
    trained: Trained
    failed: Mapping[str, SpotiTagsError]
    notes: tuple[str, ...] = ()


def read_labelled(path: Path, genres: Sequence[str] = ()) -> tuple[list[Artist], bool]:
    """The labelled artists of a CSV, and whether it is a manifest of covers, too (it has a column ``file``).

    Args:
        path: CSV with ``artist_id, genre`` and optionally ``artist_name, file``.
        genres: Keep these alone; empty keeps all.

    Raises:
        InputError: The file cannot be used, or has no artist of one of these genres.
    """
    from spotitags.catalogs.folder import has_covers, read_labels

    return of_genres(read_labels(path), genres, path), has_covers(path)


def collect(
    spotitags: SpotiTags,
    artists: Iterable[Artist],
    *,
    readers: Sequence[CoverReader] = (),
    apart_from: AbstractSet[str] = frozenset(),
    progress: Callable[[str, int, int], None] | None = None,
) -> Labelled:
    """Tag labelled artists; one that a tagger is missing for has failed.

    Args:
        spotitags: Whose catalogue and taggers are used.
        artists: With genres.
        readers: Of numbers besides the taggers' (`spotitags.appearance`); they arrive in ``Row.embeddings``.
        apart_from: Digests of covers to leave out, such as those of artists kept for a test.
        progress: Called with ("artists", done, in all).
    """
    from classifiers.rows import Row

    wanted = list(artists)
    rows: list[Row] = []
    bags: dict[str, list[TagBag]] = {}
    failed: dict[str, SpotiTagsError] = {}
    gaps = Gaps()
    for done, (artist, (ref, seen)) in enumerate(
        zip(wanted, spotitags.seen([artist.id for artist in wanted], readers), strict=True), start=1
    ):
        if isinstance(seen, SpotiTagsError):
            failed[ref] = seen
        elif seen.missing:
            failed[ref] = TaggerError(
                "; ".join(f"the tagger {name} is missing: {why}" for name, why in seen.missing.items())
            )
        elif kept := [index for index, digest in enumerate(seen.digests) if digest not in apart_from]:
            left = seen.only(kept)
            gaps.add(left)
            own = [bagging.bag(left.artist, tagger, covers) for tagger, covers in left.tags.items()]
            for bag in own:
                bags.setdefault(bag.tagger, []).append(bag)
            rows.append(
                Row(
                    id=artist.id,
                    genre=str(artist.genre),
                    covers={bag.tagger: bag.cover_weights() for bag in own},
                    embeddings=left.embeddings,
                    groups=left.digests,
                )
            )
        if progress:
            progress("artists", done, len(wanted))
    return Labelled(tuple(rows), bags, failed, gaps.notes())


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
        apart_from: As in `collect`.
        progress: Called with (stage, done, in all); stages are ``artists`` and ``folds``.

    Raises:
        InputError: The labels cannot be trained on, or the model cannot be written.
        TaggerError: A tagger cannot work at all.
    """
    from classifiers import training
    from classifiers.errors import ClassifierError
    from classifiers.saving import save

    _check(artists, out)
    versions = spotitags.tagger_versions()
    readers = readers_for([*voters, *optional], versions, device=spotitags.device, offline=spotitags.offline)
    labelled = collect(spotitags, artists, readers=readers, apart_from=apart_from, progress=progress)
    if not labelled.rows:
        raise InputError("not one labelled artist could be answered: " + _why(labelled.failed))
    step = None if progress is None else lambda done, of: progress("folds", done, of)
    try:
        trained = training.train(
            labelled.rows,
            versions,
            also=voters,
            optional=optional,
            measures=versions_of(readers),
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
    from classifiers.evaluation import splits

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
