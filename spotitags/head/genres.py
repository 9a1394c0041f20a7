"""Common genre names (``genres.txt``) and the sentences that stand for each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Family:
    """Genres whose covers tend to look alike.

    Attributes:
        name: Of the family.
        pictures: What its covers tend to show, in sentences.
        genres: Names.
    """

    name: str
    pictures: tuple[str, ...]
    genres: tuple[str, ...]


@cache
def families() -> tuple[Family, ...]:
    """All families, as the file has them."""
    text = (files("spotitags.head") / "genres.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return tuple(
        Family(name.strip("[]"), _parts(pictures, ";"), _parts(genres, ","))
        for name, pictures, genres in zip(lines[::3], lines[1::3], lines[2::3], strict=True)
    )


def _parts(line: str, mark: str) -> tuple[str, ...]:
    return tuple(re.split(rf"\s*{mark}\s*", line))
