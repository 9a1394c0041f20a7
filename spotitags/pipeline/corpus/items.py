"""Covers of an input, and shards of them that one worker tags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, Protocol

from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from spotitags.io.corpus import Part

MAX_BYTES: Final = 20_000_000
"""Maximum size of a cover, as `spotitags.covers.fetch.Limits` has it."""


class CoverItem(NamedTuple):
    """One cover of an input, not read yet if it is a file of its own.

    Attributes:
        id: Id of its album, or else its name.
        file: Its name: a path, or its key.
        artist_id: As the other artist columns, empty where the input does not say.
        path: Its file on disk; empty if ``data`` has the bytes.
        data: Its bytes.
        error: Why it cannot be read, with a code of `spotitags.errors.REASONS`; empty if it can.
    """

    id: str
    file: str
    artist_id: str = ""
    artist_name: str = ""
    genre: str = ""
    album_name: str = ""
    release_date: str = ""
    path: str = ""
    data: bytes = b""
    error: str = ""

    @property
    def album(self) -> Album:
        """The cover as an album, as taggers get it."""
        artist = Artist(self.artist_id, self.artist_name or None, self.genre or None)
        images = (Image(self.path),) if self.path else ()
        return Album(self.id, self.album_name or PurePosixPath(self.file).stem, artist, images)


class Shard(Protocol):
    """Consecutive covers of one unit of the input. It can be pickled, and be read on another machine."""

    @property
    def unit(self) -> int:
        """Number of the unit."""
        ...

    @property
    def start(self) -> int:
        """Number of the first cover in the unit."""
        ...

    @property
    def open_end(self) -> bool:
        """True if the unit ends where the covers end."""
        ...

    def items(self) -> Iterator[CoverItem]:
        """Yield its covers in order, from ``start`` on."""
        ...


@dataclass(frozen=True, slots=True)
class ListShard:
    """Covers that were listed in advance."""

    open_end: ClassVar[bool] = False

    unit: int
    start: int
    listed: Sequence[CoverItem]

    def items(self) -> Iterator[CoverItem]:
        """Yield the covers."""
        yield from self.listed


class Place(NamedTuple):
    """Row of a tagged cover: name of the part's file, and number of the row."""

    file: str
    row: int


class Index(Protocol):
    """Places of covers by digest; all workers of a run share one."""

    def find(self, digests: Sequence[str]) -> Mapping[str, Place]:
        """Return the places of those covers that are in a finished part."""
        ...

    def add(self, name: str, digests: Sequence[str]) -> None:
        """Add a finished part with the digests of its rows."""
        ...


class Source(Protocol):
    """Input of a corpus run.

    Attributes:
        kind: ``folder``, ``table``, ``parquet`` or ``tar``.
        path: The input.
    """

    kind: ClassVar[str]
    path: Path

    def describe(self) -> dict[str, int | str | None]:
        """Return ``covers`` (None if unknown) and ``sha256`` of what is listed, which changes with it."""
        ...

    def estimate(self) -> int:
        """Return the number of covers, or an estimate if only reading all of them could tell."""
        ...

    def shards(self, done: Sequence[Part], size: int) -> Iterator[Shard]:
        """Yield the covers that are not done, in order, ``size`` at a time where units can be divided."""
        ...


def missing(done: Sequence[Part], unit: int, total: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield start and stop of the covers of a unit that are not done, ``size`` at most at a time.

    >>> from spotitags.io.corpus import Part
    >>> list(missing([Part(0, 0, 4), Part(0, 6, 7)], 0, 12, 3))
    [(4, 6), (7, 10), (10, 12)]
    """
    position = 0
    borders = [(part.start, part.stop) for part in sorted(done) if part.unit == unit]
    for start, stop in [*borders, (total, total)]:
        while position < start:
            end = min(position + size, start)
            yield position, end
            position = end
        position = max(position, stop)
