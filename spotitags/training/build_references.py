"""Build the package's reference covers for "none of these genres".

``python -m spotitags.training.build_references COVERS.csv SHRUNK.csv``; CONTRIBUTING.md says when.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classifiers.arrays import power_normalised
from classifiers.files import replaced_file
from spotitags.catalogs.csv_table import CsvTable
from spotitags.catalogs.single_covers import SingleCovers
from spotitags.errors import SpotiTagsError
from spotitags.io.tables import text_stream, write_csv
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.taggers.features.embedding import pack
from spotitags.training.references import DIGEST, FILE, GROUP, MUSIC, TAGGER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from spotitags.records import TaggedCovers

COVERS_PER_KIND = {MUSIC: 300, "pictures": 60}  # at most
BLANKS = 12  # per kind
BLANK_SIDE = 300  # pixels
SHRUNK = 400  # covers that are shrunk, for the directions of picture size
VARIANTS = ((224, "webp", 65), (150, "jpeg", 85), (64, "jpeg", 85))  # side in pixels, format, quality
DIRECTIONS = 6  # principal ones in which shrinking moves an embedding; docs/tried.md compares numbers
SEED = 0


def build(covers: Path, shrunk: Path, out: Path) -> str:
    """Embed reference covers, and write them with the directions of picture size.

    Args:
        covers: CSV with ``file,kind,category``; category is ``music`` or ``pictures``.
        shrunk: CSV with ``file``: covers of at least 300 px from which the directions are computed.
        out: File to write.

    Returns:
        A summary of one line.

    Raises:
        SpotiTagsError: A table or a cover cannot be read.
    """
    kinds: list[tuple[str, str]] = []
    kind_of: list[int] = []
    artist_of: list[int] = []
    paths: list[Path] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, category, chosen in [*_drawn(covers), *draw_blanks(Path(folder))]:
            kinds.append((name, category))
            paths += chosen
            kind_of += [len(kinds) - 1] * len(chosen)
            size = GROUP if category != "blanks" else GROUP // 2
            artist_of += [number // size for number in range(len(chosen))]
        embeddings, digests, version = _embedded(paths, Path(folder))
        directions = _size_directions(shrunk, Path(folder))
    with replaced_file(out, lasting=True) as file:
        np.savez_compressed(
            file,
            version=np.array(version),
            covers=pack(embeddings),
            digests=np.array([digest[:DIGEST] for digest in digests]),
            kind=np.array(kind_of, np.int16),
            artist=np.array(artist_of, np.int16),
            kinds=np.array([name for name, _ in kinds]),
            categories=np.array([category for _, category in kinds]),
            size_directions=directions.astype(np.float32),
        )
    return f"{out}: {len(paths)} covers of {len(kinds)} kinds"


def _drawn(covers: Path) -> Iterator[tuple[str, str, list[Path]]]:
    """Yield each kind with its category and a random draw of its files."""
    for (kind, category), found in covers_by_kind(covers).items():
        chosen = random.Random(f"{SEED} {kind}").sample(
            sorted(found), min(len(found), COVERS_PER_KIND[category])
        )
        yield kind, category, chosen


def covers_by_kind(table: Path) -> dict[tuple[str, str], list[Path]]:
    """Read the files of each (kind, category) from a CSV with ``file,kind,category``, sorted by kind.

    Raises:
        InputError: The file cannot be read, lacks a column, or has another category.
    """
    found: dict[tuple[str, str], list[Path]] = defaultdict(list)
    listed = CsvTable(table)
    for line, (file, kind, category) in listed.rows(["file", "kind", "category"], []):
        if category not in COVERS_PER_KIND:
            choices = " or ".join(COVERS_PER_KIND)
            raise listed.error(line, f"there is no category {category!r}; use {choices}", "category")
        found[kind, category].append(table.parent / file)
    return dict(sorted(found.items()))


def draw_blanks(folder: Path, *, seed: int = SEED) -> Iterator[tuple[str, str, list[Path]]]:
    """Draw pictures that show nothing: plain colours, stripes and shapes.

    Args:
        folder: Folder of the pictures.
        seed: Seed of colours and forms.

    Yields:
        Name and category of a kind, and its files.
    """
    from PIL import Image

    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:BLANK_SIDE, 0:BLANK_SIDE] / BLANK_SIDE

    def plain(number: int) -> NDArray[np.bool_]:
        return np.full(x.shape, number >= 0)

    def stripes(number: int) -> NDArray[np.bool_]:
        waves = rng.integers(1, 30)
        return np.asarray(np.sin(2 * np.pi * waves * (x if number % 2 else y)) > 0)

    def shape(number: int) -> NDArray[np.bool_]:
        across, down, radius = rng.random(3) * (1, 1, 0.4)
        if number % 2:
            return np.asarray((x - across) ** 2 + (y - down) ** 2 < radius**2)
        return np.asarray((np.abs(x - across) < radius) & (np.abs(y - down) < radius))

    for name, drawing in (("plain", plain), ("stripes", stripes), ("shapes", shape)):
        files = []
        for number in range(BLANKS):
            front, back = (
                rng.integers(0, 256, (2, 3)) if number > 1 else np.array([[255 * number] * 3, [90] * 3])
            )
            pixels = np.where(drawing(number)[..., None], front, back).astype(np.uint8)
            files.append(folder / f"{name}-{number}.png")
            Image.fromarray(pixels).save(files[-1])
        yield name, "blanks", files


def tag_files(
    paths: Sequence[Path], folder: Path
) -> tuple[str, Iterator[tuple[str, TaggedCovers | SpotiTagsError]]]:
    """Tag picture files, each by itself.

    Args:
        paths: The files.
        folder: Folder for their list.

    Returns:
        The tagger's version, and each file with its tags and embedding, or with the error.
    """
    table = folder / "covers.csv"
    with replaced_file(table) as file:
        stream = text_stream(file)
        write_csv(stream, ["file", "genre"], [(str(path.resolve()), "any") for path in paths], raw=True)
        stream.detach()
    spotitags = SpotiTags(catalog=SingleCovers(table), tagger=TAGGER)
    found = spotitags.tagged_covers(str(path.resolve()) for path in paths)
    return spotitags.tagger_versions()[TAGGER], iter(found)


def _embedded(paths: Sequence[Path], folder: Path) -> tuple[NDArray[np.float32], list[str], str]:
    """Embeddings (n, dim) and digests of picture files, and the tagger's version."""
    version, tagged = tag_files(paths, folder)
    found, digests = [], list[str]()
    for _, covers in tagged:
        if isinstance(covers, SpotiTagsError):
            raise covers
        found.append(covers.features[TAGGER][0])
        digests += covers.digests
    return np.stack(found), digests, version


