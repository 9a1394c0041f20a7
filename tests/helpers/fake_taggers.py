"""Fake taggers, free and paid, that tag covers by mean colour and count their calls; runs of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from helpers.manifests import manifest
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.covers.fetch import CoverFetcher
from spotitags.pipeline.tagger_pool import TaggerPool
from spotitags.pipeline.tagging import TaggingRun
from spotitags.records import Skipped, Tag, TaggedCovers
from spotitags.taggers.base import Readiness

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spotitags.errors import SpotiTagsError
    from spotitags.io.cache import Cache
    from spotitags.records import Cover
    from spotitags.taggers.base import TaggerOptions


class FakeTagger:
    """Tagger of a cover's mean red, green and blue.

    Args:
        name: Its name, and the last word of its labels.
        error: Raised once ``after`` covers were tagged.
        after: Covers it tags before that.
        blind: Names of albums whose covers it cannot read.
    """

    version = "1"
    image_size = 64
    batch_size = 4

    def __init__(
        self,
        name: str = "looker",
        *,
        error: Exception | None = None,
        after: int = 0,
        blind: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.error = error
        self.after = after
        self.blind = blind
        self.shown: list[str] = []
        self.calls: list[int] = []

    @classmethod
    def from_options(cls, options: TaggerOptions) -> FakeTagger:  # noqa: ARG003
        return cls()

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:  # noqa: ARG003
        return Readiness(ready=True, reason="has eyes")

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag] | Skipped]:
        if self.error is not None and len(self.shown) >= self.after:
            raise self.error
        self.shown += [cover.digest for cover in covers]
        self.calls.append(len(covers))
        return [self._look(cover) for cover in covers]

    def _look(self, cover: Cover) -> list[Tag] | Skipped:
        if cover.album.name in self.blind:
            return Skipped(cover.digest, "too dark")
        means = (cover.pixels.mean(axis=(0, 1)) / 255).round(4).tolist()
        tags = [
            Tag(f"{colour} {self.name}", mean)
            for colour, mean in zip(("red", "green", "blue"), means, strict=True)
        ]
        return sorted(tags, key=lambda tag: -tag.weight)


class PaidFakeTagger(FakeTagger):
    """Paid `FakeTagger` with ``a_call`` covers per call, its batch size."""

    cost = "a farthing a call"

    def __init__(
        self,
        name: str = "paid",
        a_call: int = 16,
        *,
        error: Exception | None = None,
        after: int = 0,
        blind: Sequence[str] = (),
    ) -> None:
        super().__init__(name, error=error, after=after, blind=blind)
        self.batch_size = a_call

    def calls_for(self, sizes: Sequence[int]) -> int:
        return math.ceil(len(sizes) / self.batch_size)


class Run:
    """Run of taggers on the artists ``a0``, ``a1`` and so on; records the notices in ``said``."""

    def __init__(self, folder: Path, cache: Cache, artists: int = 6, covers: int = 2) -> None:
        self.refs = [f"a{n}" for n in range(artists)]
        self.albums = covers
        self.catalog = FolderCatalog(manifest(folder, dict.fromkeys(self.refs, "sea"), covers))
        self.cache = cache
        self.said: list[str] = []

    def __call__(
        self, *taggers: FakeTagger, max_calls: int | None = None, offline: bool = False
    ) -> dict[str, TaggedCovers | SpotiTagsError]:
        pool = TaggerPool(taggers, max_calls=max_calls, offline=offline, notify=self.said.append)
        tagging = TaggingRun(self.catalog, taggers, CoverFetcher(), self.cache, albums=self.albums, pool=pool)
        return dict(tagging.run(self.refs))


def seen(answer: TaggedCovers | SpotiTagsError) -> TaggedCovers:
    assert isinstance(answer, TaggedCovers)
    return answer
