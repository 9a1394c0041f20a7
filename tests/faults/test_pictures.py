"""Attacks by pictures: each is used or skipped with a reason, in bounded time and memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from helpers.cover_files import cover, jpeg_bomb, png_file
from helpers.fake_taggers import FakeTagger, seen
from helpers.picture_attacks import bombs, mutants, originals, write_attacks

from spotitags.catalogs.manifest import FolderCatalog
from spotitags.covers import worker
from spotitags.covers.decode import MEMORY, decode, decode_many
from spotitags.covers.fetch import CoverFetcher
from spotitags.errors import REASONS, CoverError
from spotitags.pipeline.tagging import TaggingRun
from spotitags.records import Album, Artist, Cover, CoverFile, Skipped

if TYPE_CHECKING:
    from spotitags.io.cache import Cache

ALBUM = Album("id", "Kiln", Artist("a"))
SLOW = jpeg_bomb(7000, 1500)  # 40 s
CHEAP_BOMBS = ["JPEG 65535 px", "JPEG 7000 px, 14000 scans", "JPEG 100000 tables", "JPEG Photoshop",
               "PNG 2^31 px", "PNG zTXt", "PNG 500 zTXt", "PNG iTXt", "PNG iCCP", "PNG EXIF",
               "APNG 100000 frames", "GIF 65535 px", "GIF 7000 px", "GIF 20000 frames", "WebP 16383 px",
               "AVIF 65535 px", "TIFF strips of one row", "TIFF 100000 px", "BMP 40000 px"]  # fmt: skip


def file(data: bytes) -> CoverFile:
    return CoverFile(ALBUM, "0", data)


def python(code: str, *arguments: Path) -> subprocess.Popen[str]:
    """Start a Python that can import the tests' helpers."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )


def test_a_folder_of_damaged_pictures_is_tagged(tmp_path: Path, cache: Cache) -> None:
    folder = tmp_path / "Kiln"
    count = write_attacks(folder, 300, with_bombs=False)
    tagger = FakeTagger()
    run = TaggingRun(FolderCatalog(folder), [tagger], CoverFetcher(), cache, albums=count)
    ((_, result),) = run.run(["Kiln"])
    found = seen(result)
    assert {each.code for each in found.skipped} <= REASONS.keys()
    assert {"truncated", "broken"} <= {each.code for each in found.skipped}
    assert len(tagger.shown) > 50


@pytest.mark.skipif(sys.platform != "linux", reason="memory of processes is read from /proc")
def test_the_memory_of_a_run_does_not_grow_with_its_files(tmp_path: Path) -> None:
    """Large files: 40 that decode at once and 300 damaged ones, in a process of its own."""
    folder = tmp_path / "Kiln"
    write_attacks(folder, 300, with_bombs=False)
    for number in range(40):
        (folder / f"large {number}.jpg").write_bytes(cover(size=(300, 300)) + bytes([number]) * 12_000_000)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from helpers.fake_taggers import FakeTagger, seen\n"
        "from helpers.memory import PeakMemory\n"
        "from spotitags.catalogs.manifest import FolderCatalog\n"
        "from spotitags.covers.fetch import CoverFetcher\n"
        "from spotitags.io.cache import Cache\n"
        "from spotitags.pipeline.tagging import TaggingRun\n"
        "folder, cache = FolderCatalog(sys.argv[1]), Cache(Path(sys.argv[2]))\n"
        "tagger = FakeTagger()\n"
        "tagger.batch_size = 64\n"
        "run = TaggingRun(folder, [tagger], CoverFetcher(), cache, albums=1000)\n"
        "with PeakMemory() as memory:\n"
        "    ((_, result),) = run.run(['Kiln'])\n"
        "assert len([a for a in seen(result).albums if a.name.startswith('large')]) == 40\n"
        "print(memory.growth)\n"
    )
    with python(code, folder, tmp_path / "cache") as run:
        growth, errors = run.communicate()
    assert not run.returncode, errors
    assert int(growth) < 400_000_000


def test_the_attacks_are_many_and_always_the_same() -> None:
    assert len(originals()) >= 13
    assert len(bombs()) >= 48
    assert list(mutants(30, seed=1)) == list(mutants(30, seed=1)) != list(mutants(30, seed=2))