def _size_directions(shrunk: Path, folder: Path) -> NDArray[np.float64]:
    """Principal directions (`DIRECTIONS`, dim) in which shrinking and compressing move embeddings."""
    from PIL import Image

    listed = sorted({row[0] for _, row in CsvTable(shrunk).rows(["file"], [])})
    originals = [
        shrunk.parent / file for file in random.Random(SEED).sample(listed, min(len(listed), SHRUNK))
    ]
    variants: list[Path] = []
    for side, kind, quality in VARIANTS:
        for number, file in enumerate(originals):
            variants.append(folder / f"{side}-{number}.{kind}")
            with Image.open(file) as image:
                small = image.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
            small.save(variants[-1], kind, quality=quality)
    embeddings = power_normalised(_embedded([*originals, *variants], folder)[0])
    count = len(originals)
    moved = embeddings[count:] - np.tile(embeddings[:count], (len(VARIANTS), 1))
    return np.asarray(np.linalg.svd(moved, full_matrices=False)[2][:DIRECTIONS])


def main(arguments: Iterable[str] | None = None) -> None:
    """Build the file in the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("covers", type=Path)
    parser.add_argument("shrunk", type=Path)
    chosen = parser.parse_args(None if arguments is None else list(arguments))
    print(build(chosen.covers, chosen.shrunk, Path(__file__).with_name(FILE)))  # noqa: T201


if __name__ == "__main__":
    main()
