"""Print lite's first tags, by ImageNet's labels and by its words, and draw contact sheets, to judge by eye.

    python benchmarks/tags.py MANIFEST.csv --out FOLDER [--artists 4] [--tags 8]

Takes the first artists by id of each genre with ten artists or more and their first ten covers. Prints a row
an artist; FOLDER gets a contact sheet of each, in the same order as the rows. docs/tags.md was made from it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from spotitags.pipeline.spotitags import SpotiTags
from spotitags.settings import Settings
from spotitags.taggers.lite.tagger import LiteTagger
from spotitags.training.lite_head.metrics import Plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Album, Artist

ENOUGH = 10
COVERS = 10
COLUMNS = 5
SIDE = 200


def chosen(artists: Sequence[Artist], count: int) -> list[Artist]:
    """The first of each genre by id, genres in alphabetical order."""
    sizes = Counter(artist.genre for artist in artists)
    genres = sorted(genre for genre, size in sizes.items() if genre and size >= ENOUGH)
    return [
        artist
        for genre in genres
        for artist in sorted((a for a in artists if a.genre == genre), key=lambda a: a.id)[:count]
    ]


def contact_sheet(albums: Sequence[Album], root: Path) -> Image.Image:
    """Covers in rows of five."""
    rows = -(-len(albums) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * SIDE, rows * SIDE), "white")
    for place, album in enumerate(albums):
        with Image.open(root / (album.images[0].url if album.images else "")) as cover:
            tile = cover.convert("RGB").resize((SIDE - 4, SIDE - 4))
        sheet.paste(tile, (place % COLUMNS * SIDE + 2, place // COLUMNS * SIDE + 2))
    return sheet


def main() -> None:
    """Print the rows and write the sheets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--artists", type=int, default=4, help="of each genre")
    parser.add_argument("--tags", type=int, default=8)
    options = parser.parse_args()
    cache = Settings().cache_dir
    spotitags = SpotiTags(manifest=options.manifest, tagger=[Plain(cache), LiteTagger(cache)], albums=COVERS)
    artists = chosen(spotitags.artists(), options.artists)
    options.out.mkdir(parents=True, exist_ok=True)
    for number, (artist, (_, bags)) in enumerate(
        zip(artists, spotitags.all_bags(artist.id for artist in artists), strict=True), 1
    ):
        if isinstance(bags, Exception):
            raise bags
        sheet = contact_sheet(spotitags.source.albums(artist.id, COVERS), options.manifest.parent)
        sheet.save(options.out / f"{number:02}.png")
        cells = [", ".join(tag.label for tag in bag.tags[: options.tags]) for bag in bags]
        print(" | ".join([f"{number:02}", str(artist.genre), artist.name or artist.id, *cells]))


if __name__ == "__main__":
    main()
