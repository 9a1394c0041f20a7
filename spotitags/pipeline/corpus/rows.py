"""Results on covers, as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.pipeline.corpus.items import CoverItem

ROWS: Final = 500
"""Rows of a row group in a part."""


class TaggedRow(NamedTuple):
    """Result on a cover.

    Attributes:
        digest: SHA-256 (hex) of its file.
        size: Width and height of the file in pixels; None if they are unknown.
        labels: Labels, heaviest first.
        weights: Their weights.
        scale: Factor of the embedding.
        embedding: One signed byte per dimension; empty if the tagger gives none.
    """

    digest: str
    size: tuple[int, int] | None
    labels: Sequence[str]
    weights: Sequence[float]
    scale: float = 0.0
    embedding: bytes = b""


class Bad(NamedTuple):
    """Reason why a cover has no tags, and its code (`spotitags.errors.REASONS`; empty for a tagger's own)."""

    code: str
    reason: str


Rows = list[tuple[int, "CoverItem", TaggedRow | Bad]]
"""Position, cover and result of the rows of one part."""
