"""Key and fingerprint of a selection of covers: which data belong to it, and whether it has changed."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spotitags.catalogs.pictures import is_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_DIGITS: Final = 16
_VERSION: Final = 1  # of what is gathered about covers; a new one builds all data anew


class Wanted:
    """Selection of covers, as the user gave it.

    Args:
        arguments: Names and ids of artists, files and folders.
        options: All options that change which covers are selected, or what is known about them.
    """

    def __init__(self, arguments: Sequence[str | Path], options: Mapping[str, Any]) -> None:
        self.arguments = [str(each) for each in arguments]
        self.options = options

    @cached_property
    def paths(self) -> list[Path]:
        """Files and folders among the arguments."""
        return [path for each in self.arguments if (path := Path(each)).exists()]

    @property
    def is_library(self) -> bool:
        """True if nothing is selected: then the bundled library is shown."""
        named = ("artist", "name", "playlist", "manifest", "artists")
        return not self.arguments and not any(self.options.get(name) for name in named)

    @property
    def on_disk(self) -> bool:
        """True if all covers are on this machine."""
        return self.is_library or (bool(self.paths) and len(self.paths) == len(self.arguments))

    @property
    def name(self) -> str:
        """Name for people."""
        if self.is_library:
            return "Bundled library"
        named = [Path(each).resolve().name if Path(each) in self.paths else each for each in self.arguments]
        others = [each for name in ("artist", "name") for each in self.options.get(name) or ()]
        return ", ".join([*named, *others][:3]) or "Covers"

    @property
    def key(self) -> str:
        """Name of the folder of the data: the same for the same arguments and options."""
        given = sorted(str(Path(each).resolve()) if Path(each).exists() else each for each in self.arguments)
        ignored = {"given", "refresh", "max_calls", "device", "offline"}
        options = {name: str(value) for name, value in sorted(self.options.items()) if name not in ignored}
        return _digest([given, options, _VERSION])

    def fingerprint(self) -> str:
        """Return a digest that changes when a file of the selection does.

        Covers that a table names count by their size and time; what a catalogue lists is requested again
        with ``--refresh`` only.
        """
        from spotitags import __version__

        return _digest([__version__, [[str(path), *_state(path)] for path in _files(self.paths)]])


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files of the paths, and folders of tables: a new cover changes the folder that it is in."""
    for path in paths:
        yield path
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_dir() or is_picture(each))


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()[:_DIGITS]
