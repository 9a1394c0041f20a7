"""A user's own labels, from a file or a list, checked before anything is looked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


MOST = 5_000
"""Labels that may be looked for at once."""
LONGEST = 80
"""Characters of a label."""

_ADVICE = "write one label a line; what follows a # is a comment"


def own_labels(source: Path | str | Sequence[str]) -> tuple[str, ...]:
    """The labels of a file, or of a list.

    Args:
        source: A file of UTF-8 text, one label a line, ``#`` comments and empty lines left out; or a list.

    Returns:
        The labels as they are written, but for spaces in a row.

    Raises:
        InputError: The file cannot be read; or there is no label, or more than `MOST`, or one twice in any
            case, or one longer than `LONGEST`, or with a character that cannot be printed.

    >>> own_labels(["burning  church", "goat"])
    ('burning church', 'goat')
    """
    if not isinstance(source, (str, Path)):
        return _checked("the list", enumerate(source, 1), place="number")
    path = Path(source)
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: save it as text in UTF-8") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    return _checked(str(path), ((number, line.partition("#")[0]) for number, line in enumerate(lines, 1)))


def _checked(name: str, rows: Iterable[tuple[int, str]], place: str = "line") -> tuple[str, ...]:
    """The labels of numbered rows; ``name`` and ``place`` say in a message where to look."""
    labels: dict[str, str] = {}
    first: dict[str, int] = {}
    for number, row in rows:
        label = " ".join(row.split())
        if not label:
            continue
        where, known = f"{name}, {place} {number}", label.casefold()
        if not label.isprintable():
            raise InputError(f"{where}: {label!r} has characters that cannot be printed: {_ADVICE}")
        if len(label) > LONGEST:
            raise InputError(f"{where}: {label[:30]!r}… is longer than {LONGEST} characters: {_ADVICE}")
        if known in labels:
            raise InputError(f"{where}: {label!r} stands in {place} {first[known]} already: leave one out")
        labels[known], first[known] = label, number
    if not labels:
        raise InputError(f"{name} has no label: {_ADVICE}")
    if len(labels) > MOST:
        raise InputError(f"{name} has {len(labels)} labels, more than {MOST}: leave some out")
    return tuple(labels.values())
