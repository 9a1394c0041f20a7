"""Rows of `tag-corpus` after kills: of the local run, of a Ray worker, of its driver, and of a Ray node.

    python benchmarks/corpus_runs.py FOLDER [--covers 20000] [--tagger quick] [--runs killed ray worker ...]

FOLDER holds covers. Crops of them, some twice and some damaged, are written to a temporary folder. Each run
is compared with an undisturbed one of the local engine: covers without a row or with two, and other labels,
weights or embeddings. All counts must be 0, else the exit code is 1. ``quick`` is a cheap tagger of colours
and light; `lite` tags some 30 covers a second. Needs the extra ``scale``. Linux only.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.dataset as ds
from PIL import Image

from spotitags.catalogs.pictures import is_picture
from spotitags.io.corpus import COVERS, SKIPPED, parts
from spotitags.pipeline.corpus.engines import Corpus, run_local
from spotitags.pipeline.corpus.inputs import open_source
from spotitags.records import Tag
from spotitags.taggers.base import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.process import BaseProcess

    from numpy.typing import NDArray

    from spotitags.records import Cover
    from spotitags.taggers.base import Tagger, TaggerOptions

COPIES = 50
"""One in so many covers has the bytes of an earlier one."""
DAMAGED = 200
"""One in so many covers is cut off."""
SIDE = 300
PART = 250


class QuickTagger:
    """Tagger of colours and light in each of 16 fields of a cover, which takes no time."""

    name = "quick"
    version = "1"
    image_size = 64
    batch_size = 64

    @classmethod
    def from_options(cls, options: TaggerOptions) -> QuickTagger:  # noqa: ARG003
        """Build the tagger."""
        return cls()

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:  # noqa: ARG003
        """Say that it can run."""
        return Readiness(ready=True, reason="needs nothing")

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """Return the 20 strongest colours of fields."""
        return [self._tags(vector) for vector in self.embed(covers)]

    def embed(self, covers: Sequence[Cover]) -> NDArray[np.float32]:
        """Return (n_covers, 48) mean colours of the fields, in [0, 1]."""
        return np.stack([self._fields(cover.pixels) for cover in covers])

    def _fields(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        height, width = pixels.shape[0] // 4, pixels.shape[1] // 4
        fields = pixels[: 4 * height, : 4 * width].reshape(4, height, 4, width, 3).mean(axis=(1, 3)) / 255
        return fields.reshape(48).astype(np.float32)

    def _tags(self, vector: NDArray[np.float32]) -> list[Tag]:
        strongest = np.argsort(-vector, kind="stable")[:20].tolist()
        return [
            Tag(f"{['red', 'green', 'blue'][n % 3]} {n // 3}", round(float(vector[n]), 4)) for n in strongest
        ]


@dataclass(frozen=True)
class Job:
    """Input, output and tagger of a run; it can be pickled."""

    source: Path
    out: Path
    tagger: str
    cache: Path

    def corpus(self) -> Corpus:
        """Return what the engines take."""
        import corpus_runs  # workers of Ray find functions by the name of a module, which is not __main__

        make = partial(corpus_runs.build, self.tagger, self.cache)
        return Corpus(open_source(self.source), self.out, make, PART)


def build(name: str, cache: Path) -> Tagger:
    """Build the tagger."""
    if name == "quick":
        return QuickTagger()
    from spotitags.taggers.lite.tagger import LiteTagger

    return LiteTagger(cache)


def make_covers(folder: Path, out: Path, count: int, seed: int = 0) -> Path:
    """Write crops of covers, and copies and damaged ones among them."""
    files = sorted(file for file in folder.rglob("*") if is_picture(file))
    out.mkdir()

    def crop(number: int) -> None:
        draw = random.Random(seed + number)
        with Image.open(files[number % len(files)]) as image:
            side = int(min(image.size) * draw.uniform(0.5, 0.95))
            left, top = draw.randint(0, image.width - side), draw.randint(0, image.height - side)
            picture = image.convert("RGB").crop((left, top, left + side, top + side)).resize((SIDE, SIDE))
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=85)
        whole = data.getvalue()
        cut = number % DAMAGED == DAMAGED - 1
        (out / f"{number:06}.jpg").write_bytes(whole[: len(whole) // 3] if cut else whole)
        if number % COPIES == 0:
            (out / f"{number:06}-copy.jpg").write_bytes(whole)

    with ThreadPoolExecutor() as pool:
        list(pool.map(crop, range(count - count // COPIES - 1)))
    return out


def local(job: Job) -> None:
    """Run the local engine."""
    run_local(job.corpus())


def ray(job: Job, address: str | None = None, workers: int | None = None) -> None:
    """Run the Ray engine."""
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # for the tagger's class in workers
    from spotitags.pipeline.corpus.ray_engine import run_ray

    run_ray(job.corpus(), address=address, workers=workers)


def started(run: Callable[..., None], *args: Any) -> BaseProcess:  # noqa: ANN401 - of the run
    """Start a run in a process of its own, with a process group of its own."""
    process = multiprocessing.get_context("spawn").Process(target=_in_group, args=(run, *args))
    process.start()
    return process


def _in_group(run: Callable[..., None], *args: Any) -> None:  # noqa: ANN401 - of the run
    os.setpgrp()
    run(*args)


def wait_for(job: Job, covers: int, process: BaseProcess) -> None:
    """Wait until so many covers are in finished parts."""
    while process.is_alive() and sum(part.stop - part.start for part in _parts(job)) < covers:
        process.join(0.05)


def _parts(job: Job) -> Sequence[Any]:
    return parts(job.out) if job.out.exists() else []


def finished(process: BaseProcess) -> None:
    """Wait for the end of a run, which must succeed."""
    process.join()
    if process.exitcode:
        sys.exit(f"a run ended with {process.exitcode}")


def kill(process: BaseProcess) -> None:
    """Kill a run with all its processes."""
    os.killpg(process.pid or 0, signal.SIGKILL)
    process.join()


def undisturbed(job: Job, count: int) -> None:  # noqa: ARG001 - the same for all
    """Run the local engine to its end."""
    finished(started(local, job))


def killed(job: Job, count: int) -> None:
    """Kill the local run three times, and continue it."""
    for fraction in (0.2, 0.5, 0.8):
        process = started(local, job)
        wait_for(job, int(fraction * count), process)
        kill(process)
    finished(started(local, job))


def on_ray(job: Job, count: int) -> None:  # noqa: ARG001 - the same for all
    """Run the Ray engine to its end."""
    finished(started(ray, job, None, 2))


def worker(job: Job, count: int) -> None:
    """Kill a Ray worker in mid-run."""
    process = started(ray, job, None, 2)
    wait_for(job, int(0.3 * count), process)
    while process.is_alive() and not any(_workers(process.pid or 0)):
        time.sleep(0.1)
    os.kill(next(_workers(process.pid or 0)), signal.SIGKILL)
    finished(process)


def driver(job: Job, count: int) -> None:
    """Kill the driver of a Ray run, and continue the run."""
    process = started(ray, job, None, 2)
    wait_for(job, int(0.4 * count), process)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    while any(_workers(0)):  # they end when they notice that the driver is gone
        time.sleep(0.2)
    finished(started(ray, job, None, 2))


def node(job: Job, count: int) -> None:
    """Remove one of two Ray nodes in mid-run."""
    from ray.cluster_utils import Cluster

    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        second = cluster.add_node(num_cpus=1)
        process = started(ray, job, cluster.address, 2)
        wait_for(job, int(0.3 * count), process)
        cluster.remove_node(second, allow_graceful=False)
        finished(process)
    finally:
        cluster.shutdown()


def _workers(driver: int) -> Iterator[int]:
    """Yield the ids of processes that run the tagger on Ray; of all drivers of this user for 0."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            owned = not driver or _descends(int(folder.name), driver)
        except OSError:
            continue
        if command.startswith(b"ray::") and b"RayTagger" in command and owned:
            yield int(folder.name)


