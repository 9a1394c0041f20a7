"""Covers a second of ``tag-corpus`` against its network alone, and growth of all that reads a corpus.

    python benchmarks/corpus.py FOLDER [--covers 256] [--rounds 3] [--artists 1000 10000 100000 1000000]

FOLDER holds covers. Every round runs every contestant once, so that other programs slow them all alike; the
median counts. Processor time depends less on other programs. The second table is of made-up artists, two
covers with 20 tags each, all from 20 labels of the artist; each size runs in a process of its own, whose peak
of memory is given. The third table is of votes by the bundled model and of training, on made-up artists whose
covers are in order; --steps chooses among the tables. Needs the extra ``scale``. Linux and macOS only.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from lite import cores, read_covers, summary

from classifiers.ensemble.ensemble import Ensemble
from spotitags import SpotiTags
from spotitags.bags.corpus import CorpusBags
from spotitags.bags.distinctive import distinct_tags
from spotitags.bags.tables import rows
from spotitags.covers.decode import decode_many
from spotitags.io.corpus import CARD, COVERS, Card, Part, covers_schema
from spotitags.pipeline.corpus.engines import Corpus, run_local
from spotitags.pipeline.corpus.inputs import open_source
from spotitags.pipeline.voting import bundled_model
from spotitags.records import Cover
from spotitags.taggers.lite.efficientnet import open_model
from spotitags.taggers.lite.square import square
from spotitags.taggers.lite.tagger import LiteTagger

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.pool import Pool

TAGS = 20
COVERS_EACH = 2
LABELS = 1300
ROWS = 100_000  # of a part
SMALL = 10_000
"""Most artists whose bags are also summed in Python, to compare the numbers."""
GENRES = ("classical", "country", "hiphop", "jazz", "metal")
KILO = 1024**2 if sys.platform == "darwin" else 1024  # ru_maxrss in MB


def speeds(folder: Path, covers: int, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return covers a second and ms of processor time a cover, by contestant and round."""
    from concurrent.futures import ThreadPoolExecutor

    files = list({file.digest: file for file in read_covers(folder, covers)}.values())  # no copies
    with tempfile.TemporaryDirectory() as work:
        given, cache = Path(work) / "in", Path(work) / "cache"
        given.mkdir()
        for number, file in enumerate(files):
            (given / f"{number:06}.jpg").write_bytes(file.data)
        tagger = LiteTagger(cache)
        network = open_model(cache)
        decoded = [cover for cover in decode_many(files, tagger.image_size) if isinstance(cover, Cover)]
        squares = [square(cover.pixels, tagger.image_size) for cover in decoded]

        def alone() -> None:
            with ThreadPoolExecutor(cores()) as pool:
                list(pool.map(lambda p: network.run(["probabilities"], {"pixels": p[np.newaxis]}), squares))

        def tag() -> None:
            for start in range(0, len(decoded), tagger.batch_size):
                tagger.tag(decoded[start : start + tagger.batch_size])

        def corpus() -> None:
            run_local(Corpus(open_source(given), Path(work) / "out", lambda: tagger))
            shutil.rmtree(Path(work) / "out")

        contestants: dict[str, Callable[[], Any]] = {
            "network alone": alone,
            "tagger alone, decoded covers": tag,
            "tag-corpus, files to Parquet": corpus,
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
        for turn in range(rounds + 1):
            for name, run in contestants.items():
                start, worked = time.perf_counter(), time.process_time()
                run()
                if turn:
                    seconds, work_seconds = time.perf_counter() - start, time.process_time() - worked
                    found[name].append((len(files) / seconds, 1000 * work_seconds / len(files)))
    return found


def make_up(folder: Path, artists: int, seed: int = 0, *, ordered: bool = False) -> Path:
    """Write a corpus of made-up artists, in random order, or with the covers of each together."""
    card = Card("lite", "made up", 0, {"path": "", "kind": "folder", "covers": None, "sha256": ""})
    (folder / COVERS).mkdir(parents=True)
    (folder / CARD).write_bytes(card.to_json())
    random = np.random.default_rng(seed)
    inputs = Ensemble.load(bundled_model()).graphs[0].inputs.values()
    known = sorted({label for each in inputs if each.view == "all" for label in each.labels})
    names = pa.array([*known, *(f"label {n:04}" for n in range(LABELS))][:LABELS])
    order = np.repeat(np.arange(artists), COVERS_EACH)
    if not ordered:
        order = random.permutation(order)
    for start in range(0, len(order), ROWS):
        chosen = order[start : start + ROWS]
        size = len(chosen)
        labels = (chosen[:, None] * 7919 + np.arange(TAGS) * 61) % LABELS
        weights = np.sort(random.integers(1, 10_000, (size, TAGS)) / 10_000)[:, ::-1]
        offsets = pa.array(np.arange(0, (size + 1) * TAGS, TAGS, dtype=np.int32))
        ids = [f"{n:022d}" for n in chosen.tolist()]
        columns = {
            "shard": np.zeros(size, np.int32),
            "position": np.arange(start, start + size),
            "id": ids,
            "file": [f"{n}.jpg" for n in range(start, start + size)],
            "digest": [hashlib.sha256(b"%d" % n).hexdigest() for n in range(start, start + size)],
            "artist_id": ids,
            "artist_name": [f"Artist {n}" for n in chosen.tolist()],
            "genre": [GENRES[n % len(GENRES)] for n in chosen.tolist()],
            **dict.fromkeys(("album_name", "release_date"), [None] * size),
            **dict.fromkeys(("width", "height"), [300] * size),
            "labels": pa.ListArray.from_arrays(offsets, names.take(pa.array(labels.ravel()))),
            "weights": pa.ListArray.from_arrays(offsets, pa.array(weights.ravel())),
        }
        schema = covers_schema(card)
        part = Part(0, start, start + size)
        pq.write_table(
            pa.table(columns, schema=schema).select(schema.names),
            folder / COVERS / part.name,
            compression="zstd",
        )
    return folder


def peak() -> float:
    """Peak of this process's memory, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILO


def sum_up(corpus: Path, out: Path) -> tuple[float, float, float]:
    """Seconds for the table of bags and for distinct tags, and the peak of memory in MB."""
    start = time.perf_counter()
    with CorpusBags(corpus) as bags:
        bags.write_parquet(out)
        tags = time.perf_counter() - start
        bags.distinct_tags()
    return tags, time.perf_counter() - start - tags, peak()


def vote(corpus: Path) -> tuple[float, float]:
    """Seconds to predict all artists with the bundled model, and the peak of memory in MB."""
    start = time.perf_counter()
    spotitags = SpotiTags(manifest=corpus)
    count = sum(
        1 for _, found in spotitags.predictions([each.id for each in spotitags.artists()]) if found.votes
    )  # type: ignore[union-attr]
    assert count == len(spotitags.artists())
    return time.perf_counter() - start, peak()


def train_on(corpus: Path, out: Path, per_genre: int) -> tuple[float, float]:
    """Seconds to train a model on so many artists of each genre, and the peak of memory in MB."""
    from spotitags.training.ensemble import drawn, train

    start = time.perf_counter()
    spotitags = SpotiTags(manifest=corpus)
    train(spotitags, drawn(spotitags.artists(), per_genre, seed=0), out)
    return time.perf_counter() - start, peak()


def readers(artists: int, pool: Callable[[], Pool], steps: list[str], per_genre: int) -> None:
    """Print a row of the third table."""
    with tempfile.TemporaryDirectory() as work:
        corpus = make_up(Path(work) / "corpus", artists, ordered=True)
        for step in steps:
            with pool() as one:
                given = (corpus,) if step == "vote" else (corpus, Path(work) / "model", per_genre)
                seconds, memory = one.apply(vote if step == "vote" else train_on, given)
            each = 1e6 * seconds / artists
            print(f"{artists:>9,} {step:6} {seconds:9.1f} {each:14.1f} {memory:9.0f}", flush=True)


def in_python(corpus: Path, out: Path) -> tuple[float, bool]:
    """Seconds for the same bags in Python, and whether their numbers are the same."""
    start = time.perf_counter()
    spotitags = SpotiTags(manifest=corpus)
    bags = [found[0] for _, found in spotitags.all_bags([each.id for each in spotitags.artists()])]
    table = [tuple(row) for row in rows(bags)]
    seconds = time.perf_counter() - start
    same = table == [tuple(row.values()) for row in pq.read_table(out).to_pylist()]
    with CorpusBags(corpus) as found:
        ours, theirs = found.distinct_tags(20), distinct_tags(bags, k=20)
    close = all(
        np.allclose([tag.weight for tag in ours[genre]], [tag.weight for tag in theirs[genre]])
        for genre in theirs
    )
    return seconds, same and close and {g: [t.label for t in each] for g, each in ours.items()} == {
        g: [t.label for t in each] for g, each in theirs.items()
    }


def growth(artists: int, pool: Pool) -> None:
    """Print a row of the second table."""
    with tempfile.TemporaryDirectory() as work:
        corpus = make_up(Path(work) / "corpus", artists)
        tags, distinct, memory = pool.apply(sum_up, (corpus, Path(work) / "tags.parquet"))
        total = 1e6 * (tags + distinct) / artists
        python = ""
        if artists <= SMALL:
            seconds, same = pool.apply(in_python, (corpus, Path(work) / "tags.parquet"))
            python = f"{seconds:8.1f}   {'the same' if same else 'OTHER NUMBERS'}"
        print(f"{artists:>9,} {tags:9.2f} {distinct:9.2f} {total:14.1f} {memory:9.0f} {python}", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="leave out for the second table alone")
    parser.add_argument("--covers", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--artists", type=int, nargs="*", default=[10**3, 10**4, 10**5, 10**6])
    parser.add_argument(
        "--steps", nargs="*", choices=("bags", "vote", "train"), default=["bags", "vote", "train"]
    )
    parser.add_argument("--per-genre", type=int, default=200, help="artists of a genre in training")
    options = parser.parse_args()

    def pool() -> Pool:
        return multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1)

    if options.folder:
        found = speeds(options.folder, options.covers, options.rounds)
        print(f"{options.covers} covers without copies, {options.rounds} rounds, {cores()} cores")
        whole = found["tag-corpus, files to Parquet"]
        for number, unit in enumerate(("covers a second", "ms of processor time a cover")):
            print(f"\n{unit}:")
            for name, rates in found.items():
                ratios = [ours[number] / theirs[number] for ours, theirs in zip(whole, rates, strict=True)]
                speed = summary([each[number] for each in rates])
                print(f"{name:32} {speed:32} tag-corpus / this: {statistics.median(ratios):.2f}")
        print()
    if "bags" in options.steps:
        print("  artists   bags, s distinct, s µs an artist  peak, MB  in Python, s")
        for artists in options.artists:
            with pool() as one:
                growth(artists, one)
    if others := [step for step in options.steps if step != "bags"]:
        print("  artists step          s   µs an artist  peak, MB")
        for artists in options.artists:
            readers(artists, pool, others, options.per_genre)


if __name__ == "__main__":
    main()
