"""Command ``sample``."""

from pathlib import Path
from typing import Annotated

import typer

from spotitags.commands._console import note
from spotitags.commands._open import open_for_labels
from spotitags.commands._options import CatalogOptions, Columns, Covers, Genres, Seed

EXAMPLES = ("spotitags sample labels.csv --out sample.png",)


def sample(
    labels_file: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS",
            help="Table with artist_id and genre, or of single covers with file and genre;"
            " or a folder genre/artist/*.jpg, with --covers genre/*.jpg.",
        ),
    ],
    source: CatalogOptions,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE.png", help="Contact sheet to write.")],
    per_genre: Annotated[int, typer.Option(min=1, metavar="N", help="Number of covers per genre.")] = 8,
    seed: Seed = 0,
    columns: Columns = None,
    covers: Covers = False,
    genres: Genres = None,
) -> None:
    """Draw a contact sheet of random covers of each genre, to check the data."""
    from spotitags.evaluation.contact_sheet import contact_sheet, sample_covers
    from spotitags.io.output import output_file

    artists, spotitags, single, _ = open_for_labels(
        labels_file, genres, source, columns=columns, single=covers
    )
    samples, skipped = sample_covers(spotitags.source, artists, per_genre=per_genre, seed=seed)
    for cover, reason, _ in skipped:
        note(f"skipped {cover}: {reason}")
    title = f"{labels_file.resolve().parent.name} / {labels_file.name}, seed {seed}"
    sheet = contact_sheet(title, samples, "cover" if single else "artist")
    with output_file(out) as file:
        file.write(sheet)
    note(f"{out} written")
