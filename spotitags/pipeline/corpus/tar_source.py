"""Input of tar files as WebDataset has them: ``key.jpg`` and ``key.json`` of each cover one after the other.

They are read from begin to end, without the package webdataset. Layout: https://github.com/webdataset/webdataset
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Final

from spotitags.catalogs.columns import find_columns
from spotitags.catalogs.pictures import SUFFIXES
from spotitags.io.corpus import ARTIST_COLUMNS
from spotitags.pipeline.corpus.items import MAX_BYTES, CoverItem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from spotitags.io.corpus import Part

_MAX_JSON: Final = 1_000_000  # bytes
_FIELDS: Final = (*ARTIST_COLUMNS, "album_id")
_SAMPLE: Final = 200  # covers for an estimate of their size


@dataclass(frozen=True, slots=True)
class TarShard:
    """Covers of one tar file, from a number on; up to ``stop`` if it is not None."""

    unit: int
    start: int
    stop: int | None
    path: Path
    given: Mapping[str, str]

    @property
    def open_end(self) -> bool:
        """True if it goes on to the end of the file."""
        return self.stop is None

    def items(self) -> Iterator[CoverItem]:
        """Yield the covers; a damaged file ends with an item that says so."""
        number = 0
        try:
            with tarfile.open(self.path, "r:") as tar:
                for key, members in _samples(tar):
                    if self.stop is not None and number >= self.stop:
                        return
                    if number >= self.start:
                        yield self._item(tar, key, members)
                    number += 1
        except (tarfile.TarError, EOFError, OSError, ValueError) as error:
            if number >= self.start:
                name = f"{self.path.name}#{number}"
                reason = f"truncated: the rest of {self.path.name} cannot be read ({error})"
                yield CoverItem(name, name, error=reason)

    def _item(self, tar: tarfile.TarFile, key: str, members: Mapping[str, tarfile.TarInfo]) -> CoverItem:
        picture = next(
            (each for end, each in members.items() if f".{end.rpartition('.')[2]}" in SUFFIXES), None
        )
        fields = self._fields(tar, members.get("json"))
        artist, name, genre, title, date = (fields.get(column, "") for column in ARTIST_COLUMNS)
        item = CoverItem(fields.get("album_id") or key, key, artist, name, genre, title, date)
        if picture is None:
            return item._replace(error="no-image")
        if picture.size > MAX_BYTES:
            return item._replace(error=f"too-many-bytes: more than {MAX_BYTES} bytes")
        return item._replace(data=_content(tar, picture))

    def _fields(self, tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> dict[str, str]:
        """Return the artist columns of a ``key.json``; none of one that is damaged."""
        if member is None or member.size > _MAX_JSON:
            return {}
        try:
            found: Any = json.loads(_content(tar, member))
        except ValueError:
            return {}
        if not isinstance(found, dict):
            return {}
        names = [str(name) for name in found]
        values = list(found.values())
        columns = find_columns(names, self.given)
        present = {name: values[i] for name, i in columns.items() if name in _FIELDS}
        return {name: str(value).strip() for name, value in present.items() if value is not None}


class TarSource:
    """Covers in tar files, a unit each, in the order of the files' names.

    Args:
        path: The file, or the folder of the files.
        paths: The files.
        given: By name of `spotitags.catalogs.columns.COLUMNS`, the name of that field in ``key.json``.
    """

    kind: ClassVar[str] = "tar"

    def __init__(self, path: Path, paths: Sequence[Path], given: Mapping[str, str]) -> None:
        self.path = path
        self.paths = paths
        self.given = given

    def describe(self) -> dict[str, int | str | None]:
        """Hash names and sizes of the files; the covers are counted when they are read."""
        digest = hashlib.sha256()
        for path in self.paths:
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        return {"covers": None, "sha256": digest.hexdigest()}

    def estimate(self) -> int:
        """Estimate the number of covers by the size of the first ones."""
        number = end = 0
        with suppress(tarfile.TarError, EOFError, OSError), tarfile.open(self.paths[0], "r:") as tar:
            for _ in islice(_samples(tar), _SAMPLE):
                number += 1
                end = tar.offset
        size = sum(path.stat().st_size for path in self.paths)
        return round(number * size / end) if end else 0

    def shards(self, done: Sequence[Part], size: int) -> Iterator[TarShard]:  # noqa: ARG002 (read as a whole)
        """Yield the gaps between parts of each file, and what is behind the last part."""
        for unit, path in enumerate(self.paths):
            own = sorted(part for part in done if part.unit == unit)
            position = 0
            for part in own:
                if part.start > position:
                    yield TarShard(unit, position, part.start, path, self.given)
                position = max(position, part.stop)
            if not any(part.last for part in own):
                yield TarShard(unit, position, None, path, self.given)


def _samples(tar: tarfile.TarFile) -> Iterator[tuple[str, dict[str, tarfile.TarInfo]]]:
    """Yield the members of each cover by their endings in lower case: neighbours of the same key."""
    key, members = "", dict[str, tarfile.TarInfo]()
    while (member := tar.next()) is not None:
        vars(tar)["members"].clear()  # else it remembers every member
        path = PurePosixPath(member.name)
        name, dot, ending = path.name.partition(".")
        if not member.isfile() or not name or not dot:
            continue
        current = str(path.with_name(name))
        if members and current != key:
            yield key, members
            members = {}
        key = current
        members[ending.lower()] = member
    if members:
        yield key, members


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    data = file.read() if file else b""
    if len(data) < member.size:
        raise EOFError(f"{member.name} is cut off")
    return data
