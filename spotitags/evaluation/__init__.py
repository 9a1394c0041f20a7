"""How good the votes are: evaluation that keeps artists and covers apart.

`evaluate` asks every labelled artist by ensembles that saw neither the artist nor any of its covers, and
gives ``scores.json`` as a mapping; `write` puts it on disk with a report that opens offline.
docs/evaluation.md describes protocol and file.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from spotitags.catalogs.library import LibraryCatalog
from spotitags.catalogs.single import SingleCovers
from spotitags.errors import InputError
from spotitags.evaluation.comparing import against_first, compare
from spotitags.evaluation.planning import Protocol
from spotitags.evaluation.protocol import run
from spotitags.evaluation.samples import collect, select
from spotitags.evaluation.scoring import read, scores
from spotitags.narrowing import of_genres
from spotitags.training import read_labelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spotitags.catalogs import Catalog
    from spotitags.evaluation.samples import Progress
    from spotitags.pipeline import SpotiTags
    from spotitags.records import Artist

__all__ = ["Protocol", "against_first", "compare", "evaluate", "labelled", "read", "write"]


def labelled(
    path: Path | None, genres: Sequence[str] = (), *, single: bool = False
) -> tuple[list[Artist], Path | Catalog | None]:
    """The labelled artists of a CSV, and where their covers are as far as the CSV says.

    Args:
        path: ``artist_id, genre`` and, where covers are on disk, ``file``; of single covers ``file, genre``.
            None for the bundled library's artists.
        genres: Keep these alone; empty keeps all.
        single: The CSV lists single covers.

    Returns:
        Artists with genres; and a manifest, the catalogue of single covers, or None.

    Raises:
        InputError: The file cannot be used, or has nothing of one of these genres.
    """
    if path is None:
        return of_genres(LibraryCatalog().artists(), genres, "the bundled library"), None
    if not single:
        artists, with_covers = read_labelled(path, genres)
        return artists, path if with_covers else None
    catalog = SingleCovers(path)
    return of_genres(catalog.artists(), genres, path, what="cover"), catalog


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
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Evaluate the ensemble that these taggers and labels give, every view and every voter of it.

    Args:
        spotitags: Whose catalogue and taggers are used.
        artists: With genres.
        dataset: What the labels are called in reports.
        name: What this run is called beside others of the same data set.
        created: The date, such as ``2026-11-20``.
        protocol: None for 10 repeats of 5 folds.
        min_covers: Covers that no other artist has, for an artist to take part; single covers all do.
        drop_shared: Leave covers that stand under several artists out altogether, rather than keep them on
            one side of each fold.
        single: Each "artist" is one cover, as `spotitags.catalogs.single` lists them.
        workers: Processes; None for one a core, 1 for none but this one.
        progress: Called with (stage, done, in all); stages are ``artists`` and ``folds``.

    Returns:
        What ``scores.json`` holds.

    Raises:
        InputError: The labels cannot be evaluated.
        TaggerError: A tagger cannot work at all.
    """
    protocol = protocol or Protocol()
    start = time.monotonic()
    found = collect(spotitags, artists, single=single, progress=progress)
    samples = select(found, min_covers=0 if single else min_covers, drop_shared=drop_shared)
    versions = spotitags.tagger_versions()
    answers = run(samples.rows, versions, protocol, workers=workers, progress=progress)
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
            "albums": protocol.asked_covers or spotitags.albums,
            "train_albums": spotitags.albums,
            "min_covers": 0 if single else min_covers,
            "shared_covers": "left out" if drop_shared else "masked",
            "masked_covers": round(answers.masked, 1),
            "shuffled_genres": protocol.shuffled,
        },
        "taggers": [{"name": name, "version": version} for name, version in versions.items()],
        "notes": list(samples.notes),
        "failed": {ref: str(error) for ref, error in samples.failed.items()},
        "seconds": round(time.monotonic() - start, 1),
    }
    return scores(samples.rows, answers, about, seed=protocol.seed)


def write(found: Mapping[str, Any], out: Path) -> list[Path]:
    """Write ``scores.json``, then ``report.html`` and its figures as PNG, into a folder.

    Raises:
        InputError: The folder cannot be written.
        NotInstalledError: The report needs the extra ``report``; ``scores.json`` is there all the same.
    """
    file = out / "scores.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        file.write_text(text + "\n", encoding="utf-8")
        from spotitags.evaluation.page import write_report

        return [file, *write_report(found, out)]
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror or error}): choose another --out"
        ) from error
