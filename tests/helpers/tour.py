"""Command lines of README, the docs and ``--help``, and a folder with the files that they name."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from PIL import Image

from helpers.evaluations import run, seed_run
from helpers.manifests import cover, labelled
from spotitags.commands import app

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(spotitags [^\s`]+ [^`\n]+)`")
_INSTALLED = re.compile(r"^(?:pip install uv && )?uv run(?: --[\w-]+)* (?=spotitags |python )")


@dataclass(frozen=True)
class Block:
    """Command lines that a reader types one after the other.

    Attributes:
        source: Page and line, or the command whose help has them.
        lines: The command lines.
    """

    source: str
    lines: tuple[str, ...]

    def commands(self) -> Iterator[list[str]]:
        """Yield the words of each command, without comments and without the start by uv."""
        for line in self.lines:
            words = shlex.split(_INSTALLED.sub("", line), comments=True)
            while "&&" in words:
                yield words[: words.index("&&")]
                words = words[words.index("&&") + 1 :]
            if words:
                yield words


def page_blocks() -> Iterator[Block]:
    """Yield the shell blocks of all pages, and the commands with arguments within the text of README."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in [*_BLOCK.finditer(text), *(_INLINE.finditer(text) if page == PAGES[0] else ())]:
            line = text[: match.start()].count("\n") + 1
            yield Block(f"{page.relative_to(ROOT)}:{line}", tuple(match[1].splitlines()))


def help_blocks() -> Iterator[Block]:
    """Yield the examples in the help of each command: lines that begin with ``spotitags``."""
    for name, command in _commands(typer.main.get_command(app), "spotitags"):
        text = f"{command.help or ''}\n{command.epilog or ''}"
        lines = tuple(re.findall(r"^[\s$]*(spotitags .*)$", text, re.MULTILINE))
        if lines:
            yield Block(f"{name} --help", lines)


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    yield name, command
    for part, child in getattr(command, "commands", {}).items():
        yield from _commands(child, f"{name} {part}")


def fill(folder: Path) -> None:
    """Put small files into a folder under the names that the pages use."""
    labelled(folder, each=4, covers=3)
    table = (folder / "covers.csv").read_text(encoding="utf-8")
    head, *lines = table.splitlines()
    renamed = head.replace("artist_id", "Band").replace("genre", '"Style, main"').replace("file", "Scan")
    texts = [
        f"{head},lyrics,popularity",
        *(f"{line},song {i} of love,{i % 9}" for i, line in enumerate(lines)),
    ]
    lists = {
        name: "\n".join([head, *(line for line in lines if (",sea," in line) == (name == "liked.csv"))])
        for name in ("liked.csv", "other.csv")
    }
    tables = lists | {
        "labels.csv": "\n".join(texts),
        "sheet.csv": "\n".join([renamed, *lines]),
        "path/to/albums.csv": "\n".join([head, *(re.sub(r"([^,]+)$", r"../../\1", line) for line in lines)]),
        "ids.txt": f"{METALLICA}\n",
        "docs/tried.md": "## Tried\n",
        "runs/mine/scores.json": json.dumps(run()),
        "runs/artists/scores.json": json.dumps(run()),
        "runs/seed/seed.json": json.dumps(seed_run()),
    }
    pictures = {"demo.jpg": cover("sea", 9001)}
    pictures |= {f"covers/{artist}/first.jpg": cover("fire", 9002) for artist in ("one", "two")}
    for file in folder.glob("*-*.jpg"):
        artist = file.name.partition("-")[0]
        pictures[f"genres/{artist.rstrip('0123456789')}/{artist}/{file.name}"] = file.read_bytes()
    for artist in ("sea0", "sea1", "sea2", "fire0", "fire1", "fire2"):
        side = "liked" if artist.startswith("sea") else "other"
        pictures |= {f"{side}/{file.name}": file.read_bytes() for file in folder.glob(f"{artist}-*.jpg")}
    for name, content in (tables | pictures).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def check_outputs(folder: Path, words: list[str]) -> None:
    """Check that the files that a command was to write are there."""
    for option, name in pairwise(words):
        if option in {"--out", "--csv", "--parquet", ">"}:
            written = folder / name
            assert written.exists() or written.with_name(f"{written.name}.onnx").exists(), f"no {name}"
            if written.suffix == ".png":
                Image.open(written).verify()
