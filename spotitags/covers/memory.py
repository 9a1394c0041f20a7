"""Limits on the memory that files and pixels take."""

from __future__ import annotations

import errno
import hashlib
import sys
import tempfile
import weakref
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache, partial
from threading import Condition, Lock
from typing import TYPE_CHECKING, Final

from spotitags.errors import CoverError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HELD: Final = 32_000_000
"""Bytes of files that one call of `spotitags.covers.fetch.CoverFetcher.fetch` holds in memory."""

_MMAP_THRESHOLD: Final = -3  # parameter of mallopt in malloc.h
_SMALL_FILE: Final = 1_000_000  # bytes; smaller files never wait for others


class MemoryBudget:
    """Memory, of which each large piece of work takes a part and gives it back.

    Args:
        size: Bytes that can be taken at a time.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = size
        self._freed = Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Wait until so many bytes are free, and take them in this context."""
        size = min(size, self.size)
        with self._freed:
            self._freed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            with self._freed:
                self._free += size
                self._freed.notify_all()


_files: Final = MemoryBudget(60_000_000)


def room_for_file(size: int) -> AbstractContextManager[None]:
    """Wait until a file of so many bytes may be read from disk, and is let go at the end of this context."""
    if size < _SMALL_FILE:
        return nullcontext()
    _return_large_blocks()
    return _files.taken(2 * size)  # with a copy without metadata


@cache
def _return_large_blocks() -> None:
    """Let glibc give large blocks back at once, as it does at the start of a process.

    Otherwise it keeps blocks of up to 32 MB once such a block was freed, and memory becomes fragmented.
    """
    if sys.platform == "linux":
        import ctypes

        with suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _SMALL_FILE)


class FileStore:
    """Files of covers: in memory up to a limit, and beyond it read again when they are needed.

    Args:
        limit: Bytes that are held in memory.
    """

    def __init__(self, limit: int = HELD) -> None:
        self._free = limit
        self._lock = Lock()
        self._overflow: _Overflow | None = None

    def add(self, digest: str, data: bytes, read: Callable[[], bytes] | None) -> Callable[[], bytes] | None:
        """Add a file; return None to hold its bytes in memory, else a function that reads them again.

        Args:
            digest: SHA-256 (hex) of the file.
            data: The file.
            read: Reads it again, if it is on disk; None to store it in a temporary file.
        """
        with self._lock:
            if len(data) <= self._free:
                self._free -= len(data)
                return None
            if read is None:
                try:
                    self._overflow = self._overflow or _Overflow()
                    return self._overflow.add(data)
                except OSError:  # a full disk
                    return None
        return partial(_same, digest, read)


def _same(digest: str, read: Callable[[], bytes]) -> bytes:
    """Read a file again.

    Raises:
        CoverError: It cannot be read, or is another one now.
    """
    data = read()
    if hashlib.sha256(data).hexdigest() != digest:
        raise CoverError("refused", "it was changed while it was read")
    return data


class _Overflow:
    """Temporary file without a name, which is gone when nothing refers to it, or the process ends."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 — closed by the finalizer
        self._lock = Lock()
        weakref.finalize(self, self._file.close)

    def add(self, data: bytes) -> Callable[[], bytes]:
        with self._lock:
            start = self._file.seek(0, 2)
            if self._file.write(data) < len(data):
                raise OSError(errno.ENOSPC, "the disk is full")
        return partial(self._read, start, len(data))

    def _read(self, start: int, size: int) -> bytes:
        with self._lock:
            self._file.seek(start)
            return self._file.read(size)