def _descends(process: int, ancestor: int) -> bool:
    while process > 1 and process != ancestor:
        process = int((Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[1])
    return process == ancestor


RUNS: dict[str, Callable[[Job, int], None]] = {
    "undisturbed": undisturbed,
    "killed": killed,
    "ray": on_ray,
    "worker": worker,
    "driver": driver,
    "node": node,
}


def rows(corpus: Path, table: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a corpus by file."""
    found: dict[str, list[dict[str, Any]]] = {}
    for batch in ds.dataset(corpus / table, format="parquet").to_batches():
        for row in batch.to_pylist():
            found.setdefault(row["file"], []).append(row)
    return found


def compare(out: Path, whole: Path) -> dict[str, int]:
    """Count rows, and what must not be, against an undisturbed run."""
    ours, theirs = rows(out, COVERS), rows(whole, COVERS)
    bad, expected = rows(out, SKIPPED), rows(whole, SKIPPED)
    both = [(ours[file][0], theirs[file][0]) for file in ours.keys() & theirs.keys()]
    return {
        "rows": sum(map(len, ours.values())),
        "skipped": sum(map(len, bad.values())),
        "lost": len(theirs.keys() - ours.keys()) + len(expected.keys() - bad.keys()),
        "doubled": sum(len(each) - 1 for each in (*ours.values(), *bad.values())),
        "added": len(ours.keys() - theirs.keys()) + len(bad.keys() - expected.keys()),
        "other labels": sum(one["labels"] != other["labels"] for one, other in both),
        "other weights": sum(not np.allclose(*map(_weights, pair), rtol=0, atol=1e-6) for pair in both),
        "other vectors": sum(
            (one["scale"], one["embedding"]) != (other["scale"], other["embedding"]) for one, other in both
        ),
    }


def _weights(row: dict[str, Any]) -> NDArray[np.float64]:
    return np.resize(np.array(row["weights"], np.float64), 100)


def main() -> None:
    """Print a line for each run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--covers", type=int, default=20_000)
    parser.add_argument("--tagger", choices=("quick", "lite"), default="quick")
    parser.add_argument("--runs", nargs="*", choices=[*RUNS][1:], default=[*RUNS][1:])
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as work:
        source = make_covers(options.folder, Path(work) / "in", options.covers)
        count = len(list(source.iterdir()))
        print(f"{count} covers, tagger {options.tagger}, parts of {PART}", flush=True)
        for name in ("undisturbed", *options.runs):
            job = Job(source, Path(work) / name, options.tagger, Path(work) / "cache")
            start = time.perf_counter()
            RUNS[name](job, count)
            seconds = time.perf_counter() - start
            counts = compare(job.out, Path(work) / "undisturbed")
            failed |= any(number for key, number in counts.items() if key not in {"rows", "skipped"})
            listed = ", ".join(f"{key} {number}" for key, number in counts.items())
            print(f"{name:12} {seconds:7.0f} s  {listed}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
