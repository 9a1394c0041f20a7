"""Files that count as covers, by their endings."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".avif", ".bmp", ".tif", ".tiff"}
)
"""Endings of the files that count as covers."""


def is_picture(path: Path | str) -> bool:
    """Return whether a file is a cover, by its ending.

    >>> is_picture("Front.JPG"), is_picture("covers.csv")
    (True, False)
    """
    return Path(path).suffix.lower() in SUFFIXES
