"""Small taggers, free and paid, that see the colours of a cover, and count what they are shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from spotitags.records import Skipped, Tag
from spotitags.taggers import Readiness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Cover
    from spotitags.taggers import TaggerOptions


class Looker:
    """Says how red, green and blue a cover is.

    Args:
        name: Its name, and the last word of its labels.
        error: Raised once ``after`` covers were shown.
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
    def from_options(cls, options: TaggerOptions) -> Looker:  # noqa: ARG003
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


class PaidLooker(Looker):
    """The same for money: ``a_call`` covers a call, so many as one `tag` takes."""

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
