"""How right and how sure votes on small covers are, on artists that the model was not trained on.

    python benchmarks/cover_size.py MANIFEST.csv [--artists 4] [--groups 1] [--seeds 1] [--out ROWS.json]

Draws 4 artists of each genre by seed, trains on all others without the covers of these, and tags the drawn
artists' first ten covers at several sizes. With several groups, each has other artists and a model of its
own; ``--groups 4`` tests all artists of a genre with sixteen. Further seeds draw other groups, so that an
artist is tested by other models. A cover larger than its file is scaled up. "Sure" is the confidence as
calibrated on covers of full size, "lowered" as `spotitags.pipeline.cover_sizes` lowers it.

Below the table are the rates for that module: each artist weighs 1, (right + 1) / (artists + 2), rising with
the size (isotonic regression); then the loss against 300 pixels.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import shutil
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from classifiers.ensemble.results import Confidence
from spotitags.bags.bag import artist_bags
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.pipeline.cover_sizes import lower_confidence
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.pipeline.voting import Voting
from spotitags.training.ensemble import train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Artist

SIZES = (32, 48, 64, 80, 100, 125, 150, 200, 300, 640)
FULL = 300  # pixels of the shorter side
DRAWS = 2000  # bootstrap samples of artists
ENOUGH = 10  # artists of a genre
LEAST = 3  # covers of a drawn artist
MOST = 10
QUALITY = 90  # of the JPEG files, as small pictures of catalogues have about


def drawn(catalog: FolderCatalog, count: int, groups: int, seed: int) -> list[list[Artist]]:
    """Groups of ``count`` artists of each genre, no artist twice."""
    by_genre: dict[str, list[Artist]] = defaultdict(list)
    for artist in catalog.artists():
        by_genre[artist.genre or ""].append(artist)
    found: list[list[Artist]] = [[] for _ in range(groups)]
    for genre, artists in sorted(by_genre.items()):
        if not genre or len(artists) < ENOUGH:
            continue
        able = sorted((a for a in artists if len(catalog.albums(a.id, MOST)) >= LEAST), key=lambda a: a.id)
        random.Random(f"{seed} {genre}").shuffle(able)
        for number in range(groups):
            found[number] += able[number * count : (number + 1) * count]
    return found


def write_manifest(catalog: FolderCatalog, artists: Sequence[Artist], side: int, folder: Path) -> Path:
    """Write the artists' first covers with a shorter side of ``side`` pixels, and their manifest."""
    folder.mkdir(parents=True)
    with (folder / "covers.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["artist_id", "artist_name", "genre", "album_id", "album_name", "file"])
        for artist in artists:
            for number, album in enumerate(catalog.albums(artist.id, MOST)):
                file = f"{artist.id}-{number}.jpg"
                resize(Path(album.images[0].url), side, folder / file)
                writer.writerow([artist.id, artist.name, artist.genre, album.id, album.name, file])
    return folder / "covers.csv"


def resize(source: Path, side: int, target: Path) -> None:
    """Scale a cover to a shorter side of ``side`` pixels; a cover of that size is copied."""
    with Image.open(source) as cover:
        if min(cover.size) == side:
            shutil.copy(source, target)
            return
        factor = side / min(cover.size)
        size = round(cover.width * factor), round(cover.height * factor)
        cover.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(target, quality=QUALITY)


def tested(
    manifest: Path, catalog: FolderCatalog, tagger: str, group: Sequence[Artist], folder: Path
) -> list[dict[str, Any]]:
    """Train without the artists of a group; one row for each of them and each size."""
    spotitags = SpotiTags(manifest=manifest, tagger=tagger, albums=100)
    held_out = {artist.id for artist in group}
    genres = {artist.genre for artist in group}
    digests = set()
    for _, covers in spotitags.tagged_covers([artist.id for artist in group]):
        assert not isinstance(covers, Exception), covers
        digests |= set(covers.digests)
    others = [each for each in catalog.artists() if each.genre in genres and each.id not in held_out]
    train(spotitags, others, folder / "model", apart_from=digests)
    rows = []
    for side in SIZES:
        small = write_manifest(catalog, group, side, folder / str(side))
        sized = SpotiTags(manifest=small, tagger=tagger, albums=MOST)
        voting = Voting(folder / "model", sized.tagger_versions())
        for (ref, covers), artist in zip(sized.tagged_covers([a.id for a in group]), group, strict=True):
            assert not isinstance(covers, Exception), covers
            # Without their sizes, the confidence is that of covers of full size.
            unsized = replace(covers, albums=tuple(replace(album, size=None) for album in covers.albums))
            found = voting.predict(artist_bags(unsized, [tagger]), unsized)
            assert found.confidence is not None
            rows.append(
                {"artist": ref, "genre": artist.genre, "px": side, "predicted": found.genre}
                | {"share": found.votes[found.leading], "right": found.leading == artist.genre}
                | {"claimed": found.confidence.right, "sure": found.confidence.sure}
            )
    return rows


def lowered(row: dict[str, Any]) -> bool:
    """Return whether a vote on covers of this size is still sure."""
    return lower_confidence(Confidence(row["claimed"], 0, row["sure"]), [row["px"]]).sure


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print a row for each size."""
    print("| shorter side | votes | right | sure | sure and wrong | lowered: sure | and wrong |")
    print("|---|---|---|---|---|---|---|")
    for side in SIZES:
        of_size = [row for row in rows if row["px"] == side]
        groups = [of_size, [row for row in of_size if row["sure"]], [row for row in of_size if lowered(row)]]
        (votes, sure, still), wrong = map(len, groups), [sum(not r["right"] for r in each) for each in groups]
        print(
            f"| {side} px | {votes} | {votes - wrong[0]} ({1 - wrong[0] / votes:.2f}) | {sure} | {wrong[1]} "
            f"| {still} | {wrong[2]} |"
        )


def show_rates(rows: Sequence[dict[str, Any]], seeds: int) -> None:
    """Print the rates of right votes by size, where sure and where not, with their numbers of artists."""
    from sklearn.isotonic import IsotonicRegression

    for sure in (True, False):
        found = [[row["right"] for row in rows if row["px"] == px and row["sure"] == sure] for px in SIZES]
        artists = [len(each) / seeds for each in found]
        rates = [(sum(each) / seeds + 1) / (n + 2) for each, n in zip(found, artists, strict=True)]
        rising = IsotonicRegression().fit_transform(SIZES, rates, sample_weight=artists)
        cells = (f"{px}: {rate:.2f} ({n:.0f})" for px, rate, n in zip(SIZES, rising, artists, strict=True))
        print("sure  " if sure else "unsure", ", ".join(cells))


def show_losses(rows: Sequence[dict[str, Any]]) -> None:
    """Print how much less often votes are right than at 300 pixels, with 95% intervals over artists."""
    right: dict[tuple[int, str], list[bool]] = defaultdict(list)
    for row in rows:
        right[row["px"], row["artist"]].append(row["right"])
    artists = sorted({row["artist"] for row in rows})
    rates = {px: np.array([np.mean(right[px, artist]) for artist in artists]) for px in SIZES}
    draws = np.random.default_rng(0).integers(len(artists), size=(DRAWS, len(artists)))
    for px in SIZES:
        loss = rates[FULL] - rates[px]
        low, high = np.quantile(loss[draws].mean(axis=1), [0.025, 0.975])
        print(f"{px} px: {loss.mean():.3f} less often right ({low:.3f} to {high:.3f})")


def main() -> None:
    """Print the table; write all rows if a file is given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--artists", type=int, default=4, help="of each genre, in each group")
    parser.add_argument("--groups", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--tagger", default="lite")
    parser.add_argument("--out", type=Path, help="file for all rows, as JSON")
    options = parser.parse_args()
    catalog = FolderCatalog(options.manifest)
    rows: list[dict[str, Any]] = []
    for seed in range(options.seeds):
        for group in drawn(catalog, options.artists, options.groups, seed):
            with tempfile.TemporaryDirectory() as folder:
                rows += tested(options.manifest, catalog, options.tagger, group, Path(folder))
            if options.out:
                options.out.write_text(json.dumps(rows), "utf-8")
    with Image.open(catalog.albums(catalog.artists()[0].id, 1)[0].images[0].url) as first:
        side = min(first.size)
    artists = len({row["artist"] for row in rows})
    print(f"{artists} artists, {options.seeds} seeds; files have {side} px, larger covers are scaled up")
    show(rows)
    show_rates(rows, options.seeds)
    show_losses(rows)


if __name__ == "__main__":
    main()
