"""Artists a second from cached tags, and memory; against one call an artist, and against another checkout.

    python benchmarks/many.py [--artists 1000] [--rounds 3] [--against CHECKOUT] [--tagger lite text]

Writes made-up artists with ten covers each to a temporary folder: files of 20 kB whose tags, words and
embeddings are those of the bundled library's covers, each in a mix of its own, in a cache of their own.
Contestants run in turn, each in a process of its own; the median counts. A second is one of wall clock after
start-up: the first artist is predicted before, which loads the model. Processor time depends less on other
programs. ``csv`` and ``json`` are what the command line writes. The largest difference of shares is given.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotitags import SpotiTags

COVERS = 10
BYTES = 20_000
TITLES = "the a of night love live blue sessions piano concertos war songs best road fire"
KILO = 1024**2 if sys.platform == "darwin" else 1024  # ru_maxrss in MB


def make_table(folder: Path, artists: int) -> Path:
    """Write a table of made-up artists and their covers: one picture with other bytes behind it each."""
    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", (300, 300), "navy").save(data, "JPEG")
    draw = random.Random(0)
    path = folder / "artists.csv"
    titles = TITLES.split()
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["artist_id", "artist_name", "album_id", "album_name", "file"])
        for number in range(artists):
            name = f"{draw.choice(titles)} {draw.choice(titles)} {number}"
            for album in range(COVERS):
                picture = folder / f"{number}-{album}.jpg"
                picture.write_bytes(data.getvalue() + draw.randbytes(BYTES))
                title = " ".join(draw.sample(titles, 3))
                table.writerow([f"artist-{number}", name, f"{number}-{album}", title, picture.name])
    return path


def fill(table: Path, taggers: list[str]) -> None:
    """Store the tags of the bundled library's covers as those of the table's."""
    import numpy as np

    from spotitags import SpotiTags
    from spotitags.catalogs.library.catalog import LibraryCatalog
    from spotitags.pipeline.tagger_pool import TagCache
    from spotitags.taggers.features.embedding import embedding_extractors

    library, draw = LibraryCatalog(), random.Random(1)
    found: list[tuple[dict[str, Any], bytes]] = []
    for artist in library.artists():
        albums = library.albums(artist.id, COVERS)
        digests = list(dict.fromkeys(album.digest for album in albums if album.digest))
        tags = {name: library.tags(digests, name) for name in library.taggers}
        vectors = library.embeddings(digests)
        assert vectors is not None
        found += [
            ({name: each[i] or [] for name, each in tags.items()}, np.asarray(vectors[i], np.uint8).tobytes())
            for i in range(len(digests))
        ]
    spotitags = SpotiTags(manifest=table, tagger=taggers, offline=True)
    used = [*spotitags._taggers]  # noqa: SLF001 - the cache is filled as a run fills it
    used += embedding_extractors(used)
    cache = TagCache(used, spotitags.cache)
    files = sorted(table.parent.glob("*.jpg"))
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    for start in range(0, len(digests), 500):
        part = digests[start : start + 500]
        chosen = [(draw.choice(found), draw.choice(found), draw.random()) for _ in part]
        for extractor in used:
            if extractor.name in library.taggers:
                rows: dict[str, Any] = {
                    digest: _mixed(one[0][extractor.name], other[0][extractor.name], share)
                    for digest, (one, other, share) in zip(part, chosen, strict=True)
                }
            else:
                rows = {digest: one[1] for digest, (one, _, _) in zip(part, chosen, strict=True)}
            cache.store(extractor, rows)


def _mixed(one: list[Any], other: list[Any], share: float) -> list[Any]:
    """Return some tags of one cover and the rest of another, as many as a cover has."""
    from spotitags.records import Tag

    tags = dict(other[int(len(other) * share) :]) | dict(one[: int(len(one) * share)])
    return sorted((Tag(*tag) for tag in tags.items()), key=lambda tag: (-tag.weight, tag.label))


def _objects(spotitags: SpotiTags, artists: list[str]) -> list[Any]:
    return [getattr(found, "votes", {}) for _, found in spotitags.predictions(artists)]


def _one_by_one(spotitags: SpotiTags, artists: list[str]) -> list[Any]:
    return [spotitags.predict(artist) for artist in artists]


def _csv(spotitags: SpotiTags, artists: list[str]) -> list[Any]:
    from spotitags.pipeline.prediction_table import row

    kept: list[Any] = []
    with Path(os.devnull).open("w", encoding="utf-8") as file:
        table = csv.writer(file)
        for ref, found in spotitags.predictions(artists):
            table.writerow(row(ref, found, list(getattr(found, "votes", ()))))
            kept.append(getattr(found, "votes", {}))
    return kept


def _json(spotitags: SpotiTags, artists: list[str]) -> list[Any]:
    kept: list[Any] = []
    with Path(os.devnull).open("w", encoding="utf-8") as file:
        for _, found in spotitags.predictions(artists):
            file.write(json.dumps(found.to_dict(), ensure_ascii=False) + "\n")
            kept.append(found.votes)
    return kept


MODES: dict[str, Callable[[SpotiTags, list[str]], list[Any]]] = {
    "predictions": _objects, "csv": _csv, "json": _json, "one by one": _one_by_one,
}  # fmt: skip


def measure(table: Path, mode: str, taggers: list[str]) -> dict[str, Any]:
    """Predict all artists; return seconds, and the shares of each artist."""
    from spotitags import SpotiTags

    spotitags = SpotiTags(manifest=table, tagger=taggers, offline=True)
    artists = [artist.id for artist in spotitags.artists()]
    spotitags.predict(artists[0])
    start, worked = time.perf_counter(), time.process_time()
    found = MODES[mode](spotitags, artists)
    seconds, work = time.perf_counter() - start, time.process_time() - worked
    votes = [each if isinstance(each, dict) else each.votes for each in found]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILO
    return {"artists": len(artists), "seconds": seconds, "work": work, "memory": memory, "votes": votes}


def child(checkout: Path, cache: Path, *args: str) -> Any:  # noqa: ANN401 - JSON
    """Run a step of this script with the code of a checkout and a cache."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "SPOTITAGS_CACHE_DIR": str(cache)}
    run = subprocess.run(  # noqa: S603 - this script
        [sys.executable, __file__, *args],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=cache,
    )
    if run.returncode:
        sys.exit(run.stderr)
    return json.loads(run.stdout or "null")


