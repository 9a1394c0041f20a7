"""Count the project's files that a command passes through, and list them.

``python benchmarks/path.py MANIFEST.csv`` runs ``predict`` in processes of their own: offline on the bundled
library; with the tagger ``lite`` on the covers of the manifest, with an empty cache; and the same in a later
run, when ``lite`` has exported its networks. A file counts if one of its functions is called
(`sys.setprofile`); files that are only imported are listed apart.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
ARTIST = "2ye2Wgw4gimLv2eAKyk1NB"
OPTIMIZED = 0x1  # flag of the code of functions; modules and class bodies lack it


def main() -> None:
    """Run the commands and print the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    manifest = parser.parse_args().manifest.resolve()
    lite = ["predict", "--manifest", str(manifest), "--tagger", "lite"]
    with tempfile.TemporaryDirectory() as cache:
        report("offline", run(["predict", "--artist", ARTIST, "--offline"], cache), "at most 22")
        report("lite, first run", run(lite, cache), "at most 36")
        shutil.rmtree(Path(cache, "answers"))  # the tags; the exported networks stay
        report("lite, new covers in a later run", run(lite, cache), "no limit")


def run(command: list[str], cache: str) -> tuple[list[str], list[str]]:
    """Run a command in a process of its own; return the files that were called, and those only imported."""
    done = subprocess.run(  # noqa: S603 — this Python, with arguments made here
        [sys.executable, __file__, "--traced", *command],
        env=os.environ | {"SPOTITAGS_CACHE_DIR": cache},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    called, imported = json.loads(done.stderr.splitlines()[-1])
    return called, imported


def report(name: str, files: tuple[list[str], list[str]], limit: str) -> None:
    """Print the files of a command."""
    called, imported = files
    print(f"{name}: {len(called)} files called ({limit}), {len(imported)} more imported")
    for title, paths in (("called", called), ("imported", imported)):
        print(f"  {title}:", *paths, sep="\n    ")


def traced(arguments: list[str]) -> None:
    """Run the command line and print called and imported files as JSON, last on stderr."""
    called: set[str] = set()
    imported: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGES):
            (called if code.co_flags & OPTIMIZED else imported).add(code.co_filename)

    sys.path.insert(0, str(ROOT))
    threading.setprofile(note)
    sys.setprofile(note)
    from spotitags.__main__ import main as command_line

    sys.argv = ["spotitags", *arguments]
    try:
        command_line()
    except SystemExit as stop:
        if stop.code:
            raise
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    lists = [
        sorted(str(Path(file).relative_to(ROOT)) for file in files) for files in (called, imported - called)
    ]
    print(json.dumps(lists), file=sys.stderr)


PACKAGES = (f"{ROOT}{os.sep}spotitags{os.sep}", f"{ROOT}{os.sep}classifiers{os.sep}")

if __name__ == "__main__":
    if sys.argv[1:2] == ["--traced"]:
        traced(sys.argv[2:])
    else:
        main()
