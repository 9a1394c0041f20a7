"""Batches of covers to decode that take no more memory than ordinary covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from spotitags.records import CoverFile

FILE_BYTES = 250_000
"""Bytes of the file of an ordinary cover, at most. Its pixels are a square of less than twice the side."""


def cover_batches(
    files: Sequence[CoverFile],
    most: int,
    sides: Collection[int],
    sizes: Mapping[str | None, tuple[int, int] | None],
) -> Iterator[list[CoverFile]]:
    """Yield files in order, in batches that take no more memory than so many ordinary covers.

    Args:
        files: Files of covers.
        most: Maximum number of covers in a batch.
        sides: Sides in pixels in which each cover is decoded, as ``min_side`` of
            `spotitags.covers.decode.decode`.
        sizes: Width and height in pixels by digest; None where they are unknown.
    """
    limit = most * (FILE_BYTES + sum(3 * (2 * side) ** 2 for side in sides))
    batch: list[CoverFile] = []
    total = 0
    for file in files:
        size = sizes.get(file.digest) or (0, 0)
        added = (len(file.data) or file.length) + sum(_pixel_bytes(size, side) for side in sides)
        if batch and (len(batch) == most or total + added > limit):
            yield batch
            batch, total = [], 0
        batch.append(file)
        total += added
    if batch:
        yield batch


def _pixel_bytes(size: tuple[int, int], side: int) -> int:
    """Return the bytes of the pixels of a decoded cover, at most."""
    width, height = size
    return 3 * width * height // max(min(width, height) // max(side, 1), 1) ** 2
