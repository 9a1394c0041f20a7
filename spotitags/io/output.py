"""Write files: errors that name the output, and files that are never half written."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replaced_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces ``path`` at the end, so that no other process reads half a file.

    Its folder is created if necessary. After an error the old file stays.

    Raises:
        OSError: The folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            yield file
            file.close()  # Windows renames only closed files
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def output_errors(out: Path) -> Iterator[None]:
    """Convert an error of the file system into one that names the output.

    Args:
        out: File or folder, given by the option ``--out``.

    Raises:
        InputError: Something inside raised an OSError.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror or error}): choose another --out"
        ) from error
