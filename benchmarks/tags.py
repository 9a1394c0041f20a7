"""Print lite's shown tags and draw contact sheets without tags, to judge by eye.

    python benchmarks/tags.py MANIFEST.csv --out FOLDER [--artists 20] [--seed 0] [--raw]
    python benchmarks/tags.py COVERS.csv ... --out FOLDER --covers 30 [--seed 0] [--raw]

The first form draws artists and takes their first ten covers, a sheet an artist; the second draws single
covers, sixteen a sheet, without those whose description lite's head was trained on. Prints a row of tags
each, in the order of the sheets. With --raw, a second column has the heaviest tags of the bag. docs/tags.md
describes the verdicts.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from spotitags.bags.display.selection import shown_tags
from spotitags.catalogs.csv_table import CsvTable
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.records import Album, Artist
from spotitags.records import Image as CoverImage
from spotitags.training.lite_head.described import descriptions, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COVERS = 10
COLUMNS = {True: 4, False: 5}  # of a sheet of single covers, and of an artist's covers
SIDE = {True: 270, False: 220}
PER_SHEET = 16


class Covers:
    """Catalogue of cover files, each an artist of its own."""

    name = "covers"

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return the one cover of this file."""
        return [Album(artist, artist, Artist(artist), (CoverImage(artist),))][:limit]


def draw_covers(manifests: Iterable[Path], count: int, seed: int) -> list[str]:
    """Draw cover files, none twice, by their digests; without those described for training."""
    described = descriptions()
    files: dict[str, Path] = {}
    for manifest in manifests:
        for _, (file,) in CsvTable(manifest).rows(["file"]):
            files.setdefault(digest_of(manifest.parent / file), manifest.parent / file)
    usable = sorted(d for d in files if d not in described or described[d].held_out)
    return [str(files[digest]) for digest in random.Random(seed).sample(usable, count)]


def contact_sheet(files: Sequence[str], first: int, *, single: bool) -> Image.Image:
    """Draw covers in rows, numbered from ``first`` if they are single ones."""
    columns, side = COLUMNS[single], SIDE[single]
    sheet = Image.new("RGB", (columns * side, -(-len(files) // columns) * (side + 14)), "white")
    pen = ImageDraw.Draw(sheet)
    for place, file in enumerate(files):
        left, top = place % columns * side, place // columns * (side + 14)
        with Image.open(file) as cover:
            sheet.paste(cover.convert("RGB").resize((side - 4, side - 4)), (left, top + 14))
        if single:
            pen.text((left + 2, top + 1), f"{first + place}", fill="black")
    return sheet


def print_rows(spotitags: SpotiTags, artists: Sequence[Artist], top: int, *, raw: bool) -> None:
    """Print number, genre, name and shown tags of each artist or cover."""
    answers = spotitags.all_bags(artist.id for artist in artists)
    for number, (artist, (_, bags)) in enumerate(zip(artists, answers, strict=True), 1):
        if isinstance(bags, Exception):
            raise bags
        columns = [shown_tags(bags[0], top), *([bags[0].tags[:top]] if raw else [])]
        cells = [", ".join(tag.label for tag in tags) for tags in columns]
        print(" | ".join([f"{number:02}", artist.genre or "", artist.name or artist.id, *cells]))


def main() -> None:
    """Print the rows and write the sheets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifests", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--artists", type=int, default=20)
    parser.add_argument("--covers", type=int, help="draw so many single covers instead of artists")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tags", type=int, default=8)
    parser.add_argument("--raw", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.covers:
        files = draw_covers(options.manifests, options.covers, options.seed)
        spotitags = SpotiTags(catalog=Covers(), tagger="lite", albums=1)
        artists = [Artist(file, Path(file).stem) for file in files]
        sheets = [files[start : start + PER_SHEET] for start in range(0, len(files), PER_SHEET)]
    else:
        spotitags = SpotiTags(manifest=options.manifests[0], tagger="lite", albums=COVERS)
        listed = sorted(spotitags.artists(), key=lambda artist: artist.id)
        artists = random.Random(options.seed).sample(listed, options.artists)
        root = options.manifests[0].parent
        sheets = [
            [str(root / album.images[0].url) for album in spotitags.source.albums(artist.id, COVERS)]
            for artist in artists
        ]
    for number, files in enumerate(sheets, 1):
        sheet = contact_sheet(files, (number - 1) * PER_SHEET + 1, single=bool(options.covers))
        sheet.save(options.out / f"{number:02}.png")
    print_rows(spotitags, artists, options.tags, raw=options.raw)


if __name__ == "__main__":
    main()
