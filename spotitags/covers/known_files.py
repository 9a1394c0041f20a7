"""Digests of covers on disk that earlier runs read, while their files have not changed since.

As git does, a file counts as unchanged if its size, its times and its number on the disk are the same. A file
that changed just before it was read is read again: a second change might have left the same times.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from spotitags.covers.images import is_remote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotitags.io.cache import Cache
    from spotitags.records import Album

    State = list[int]
    """Size, times of changes in ns, and number of a file."""
    Known = tuple[str, tuple[int, int]]
    """SHA-256 (hex) of a cover, and its width and height in pixels."""

KIND: Final = "file"
"""Kind of the cached values."""
SECONDS: Final = 30 * 24 * 3600.0
_SETTLED: Final = 2_000_000_000  # ns without a change; the times of some file systems are as coarse


def file_states(albums: Sequence[Album]) -> dict[str, State]:
    """Return the state of each cover that is the only one of its album and a file, by its path."""
    states = {}
    for album in albums:
        if len(album.images) == 1 and not is_remote(album.images[0]):
            path = album.images[0].url
            try:
                found = os.stat(path)  # noqa: PTH116 - four times as fast
            except (OSError, ValueError):  # reading it gives the reason
                continue
            states[path] = [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev]
    return states


def known_files(cache: Cache, albums: Sequence[Album]) -> dict[str, Known]:
    """Return digest and size of the covers on disk that have not changed since they were read, by path."""
    states = file_states(albums)
    values = cache.get_many(KIND, [_key(path) for path in states])
    known = {}
    for (path, state), value in zip(states.items(), values, strict=True):
        if isinstance(value, list) and len(value) == len(state) + 3 and value[3:] == state:
            digest, width, height = value[:3]
            known[path] = (digest, (width, height))
    return known


def store_files(cache: Cache, begin: Mapping[str, State], read: Mapping[str, Known]) -> None:
    """Store what was read of files.

    Args:
        cache: Cache of the digests.
        begin: States of the files before they were read.
        read: Digest and size of each, by path.
    """
    latest = time.time_ns() - _SETTLED
    values = {
        _key(path): [digest, *size, *begin[path]]
        for path, (digest, size) in read.items()
        if path in begin and max(begin[path][1:3]) < latest
    }
    cache.put_many(KIND, values, seconds=SECONDS)


def _key(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - keeps links, and is faster
