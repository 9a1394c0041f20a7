"""Drawn covers, and manifests of them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STYLES = {"fire": ("darkred", "orange"), "sea": ("navy", "deepskyblue"), "moss": ("darkgreen", "yellowgreen")}


def cover(style: str, seed: int, size: int = 300) -> bytes:
    """Draw a JPEG in one of the `STYLES`: a background and twelve discs, different for each seed."""
    background, disc = STYLES[style]
    image = Image.new("RGB", (size, size), background)
    draw = ImageDraw.Draw(image)
    random = np.random.default_rng(seed)
    for _ in range(12):
        x, y, radius = random.integers(0, size), random.integers(0, size), random.integers(5, size // 5)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=disc)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


def manifest(
    folder: Path, artists: Mapping[str, str], covers: int = 3, first_seed: int = 0, size: int = 300
) -> Path:
    """Draw ``covers`` covers for each artist (id to style) and list them, the style as genre."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "covers.csv"
    seed = first_seed
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["artist_id", "artist_name", "genre", "album_id", "album_name", "file"])
        for artist, style in artists.items():
            for number in range(covers):
                file = folder / f"{artist}-{number}.jpg"
                file.write_bytes(cover(style, seed, size))
                writer.writerow([artist, f"The {artist}", style, file.stem, f"Album {number}", file.name])
                seed += 1
    return path


def labelled(folder: Path, each: int = 4, covers: int = 2, *, lost: bool = False) -> Path:
    """Draw covers of ``each`` artists per style, and list them in a manifest.

    If ``lost``, the manifest ends with an artist whose only cover does not exist.
    """
    path = manifest(folder, {f"{style}{n}": style for style in STYLES for n in range(each)}, covers)
    if lost:
        with path.open("a", encoding="utf-8") as file:
            file.write("lost,The lost,sea,lost-0,Album 0,gone.jpg\n")
    return path
