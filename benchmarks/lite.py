"""Covers a second: `lite` from files' bytes to tags against the same network in PyTorch.

    python benchmarks/lite.py FOLDER [--covers 64] [--rounds 5]

FOLDER holds covers as JPEG, PNG or WebP. Needs the extra ``test`` (PyTorch and the network's module). Every
round runs every contestant once, so that other programs slow them all alike; the median counts. Where other
programs use the cores, compare the processor time.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.covers.decode import decode
from spotitags.records import Album, Artist, Cover, CoverFile
from spotitags.taggers.lite.attributes import attributes
from spotitags.taggers.lite.efficientnet import FILE, build_model, installed_weights
from spotitags.taggers.lite.faces import FaceFinder
from spotitags.taggers.lite.networks import open_network
from spotitags.taggers.lite.square import square
from spotitags.taggers.lite.tagger import LiteTagger
from spotitags.training.lite_head.metrics import Plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

SIDE = LiteTagger.image_size
TARGETS = {
    "torch, eager, one by one": 4.0,
    "onnxruntime alone, one a core": 0.85,
    "lite with ImageNet's labels": 0.95,
}
"""How fast `lite` must be, all included, by how fast others are: PyTorch, its network alone, and itself with
ImageNet's labels instead of its vocabulary."""


def read_covers(folder: Path, count: int) -> list[CoverFile]:
    """The first ``count`` images of a folder and below, as bytes."""
    kinds = {".jpg", ".jpeg", ".png", ".webp"}
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in kinds)[:count]
    if not paths:
        sys.exit(f"no image in {folder}")
    album = Album("benchmark", "Benchmark", Artist("benchmark"))
    return [CoverFile(album, hashlib.sha256(data).hexdigest(), data) for data in map(Path.read_bytes, paths)]


def torch_contestants(pixels: NDArray[np.uint8]) -> dict[str, Callable[[], None]]:
    """The module alone, in eager mode, on tensors made ready beforehand."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet  # type: ignore[import-untyped]

    weights = installed_weights()
    module = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=str(weights)).eval()
    torch.set_num_threads(cores())
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    inputs = ((torch.from_numpy(pixels) / 255 - mean) / std).permute(0, 3, 1, 2).contiguous()

    def run(size: int) -> Callable[[], None]:
        def batches() -> None:
            with torch.inference_mode():
                for start in range(0, len(inputs), size):
                    module(inputs[start : start + size])

        return batches

    return {"torch, eager, one by one": run(1), "torch, eager, batches of 16": run(16)}


def lite_contestants(
    files: Sequence[CoverFile], covers: Sequence[Cover], folder: Path
) -> dict[str, Callable[[], Any]]:
    """The parts of `lite`, and all of it from bytes to tags."""
    network = open_network(folder / FILE, lambda: build_model(installed_weights()))
    faces = FaceFinder(folder)
    squares = [square(cover.pixels, SIDE) for cover in covers]

    def each(work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        with ThreadPoolExecutor(cores()) as pool:
            return list(pool.map(work, items))

    def end_to_end(tagger: LiteTagger) -> Callable[[], list[Any]]:
        size = tagger.batch_size
        return lambda: [
            tagger.tag(each(lambda file: decode(file, SIDE), files[start : start + size]))
            for start in range(0, len(files), size)
        ]

    return {
        "decoding alone": lambda: each(lambda file: decode(file, SIDE), files),
        "resizing and attributes alone": lambda: each(
            lambda cover: attributes(square(cover.pixels, SIDE)), covers
        ),
        "faces alone": lambda: each(faces.find, squares),
        "onnxruntime alone, one a core": lambda: each(
            lambda pixels: network.run(["probabilities"], {"pixels": pixels[np.newaxis]}), squares
        ),
        "lite with ImageNet's labels": end_to_end(Plain(folder)),
        "lite, from bytes to tags": end_to_end(LiteTagger(folder)),
    }


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def measure(
    contestants: dict[str, Callable[[], Any]], covers: int, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Covers a second, and covers a second of processor time, in each round after one that does not count."""
    speeds: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            start, processor = time.perf_counter(), time.process_time()
            run()
            if turn:
                wall, used = time.perf_counter() - start, time.process_time() - processor
                speeds[name].append((covers / wall, covers / used))
    return speeds


def main() -> None:
    """Print covers a second of every contestant, and how much faster `lite` is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--covers", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-torch", action="store_true")
    options = parser.parse_args()
    files = read_covers(options.folder, options.covers)
    covers = [decode(file, SIDE) for file in files]
    pixels = np.stack([square(cover.pixels, SIDE) for cover in covers])
    with tempfile.TemporaryDirectory() as folder:
        contestants = lite_contestants(files, covers, Path(folder))
        if not options.without_torch:
            contestants = torch_contestants(pixels) | contestants
        speeds = measure(contestants, len(files), options.rounds)
    print(f"{len(files)} covers, {options.rounds} rounds, {cores()} cores")
    print(f"{'':32} {'covers a second':28} covers a second of processor time")
    for name, rates in speeds.items():
        print(f"{name:32} {summary([wall for wall, _ in rates])} {summary([used for _, used in rates])}")
    for other, target in TARGETS.items():
        if other in speeds:
            pairs = [*zip(speeds["lite, from bytes to tags"], speeds[other], strict=True)]
            walls, used = ([ours[i] / theirs[i] for ours, theirs in pairs] for i in range(2))
            verdict = "met" if statistics.median(walls) >= target else "missed"
            print(f"lite / {other:25} {summary(walls)} {summary(used)}   target {target}: {verdict}")


def summary(values: Sequence[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):8.2f}   ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
