"""What taggers saw on the covers of one artist."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.records import Album, Artist, Skipped, Tag


@dataclass(frozen=True, slots=True)
class Seen:
    """What the taggers saw on one artist's covers.

    Attributes:
        artist: As the catalogue named it.
        tags: By tagger name, the tags of each cover in catalogue order; all taggers have the same covers, and
            no tags where one could not read a cover.
        albums: Whose covers they are, in the same order, each with its cover's digest.
        skipped: Covers that could not be used.
        embeddings: By tagger name, (n_covers, dim) numbers of the same covers, where they were asked for.
        unread: By tagger name, the covers that this one alone could not read, by number, and why.
        missing: Taggers that did not look at all of these covers, and why.
    """

    artist: Artist
    tags: Mapping[str, Sequence[Sequence[Tag]]]
    albums: tuple[Album, ...]
    skipped: tuple[Skipped, ...] = ()
    embeddings: Mapping[str, NDArray[np.float32]] = field(default_factory=dict, compare=False)
    unread: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def digests(self) -> tuple[str, ...]:
        """SHA-256 of each cover, in the same order, none twice."""
        return tuple(album.digest for album in self.albums if album.digest)

    def only(self, kept: Sequence[int]) -> Seen:
        """The same of these covers alone, given by number."""
        return replace(
            self,
            tags={tagger: [covers[i] for i in kept] for tagger, covers in self.tags.items()},
            albums=tuple(self.albums[i] for i in kept),
            embeddings={tagger: vectors[list(kept)] for tagger, vectors in self.embeddings.items()},
            unread={
                tagger: {new: why[old] for new, old in enumerate(kept) if old in why}
                for tagger, why in self.unread.items()
            },
        )


class Gaps:
    """How many covers gave no tags, and why: nobody can read them, or one tagger cannot, or saw nothing."""

    def __init__(self) -> None:
        self._skipped = 0
        self._unread: Counter[str] = Counter()
        self._blank: Counter[str] = Counter()

    def add(self, seen: Seen) -> None:
        """Count one artist's covers."""
        self._skipped += len(seen.skipped)
        self._unread.update({tagger: len(why) for tagger, why in seen.unread.items()})
        for tagger, covers in seen.tags.items():
            unread = seen.unread.get(tagger, {})
            self._blank[tagger] += sum(not tags for i, tags in enumerate(covers) if i not in unread)

    def notes(self) -> tuple[str, ...]:
        """A line for each reason that there was."""
        lines = [("could not be used, and are left out", self._skipped)]
        lines += [
            (f"{name} alone could not read, and count without its tags", n)
            for name, n in self._unread.items()
        ]
        lines += [(f"{name} read, and saw nothing on", n) for name, n in self._blank.items()]
        return tuple(f"covers that {line}: {count}" for line, count in lines if count)
