"""Measure how likely lite's tags are right, and write the table of the tags that people read.

``python -m spotitags.training.tag_display COVERS.csv ...``: see docs/tags.md.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from classifiers.files import replaced_file
from spotitags.bags.display import rates
from spotitags.catalogs.csv_table import CsvTable
from spotitags.records import Album, Artist, Cover
from spotitags.settings import Settings
from spotitags.taggers.lite.tagger import LiteTagger
from spotitags.training.tag_display.fit import DIGITS, Row, fit, lines, rows, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotitags.records import Tag

TABLE = Path(rates.__file__).with_name("lite.tsv")

_BATCH = 64


def tag_files(files: Iterable[Path], tagger: LiteTagger) -> dict[str, list[Tag]]:
    """Return the tags of covers by the first `DIGITS` digits of their digests; equal files count once."""
    tags: dict[str, list[Tag]] = {}
    listed = list(files)
    for first in range(0, len(listed), _BATCH):
        covers = {cover.digest[:DIGITS]: cover for cover in map(_cover, listed[first : first + _BATCH])}
        tags |= dict(zip(covers, tagger.tag(list(covers.values())), strict=True))
    return tags


def _cover(file: Path) -> Cover:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with Image.open(file) as image:
        pixels = np.asarray(image.convert("RGB"))
    return Cover(Album(digest, file.name, Artist(digest)), digest, pixels)


def header(tagger: LiteTagger, found: Sequence[Row], covers: int) -> list[str]:
    """Return the comments at the top of the table."""
    judged = sum(row.judged for row in found)
    return [
        "# How likely a tag of lite is right on a cover, by its weight (spotitags.bags.display.rates).",
        f"# tagger: {tagger.version}",
        f"# fitted to {judged:,} tags judged by eye and {len(found) - judged:,} of described covers",
        f"# background: mean over {covers:,} covers",
        "# label, shown as (empty: itself, -: never), full, usual, slope, bias, background",
    ]


def main() -> None:
    """Tag the covers, fit, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("covers", nargs="+", type=Path, help="CSV with a column file, relative to it")
    parser.add_argument("--out", type=Path, default=TABLE)
    options = parser.parse_args()
    files = [
        manifest.parent / file
        for manifest in options.covers
        for _, (file,) in CsvTable(manifest).rows(["file"])
    ]
    tagger = LiteTagger(Settings().cache_dir)
    tags = tag_files(dict.fromkeys(files), tagger)
    found = rows(tags)
    table_lines = [*header(tagger, found, len(tags)), *lines(table(fit(found), tags))]
    with replaced_file(options.out, lasting=True) as file:
        file.write("\n".join(table_lines).encode() + b"\n")
    sys.stdout.write(f"{options.out}: {len(table_lines)} lines\n")


if __name__ == "__main__":
    main()
