"""Output files: written beside their place and renamed, with errors that name them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def output_errors(out: Path, option: str = "--out") -> Iterator[None]:
    """Convert an error of the file system into one that names the output.

    Args:
        out: File or folder to write.
        option: Option that names it.

    Raises:
        InputError: Something inside raised an OSError.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror or error}): choose another {option}"
        ) from error


@contextmanager
def output_file(out: Path, option: str = "--out") -> Iterator[IO[bytes]]:
    """Open an output file that appears under its name only when it is complete.

    A link stays a link, an existing file keeps its permissions, and devices and pipes are written directly.

    Args:
        out: File to write.
        option: Option that names it.

    Raises:
        InputError: The file cannot be written.
    """
    with output_errors(out, option):
        direct = out.exists() and not out.is_file()
        with out.open("wb") if direct else replaced_file(out.resolve()) as file:
            if out.is_file() and os.name == "posix":
                os.fchmod(file.fileno(), out.stat().st_mode)
            yield file


@contextmanager
def replaced_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces ``path`` at the end, so that no other process reads half a file.

    Its folder is created if necessary. After an error the old file stays.

    Raises:
        OSError: The folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{os.urandom(8).hex()}.part")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
