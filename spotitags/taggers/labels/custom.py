"""Custom labels from a file or a list, validated before any cover is tagged."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from spotitags.errors import InputError
from spotitags.io.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


MAX_LABELS = 5_000
"""Maximum number of labels."""
MAX_LENGTH = 80
"""Maximum number of characters of a label."""

_ADVICE = "write one word or phrase a line; what follows a # is a comment"


def custom_labels(source: Path | str | Sequence[str]) -> tuple[str, ...]:
    """Read and validate custom labels from a file or a list.

    Args:
        source: A text file with one label per line, in which ``#`` comments and empty lines are ignored; or
            a list.

    Returns:
        The labels as they are written, with runs of spaces reduced to one.

    Raises:
        InputError: The file cannot be read; or there are no labels or more than `MAX_LABELS`; or a label is
            repeated in any case, is longer than `MAX_LENGTH` or has characters that cannot be printed.

    >>> custom_labels(["burning  church", "goat"])
    ('burning church', 'goat')
    """
    if not isinstance(source, (str, Path)):
        return _validated("the list", enumerate(source, 1), place="number")
    path = Path(source)
    lines = io.StringIO(read_text(path), newline=None).read().split("\n")
    return _validated(str(path), ((number, line.partition("#")[0]) for number, line in enumerate(lines, 1)))


def _validated(name: str, rows: Iterable[tuple[int, str]], place: str = "line") -> tuple[str, ...]:
    """Validate the labels of numbered rows; ``name`` and ``place`` name their source in messages."""
    labels: dict[str, str] = {}
    first: dict[str, int] = {}
    for number, row in rows:
        label = " ".join(row.split())
        if not label:
            continue
        where, known = f"{name}, {place} {number}", label.casefold()
        if not label.isprintable():
            raise InputError(f"{where}: {label!r} has characters that cannot be printed: {_ADVICE}")
        if len(label) > MAX_LENGTH:
            raise InputError(f"{where}: {label[:30]!r}… is longer than {MAX_LENGTH} characters: {_ADVICE}")
        if known in labels:
            raise InputError(f"{where}: {label!r} is already in {place} {first[known]}: leave one out")
        labels[known], first[known] = label, number
    if not labels:
        raise InputError(f"{name} has no words: {_ADVICE}")
    if len(labels) > MAX_LABELS:
        raise InputError(f"{name} has {len(labels)} words, more than {MAX_LABELS}: leave some out")
    return tuple(labels.values())
