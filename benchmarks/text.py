"""Covers a second of `text`, from files' bytes to tags, beside `lite` on the same covers.

    python benchmarks/text.py FOLDER [--covers 100] [--rounds 5]

FOLDER holds covers as JPEG, PNG or WebP. Each round runs both taggers once, so that other programs slow them
alike; the median counts. Other programs lengthen the wall clock more than the processor time, of which a
cover's is printed, too: cores divided by it are the covers a second on free cores.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lite import read_covers

from spotitags.covers.decode import decode
from spotitags.records import Cover, CoverFile
from spotitags.taggers.lite.tagger import LiteTagger
from spotitags.taggers.text import TextTagger

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(tagger: LiteTagger | TextTagger, files: Sequence[CoverFile]) -> tuple[float, float, int]:
    """Decode and tag covers in batches; return seconds of wall clock, of processor time, and tags."""
    start, used, tags = time.perf_counter(), time.process_time(), 0
    for first in range(0, len(files), tagger.batch_size):
        decoded = [decode(file, tagger.image_size) for file in files[first : first + tagger.batch_size]]
        covers = [cover for cover in decoded if isinstance(cover, Cover)]
        tags += sum(map(len, tagger.tag(covers)))
    return time.perf_counter() - start, time.process_time() - used, tags


def measure(
    taggers: Sequence[LiteTagger | TextTagger], files: Sequence[CoverFile], rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Run the taggers in turn; return the times of each by its name, as `run` gives them, and print them."""
    times: dict[str, list[tuple[float, float]]] = {tagger.name: [] for tagger in taggers}
    for tagger in taggers:
        run(tagger, files[:1])  # opens the networks
    for number in range(rounds):
        for tagger in taggers:
            wall, used, tags = run(tagger, files)
            times[tagger.name].append((wall, used))
            print(
                f"round {number + 1}, {tagger.name}: {len(files) / wall:.1f} covers a second; a cover: "
                f"{1000 * used / len(files):.0f} ms of processor time, {tags / len(files):.1f} tags"
            )
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--covers", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    files = read_covers(args.folder, args.covers)
    with tempfile.TemporaryDirectory() as folder:
        times = measure((TextTagger(), LiteTagger(Path(folder))), files, args.rounds)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for name, found in times.items():
        wall, used = (statistics.median(each) / len(files) for each in zip(*found, strict=True))
        print(
            f"{name}: {1 / wall:.1f} covers a second; {1000 * used:.0f} ms of processor time a cover, "
            f"so {cores / used:.1f} a second on {cores} free cores"
        )


if __name__ == "__main__":
    main()
