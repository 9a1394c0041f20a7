"""Covers for paid services, and the labels in the responses of their fixtures."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from helpers.cover_files import cover as drawn
from spotitags.records import Album, Artist, Cover, Skipped, Tag
from spotitags.taggers.cloud.base import RetryLimits

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUICK = RetryLimits(seconds=20, attempts=3, pause=0)
FIRST = ("guitar", "skull", "sunset")
"""The heaviest label of each of the fixtures' three covers."""
PICTURE = drawn("JPEG")
PIXELS = np.zeros((20, 20, 3), np.uint8)


def cover(data: bytes, pixels: NDArray[np.uint8] = PIXELS, name: str = "") -> Cover:
    digest = hashlib.sha256(data).hexdigest()
    return Cover(Album(digest, name or digest[:6], Artist("a")), digest, pixels, data)


def covers(count: int, start: int = 0) -> list[Cover]:
    """JPEGs that differ in what follows their end."""
    return [cover(PICTURE + bytes(str(n), "ascii"), name=f"Album {n}") for n in range(start, start + count)]


def firsts(found: list[list[Tag] | Skipped]) -> list[str | None]:
    """The heaviest label of each cover; None where it was skipped."""
    return [None if isinstance(tags, Skipped) else tags[0].label for tags in found]
