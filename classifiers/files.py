"""Files: read only if they are plain ones, and written beside their place and renamed."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 2_000_000_000
"""Default for the maximum size of a file that is read."""

_KINDS: Final = (
    (stat.S_ISDIR, "it is a folder, not a file"),
    (stat.S_ISFIFO, "it is a pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)
_SYSTEM: Final = ("/proc", "/sys")
DIGITS: Final = 16
"""Digits of its SHA-256 in the second name of an earlier file."""

_CHUNK: Final = 1 << 20  # bytes that are read at once
_NAME_BYTES: Final = 200  # of a file's name, in that of its part
_TOKEN: Final = 16  # characters in the name of a part


def read_plain(path: Path, max_bytes: int = MAX_BYTES, *, stream: bool = False) -> bytes:
    """Read a plain file. Pipes, devices, folders and files of the system are not even opened.

    Reading a pipe might never end, and opening a device can have effects.

    Args:
        path: The file.
        max_bytes: Maximum size; not a byte more is read.
        stream: Read standard input, too, or another stream of this process, as ``/dev/stdin`` names it.

    Raises:
        OSError: It cannot be read, is no plain file, or is larger (EFBIG); ``strerror`` says which.
    """
    if stream and (number := _stream_number(path)) is not None:
        with os.fdopen(os.dup(number), "rb") as file:
            return b"".join(_chunks(file, path, max_bytes, _CHUNK))
    _check_plain(path, path.stat())
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    )
    with os.fdopen(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        _check_plain(path, status)  # it may have been exchanged meanwhile
        if status.st_size > max_bytes:
            raise _too_large(path, max_bytes)
        return b"".join(_chunks(file, path, max_bytes, status.st_size + 1))  # one chunk is not copied


def _chunks(file: IO[bytes], path: Path, max_bytes: int, first: int) -> Iterator[bytes]:
    """Yield the bytes of a file: ``first`` at most, then `_CHUNK` at a time."""
    size = 0
    while chunk := file.read(_CHUNK if size else first):
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(path, max_bytes)
        yield chunk


def _too_large(path: Path, max_bytes: int) -> OSError:
    return OSError(errno.EFBIG, f"it has more than {max_bytes} bytes", str(path))


def _check_plain(path: Path, status: os.stat_result) -> None:
    for is_kind, text in _KINDS:
        if is_kind(status.st_mode):
            raise OSError(errno.EINVAL, text, str(path))
    if status.st_dev in _system_devices():
        raise OSError(errno.EINVAL, "it is a file of the operating system", str(path))


@cache
def _system_devices() -> set[int]:
    """Return the devices of the operating system's folders that are not the device of ``/``."""
    return {Path(each).stat().st_dev for each in _SYSTEM if Path(each).is_dir()} - {Path("/").stat().st_dev}


def _stream_number(path: Path) -> int | None:
    """Return the number of the stream of this process that a path such as ``/dev/stdout`` names, or None."""
    names = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
    if str(path) in names:
        return names[str(path)]
    inside = str(path.parent) in {"/dev/fd", "/proc/self/fd"}
    return int(path.name) if inside and path.name.isdecimal() else None


@contextmanager
def replaced_file(path: Path, *, lasting: bool = False) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces ``path`` at the end, so that a reader never gets half a file.

    Its folder is created if necessary. After an error the old file stays, and the temporary one is removed;
    those that killed processes left are removed with the next file of the same name. A link stays a link, and
    an existing file keeps its permissions. Streams of this process such as ``/dev/stdout``, devices and pipes
    are written directly.

    Args:
        path: The file.
        lasting: Wait until the disk has the file, so that even a power failure leaves the old one or the new.

    Raises:
        OSError: The file cannot be written.
    """
    if (number := _stream_number(path)) is not None:
        with os.fdopen(os.dup(number), "wb") as file:
            yield file
        return
    status = _status(path)
    if status is not None and not stat.S_ISREG(status.st_mode):
        with path.open("wb") as file:
            yield file
        return
    if status is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path)
    with _part(path) as (part, file):
        if status is not None:
            _copy_owner_and_mode(file, status)
        yield file
        file.flush()
        if lasting:
            os.fsync(file.fileno())
        if os.name != "posix":
            file.close()  # an open file cannot be renamed there
        part.replace(path)
    if lasting:
        _flush_folder(path.parent)


def earlier_name(file: Path, digest: str) -> Path:
    """Return the second name of a file with this SHA-256, while it and those that go with it are replaced."""
    return file.with_name(f".{file.name}.{digest[:DIGITS]}")


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


@contextmanager
def _part(path: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """Create a file beside ``path`` that is locked while this process lives, and remove it at the end."""
    while True:
        part = path.with_name(f"{_prefix(path)}{os.urandom(_TOKEN // 2).hex()}.part")
        with part.open("xb") as file:
            if not _lock(file, unknown=True) or not os.fstat(file.fileno()).st_nlink:
                continue  # another process took it for a leftover
            try:
                yield part, file
            finally:
                part.unlink(missing_ok=True)
            return


def _prefix(path: Path) -> str:
    return f".{os.fsdecode(os.fsencode(path.name)[:_NAME_BYTES])}."


def _remove_leftovers(path: Path) -> None:
    """Remove the parts of this file whose processes were killed: nothing locks them any more."""
    prefix = _prefix(path)
    with suppress(OSError):
        for found in os.scandir(path.parent):
            middle = found.name[len(prefix) : -len(".part")]
            if not (found.name.startswith(prefix) and found.name.endswith(".part") and len(middle) == _TOKEN):
                continue
            with suppress(OSError):
                if found.is_file(follow_symlinks=False):
                    with Path(found.path).open("r+b") as file:
                        if _lock(file, unknown=False):
                            Path(found.path).unlink()


def _lock(file: IO[bytes], *, unknown: bool) -> bool:
    """Lock an open file until it is closed; False if another process has it, ``unknown`` without locks."""
    try:
        import fcntl
    except ImportError:  # Windows, where an open file cannot be removed
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return unknown
    return True


def _copy_owner_and_mode(file: IO[bytes], status: os.stat_result) -> None:
    if os.name == "posix":
        with suppress(OSError):  # only the superuser may give files away
            os.fchown(file.fileno(), status.st_uid, status.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))


def _flush_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