def difference(ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> float:
    """Return the largest difference of two shares of a genre."""
    return max(
        abs(one[genre] - other[genre]) for one, other in zip(ours, theirs, strict=True) for genre in one
    )


def main() -> None:
    """Print a table of the contestants."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--artists", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout, whose code also runs")
    parser.add_argument("--tagger", nargs="*", default=["lite", "text"])
    parser.add_argument("--step", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        name, table, *rest = options.step
        if name == "fill":
            fill(Path(table), options.tagger)
        else:
            json.dump(measure(Path(table), rest[0], options.tagger), sys.stdout)
        return
    here = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "in"
        folder.mkdir()
        table = make_table(folder, options.artists)
        contestants = [(mode, here, mode) for mode in MODES]
        if options.against:
            contestants.append(("the other checkout", options.against.resolve(), "predictions"))
        found: dict[str, list[dict[str, Any]]] = {name: [] for name, _, _ in contestants}
        caches = {}
        for _, checkout, _ in contestants:
            if checkout not in caches:
                caches[checkout] = Path(work) / f"cache-{len(caches)}"
                caches[checkout].mkdir()
                child(checkout, caches[checkout], "--step", "fill", str(table), "--tagger", *options.tagger)
        for turn in range(options.rounds + 1):  # the first fills the file system's cache, and that of digests
            for name, checkout, mode in contestants:
                if turn or checkout != here or mode == "predictions":
                    result = child(
                        checkout,
                        caches[checkout],
                        "--step",
                        "run",
                        str(table),
                        mode,
                        "--tagger",
                        *options.tagger,
                    )
                    found[name] += [result] if turn else []
                    if not turn:
                        print(
                            f"{name}, first run: {options.artists / result['seconds']:.0f} artists a second"
                        )
        _print(found)


def _print(found: dict[str, list[dict[str, Any]]]) -> None:
    ours = found["predictions"]
    print(f"{'':20} artists/s  ms of processor time  peak, MB  times slower  difference of shares")
    for name, runs in found.items():
        speed = statistics.median(run["artists"] / run["seconds"] for run in runs)
        work = statistics.median(1000 * run["work"] / run["artists"] for run in runs)
        slower = statistics.median(
            run["seconds"] / own["seconds"] for run, own in zip(runs, ours, strict=True)
        )
        memory = max(run["memory"] for run in runs)
        off = difference(ours[0]["votes"], runs[0]["votes"])
        print(f"{name:20} {speed:9.0f} {work:21.2f} {memory:9.0f} {slower:13.1f} {off:21.1e}", flush=True)


if __name__ == "__main__":
    main()
