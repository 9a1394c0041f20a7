"""Replicate the experiment of 2015: doom metal against k-pop, then with punk as third genre.

``python -m spotitags.evaluation.replication_2015 COVERS.csv --out DIR`` writes ``DIR/seed.json``, which
``spotitags results`` turns into tables. The CSV has the columns ``file, genre`` and, where known, ``artist``.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotitags.catalogs.single_covers import SingleCovers
from spotitags.errors import InputError
from spotitags.evaluation.estimates import FORMAT
from spotitags.evaluation.folds import Protocol
from spotitags.evaluation.replication_2015.experiment import experiment, in_rows
from spotitags.evaluation.replication_2015.findings import findings, table
from spotitags.evaluation.samples import collect_samples
from spotitags.io.output import output_file
from spotitags.pipeline.spotitags import SpotiTags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.settings import Settings


GENRES = ("doom-metal", "k-pop", "hardcore-punk")  # the first two, then all three
ROWS = {1: "each cover a row", 5: "about five covers a row"}
MIN_COVERS = 30  # per genre, so that every fold has rows of five to train on
TAGGER = "lite"


def repeat_experiment(
    covers: Path,
    *,
    created: str,
    genres: Sequence[str] = GENRES,
    protocol: Protocol | None = None,
    settings: Settings | None = None,
) -> dict[str, Any]:
    """Compute all tables and findings, as ``seed.json`` holds them.

    Args:
        covers: CSV with ``file, genre`` and, where known, ``artist``.
        created: The date, such as ``2026-11-20``.
        genres: Three genres in the order of the original; the tables take the first two, then all.
        protocol: None for 5 repeats of 5 folds.
        settings: None to read the environment.

    Raises:
        InputError: The CSV cannot be used, or has too few covers of a genre.
    """
    protocol = protocol or Protocol(repeats=5)
    catalog = SingleCovers(covers)
    spotitags = SpotiTags(catalog=catalog, tagger=TAGGER, settings=settings)
    artists = [artist for artist in catalog.artists() if artist.genre in genres]
    samples = collect_samples(spotitags, artists, single=True).rows
    few = [genre for genre in genres if sum(each.genre == genre for each in samples) < MIN_COVERS]
    if few:
        raise InputError(
            f"{covers} has too few usable covers of {', '.join(few)}: give {MIN_COVERS} of each genre at "
            "least, and check the column genre"
        )
    tables, found = [], []
    for size, rows in ROWS.items():
        outcomes = []
        for chosen in (genres[:2], genres):
            part = [sample for sample in samples if sample.genre in chosen]
            part = in_rows(part, size, protocol.seed) if size > 1 else part
            outcomes.append(experiment(part, TAGGER, protocol))
            tables.append(table(outcomes[-1], title=f"{' against '.join(chosen)}, {rows}"))
        found += [{"rows": rows, **finding} for finding in findings(*outcomes)]
    return {
        "format": FORMAT,
        "kind": "seed",
        "created": created,
        "dataset": covers.parent.name,
        "about": (
            f"Tags of `{TAGGER}`; {protocol.repeats} repeats of stratified cross-validation in "
            f"{protocol.folds} folds, seed {protocol.seed}; no artist and no near-identical cover on both "
            "sides of a fold. Rows of about five draw covers of one genre together, as an artist of the "
            "original had several; here most artists have one. Intervals draw artists, or rows of five."
        ),
        "tables": tables,
        "findings": found,
    }


def main() -> None:
    """Run the experiment and write ``seed.json``."""
    parser = argparse.ArgumentParser(
        prog="python -m spotitags.evaluation.replication_2015", description=__doc__
    )
    parser.add_argument("covers", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    found = repeat_experiment(
        args.covers,
        created=datetime.now(UTC).date().isoformat(),
        protocol=Protocol(repeats=args.repeats, seed=args.seed),
    )
    args.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    with output_file(args.out / "seed.json") as file:
        file.write(text.encode() + b"\n")


if __name__ == "__main__":
    main()
