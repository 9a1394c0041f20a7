"""Tag damaged pictures and bombs, and print the slowest cover and the largest growth of memory.

    python benchmarks/pictures.py [--mutants 10000] [--seed 0] [--tagger lite]

The files (`tests/helpers/picture_attacks.py`) are covers of one artist. Without ``--tagger`` a cheap tagger
of mean colours reads them in batches of 64. Memory is that of this process and of its decoders, above that at
the start (a tagger's model included, if it is given); a cover's time is that of its header and its decoder.
The exit code is 1 if a cover takes more than `SECONDS`, or memory grows by more than `BYTES`. Linux only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # files and taggers of the tests

import numpy as np
from helpers.fake_taggers import FakeTagger, seen
from helpers.memory import PeakMemory
from helpers.picture_attacks import write_attacks

from spotitags.catalogs.manifest import FolderCatalog
from spotitags.covers import decode
from spotitags.covers.fetch import CoverFetcher
from spotitags.covers.pixels import _plugins
from spotitags.io.cache import Cache
from spotitags.pipeline.tagging import TaggingRun
from spotitags.records import Album, Artist, Cover
from spotitags.taggers.base import TaggerOptions
from spotitags.taggers.registry import tagger_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotitags.taggers.base import Tagger

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 5.0
"""Limit of a cover: the decoders', and what killing one takes."""
BYTES = 400_000_000


class MeanColours(FakeTagger):
    """Cheap tagger with the batches and covers of a real one."""

    image_size = 224
    batch_size = 64

    @staticmethod
    def blank() -> Cover:
        """Return a grey cover."""
        return Cover(Album("a", "a", Artist("a")), "", np.full((300, 300, 3), 128, np.uint8), b"")


def timed(call: Callable[P, T], durations: list[float]) -> Callable[P, T]:
    """Return the function with its durations added to a list."""

    def measured(*arguments: P.args, **options: P.kwargs) -> T:
        began = time.perf_counter()
        try:
            return call(*arguments, **options)
        finally:
            durations.append(time.perf_counter() - began)

    return measured


def main() -> int:
    """Run the benchmark; return 1 over a limit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tagger", help="instead of the cheap one")
    given = parser.parse_args()
    tagger: Tagger = MeanColours()
    if given.tagger:
        options = TaggerOptions(cache_dir=Path(tempfile.gettempdir(), "spotitags-pictures"))
        tagger = tagger_class(given.tagger).from_options(options)
        tagger.tag([MeanColours.blank()])  # its networks are loaded: they belong to the start
    durations: list[float] = []
    decode.read_header = timed(decode.read_header, durations)
    decode.rgb_pixels = timed(decode.rgb_pixels, durations)
    decode.workers.pixels = timed(decode.workers.pixels, durations)  # type: ignore[method-assign]
    _plugins()  # imports count as the start
    with tempfile.TemporaryDirectory(prefix="pictures-") as name:
        folder = Path(name, "Kiln")
        count = write_attacks(folder, given.mutants, given.seed)
        run = TaggingRun(FolderCatalog(folder), [tagger], CoverFetcher(), Cache(Path(name)), albums=count)
        began = time.monotonic()
        with PeakMemory() as memory:
            ((_, result),) = run.run(["Kiln"])
        seconds = time.monotonic() - began
    found = seen(result)
    skipped = Counter(each.code for each in found.skipped)
    print(f"{count} files in {seconds:.0f} s: {len(found.albums)} used, {len(found.skipped)} skipped")
    print(", ".join(f"{code} {number}" for code, number in skipped.most_common()))
    print(f"slowest cover {max(durations):.2f} s, memory {memory.growth / 1e6:.0f} MB above the start")
    return int(max(durations) > SECONDS or memory.growth > BYTES)


if __name__ == "__main__":
    sys.exit(main())
