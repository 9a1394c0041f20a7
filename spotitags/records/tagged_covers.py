"""Tags and features of the covers of one artist."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.records import Album, Artist, Skipped, Tag


@dataclass(frozen=True, slots=True)
class TaggedCovers:
    """Tags and features of one artist's covers.

    Attributes:
        artist: Artist as the catalogue names it.
        tags: By the name of a tagger, the tags of each cover in the order of ``albums``; no tags on a cover
            that the tagger could not read.
        albums: Album of each cover, with the cover's digest.
        skipped: Covers that could not be used.
        features: By name (of a tagger for its embeddings, or such as ``colours``), (n_covers, dim) features
            of the same covers, if they were requested.
        unreadable: By the name of a tagger, the reason by the number of each cover that it alone could not
            read.
        missing: Reason by the name of each tagger that did not tag all of these covers.
        copies: Number of releases left out because their cover has the bytes of one in ``albums``.
    """

    artist: Artist
    tags: Mapping[str, Sequence[Sequence[Tag]]]
    albums: tuple[Album, ...]
    skipped: tuple[Skipped, ...] = ()
    features: Mapping[str, NDArray[np.float32]] = field(default_factory=dict, compare=False)
    unreadable: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    copies: int = 0

    @property
    def digests(self) -> tuple[str, ...]:
        """SHA-256 (hex) of each cover, none twice."""
        return tuple(album.digest for album in self.albums if album.digest)

    def subset(self, kept: Sequence[int]) -> TaggedCovers:
        """Return the covers with these numbers only."""
        return replace(
            self,
            tags={tagger: [covers[i] for i in kept] for tagger, covers in self.tags.items()},
            albums=tuple(self.albums[i] for i in kept),
            features={name: rows[list(kept)] for name, rows in self.features.items()},
            unreadable={
                tagger: {new: reasons[old] for new, old in enumerate(kept) if old in reasons}
                for tagger, reasons in self.unreadable.items()
            },
        )
