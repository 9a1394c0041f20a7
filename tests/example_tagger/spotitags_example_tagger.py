"""A whole tagger in one file: says how light and how dark a cover is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.records import Tag
from spotitags.taggers.base import Readiness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Cover
    from spotitags.taggers.base import TaggerOptions


class LightTagger:
    """Weighs the labels ``light`` and ``dark`` by a cover's mean brightness."""

    name = "example"
    version = "1"  # part of the cache key: another whenever the same cover would get other tags
    image_size = 32
    batch_size = 64

    @classmethod
    def from_options(cls, options: TaggerOptions) -> LightTagger:  # noqa: ARG003 — it needs none
        """Take what concerns it of the options; load nothing yet."""
        return cls()

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:  # noqa: ARG003
        """Say whether it can run here, and what would change that, without importing anything heavy."""
        return Readiness(ready=True, reason="needs nothing but pixels")

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """One list of tags a cover: weights in [0, 1], best first, no label twice."""
        return [_tags(float(cover.pixels.mean()) / 255) for cover in covers]


def _tags(brightness: float) -> list[Tag]:
    tags = [Tag("light", round(brightness, 4)), Tag("dark", round(1 - brightness, 4))]
    return sorted(tags, key=lambda tag: -tag.weight)