@pytest.mark.parametrize("data", originals().values(), ids=originals())
def test_the_pictures_that_are_damaged_are_intact_before(data: bytes) -> None:
    assert decode(file(data), 64).pixels.shape[2] == 3


@pytest.mark.parametrize("name", CHEAP_BOMBS)
def test_a_bomb_is_used_or_skipped_with_a_reason(name: str) -> None:
    (result,) = decode_many([file(bombs()[name]())], 224)
    assert isinstance(result, Cover) or result.code in REASONS


def test_a_decoder_that_takes_too_long_is_killed_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decode(file(cover("AVIF")), 64)  # a worker has started
    monkeypatch.setattr(worker, "SECONDS", 0.5)
    slow, good = decode_many([file(SLOW), file(cover())], 224)
    assert isinstance(slow, Skipped)
    assert slow.code == "too-slow"
    assert isinstance(good, Cover)


def test_a_worker_that_was_killed_is_replaced() -> None:
    assert decode(file(cover("AVIF")), 64)
    for idle in worker.workers._idle:
        idle.kill()
        idle.wait()
    assert decode(file(cover("AVIF")), 64)


def test_a_decoder_that_crashes_costs_one_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_START", "import os; os.abort()")
    worker.workers.close()
    with pytest.raises(CoverError, match="crashed") as caught:
        decode(file(cover("AVIF")), 64)
    assert caught.value.reason == "broken"


def test_decoding_is_cancelled_from_another_thread() -> None:
    cancellation = worker.Cancellation()
    threading.Timer(1.0, cancellation.cancel).start()
    with pytest.raises(CancelledError):
        decode_many([file(SLOW)] * 3, 224, cancellation=cancellation)
    with pytest.raises(CancelledError):
        decode(file(cover()), 224, cancellation=cancellation)


def test_what_needs_too_much_memory_is_not_decoded() -> None:
    with pytest.raises(CoverError, match=f"over {MEMORY // 10**6} MB") as caught:
        decode(file(png_file(7000, 7000, b"")), 4000)
    assert caught.value.reason == "too-many-pixels"


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
def test_large_pictures_at_once_take_bounded_memory(tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(bombs()["PNG 7000 px, 8 bits, type 6"]())
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from spotitags.covers.decode import decode_many\n"
        "from spotitags.records import Album, Artist, CoverFile\n"
        "file = CoverFile(Album('i', 'n', Artist('a')), '0', Path(sys.argv[1]).read_bytes())\n"
        "started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "found = decode_many([file] * 4, 224, workers=4)\n"
        "assert all(cover.pixels.shape == (226, 226, 3) for cover in found), found\n"
        "from spotitags.covers.worker import workers\n"
        "workers.close()\n"
        "taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - started\n"
        "print(taken + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, large], capture_output=True, text=True, check=True)
    assert int(run.stdout) * 1024 < 400_000_000


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_ctrl_c_ends_a_run_that_decodes(tmp_path: Path) -> None:
    """The decoders would take minutes: their time is not limited here, so that only Ctrl-C ends them."""
    folder = tmp_path / "Kiln"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number}.jpg").write_bytes(SLOW + bytes(number))
    code = (
        "import sys, threading, time\n"
        "from pathlib import Path\n"
        "from spotitags.covers import worker\n"
        "worker.SECONDS = 600\n"
        "def announce():\n"
        "    started = worker._start\n"
        "    def start():\n"
        "        found = started(); print(found.pid, flush=True); return found\n"
        "    worker._start = start\n"
        "announce()\n"
        "from helpers.fake_taggers import FakeTagger\n"
        "from spotitags.catalogs.manifest import FolderCatalog\n"
        "from spotitags.covers.fetch import CoverFetcher\n"
        "from spotitags.io.cache import Cache\n"
        "from spotitags.pipeline.tagging import TaggingRun\n"
        "folder, cache = FolderCatalog(sys.argv[1]), Cache(Path(sys.argv[2]))\n"
        "run = TaggingRun(folder, [FakeTagger()], CoverFetcher(), cache)\n"
        "list(run.run(['Kiln']))\n"
    )
    with python(code, folder, tmp_path / "cache") as process:
        assert process.stdout is not None
        started = int(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert "KeyboardInterrupt" in errors
    with pytest.raises(ProcessLookupError):
        os.kill(started, 0)
