"""Errors that name the output of a command."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
