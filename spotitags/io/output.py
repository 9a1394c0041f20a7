"""Output files: written beside their place and renamed, with errors that name them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from classifiers.files import replaced_file
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

    After an error the old file stays; `classifiers.files.replaced_file` describes links, permissions and
    pipes.

    Args:
        out: File to write.
        option: Option that names it.

    Raises:
        InputError: The file cannot be written.
    """
    with output_errors(out, option), replaced_file(out, lasting=True) as file:
        yield file
