"""The values that pass between rooms. Frozen, plain, and importing no room."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


JOINT = "+"
"""Joins the names of merged taggers."""


class Tag(NamedTuple):
    """What a tagger sees on a cover, or what a bag holds of an artist.

    Attributes:
        label: Lower-case words in their readable form.
        weight: In [0, 1] on one cover; on a bag the sum over covers, so at most their number.
    """

    label: str
    weight: float


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist as a catalogue names it; everything but the id may be unknown."""

    id: str
    name: str | None = None
    genre: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """One size of a cover: an http(s) URL or a local file path; width and height in pixels, where known."""

    url: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Album:
    """One release of an artist with every image size that its catalogue offers.

    Attributes:
        id: The catalogue's own id.
        name: Title as the catalogue writes it.
        artist: Whose catalogue listing this came from.
        images: Every size; empty where the release has no cover.
        kind: ``album``, ``single`` or ``compilation``.
        release_date: As the catalogue gives it (year, month or day precision), or None.
        digest: SHA-256 (hex) of the cover's bytes where the catalogue knows it beforehand, as the
            bundled library does.
    """

    id: str
    name: str
    artist: Artist
    images: tuple[Image, ...] = ()
    kind: str = "album"
    release_date: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class CoverFile:
    """A cover's bytes as fetched, not yet opened. ``digest`` is their SHA-256 in hex."""

    album: Album
    digest: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """A cover ready for a tagger.

    Attributes:
        album: Whose cover.
        digest: SHA-256 (hex) of its file.
        pixels: (height, width, 3) RGB uint8, C-contiguous.
        data: The file's bytes, for taggers that send them to a service; empty where only pixels are known.
    """

    album: Album
    digest: str
    pixels: NDArray[np.uint8] = field(repr=False)
    data: bytes = field(default=b"", repr=False)


class Skipped(NamedTuple):
    """A cover that could not be used.

    Attributes:
        cover: Name of the album or file.
        reason: Cause, for a person.
        code: Key of `spotitags.errors.REASONS`; empty if a tagger gave the reason in its own words.
    """

    cover: str
    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class TagBag:
    """The summed tags of one artist's covers by one tagger, heaviest first.

    Attributes:
        artist: Whose covers.
        tagger: Name of the tagger.
        tags: Heaviest first, no label twice; a weight is a sum over covers, so in [0, covers].
        covers: Number of covers that were tagged.
        skipped: Covers that could not be used, with reasons.
        each: The tags of each cover that were summed; empty where only the sum is known.
        missing: Why the tagger did not look at this artist's covers, where it was to; the bag is empty then.
    """

    artist: Artist
    tagger: str
    tags: tuple[Tag, ...]
    covers: int
    skipped: tuple[Skipped, ...] = ()
    each: tuple[tuple[Tag, ...], ...] = field(default=(), repr=False, compare=False)
    missing: str = ""

    def weights(self) -> dict[str, float]:
        """The bag as a plain mapping from label to weight, heaviest first."""
        return dict(self.tags)

    def cover_weights(self) -> list[dict[str, float]]:
        """Each cover's tags as a plain mapping from label to weight."""
        return [dict(tags) for tags in self.each]


class Reason(NamedTuple):
    """What one tag does to the winner: above 0 it speaks for it, below 0 against it.

    Attributes:
        label: Of the tag.
        pull: The fall of the winner's share without the tag, in [-1, 1].
        tagger: Whose tag.
    """

    label: str
    pull: float
    tagger: str


@dataclass(frozen=True, slots=True)
class Vote:
    """One voter's answer: a probability per genre, summing to 1.

    Attributes:
        tagger: Whose bag the voter read.
        view: ``all``, ``top``, ``distinct``, ``log-odds``, ``covers`` or ``embedding``; ``zero-shot`` for the
            text tower's own vote.
        classifier: Name of the classifier.
        votes: Genre to probability.
        weight: The voter's share in the ensemble, in [0, 1]; all voters' weights sum to 1.
        trained: False for a zero-shot voter that saw no labelled artist.
        reasons: Tags that pull this vote towards or away from the ensemble's winner, strongest first.
    """

    tagger: str
    view: str
    classifier: str
    votes: Mapping[str, float]
    weight: float
    trained: bool = True
    reasons: tuple[Reason, ...] = ()

    @property
    def genre(self) -> str:
        """The genre that this voter gives most to."""
        return max(self.votes, key=self.votes.__getitem__)


class Confidence(NamedTuple):
    """How often votes as sure as this one were right on artists held out of training.

    Attributes:
        right: Part of them that named the right genre, in (0, 1).
        artists: How many held-out artists that was found on.
        sure: False where such votes were wrong too often to name a genre.
    """

    right: float
    artists: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Prediction:
    """The ensemble's answer for one artist.

    Attributes:
        artist: As the catalogue named it.
        votes: Genre to share, largest first, summing to 1.
        voters: Each voter's own vote.
        bags: One bag a tagger, in the taggers' order; that of a tagger that is missing says why.
        reasons: Tags that pull the winner's share up or down, strongest first; empty unless an explanation
            was asked for.
        confidence: Of the winner; None where it was not measured: untrained voters, a choice among the
            model's genres, other voters with a weight than there, another version of its taggers, unknown
            tags alone.
    """

    artist: Artist
    votes: Mapping[str, float]
    voters: tuple[Vote, ...]
    bags: tuple[TagBag, ...]
    reasons: tuple[Reason, ...] = ()
    confidence: Confidence | None = None

    @property
    def genre(self) -> str:
        """The genre with the largest share."""
        return max(self.votes, key=self.votes.__getitem__)


@dataclass(frozen=True, slots=True)
class TaggedCovers:
    """What the taggers saw on one artist's covers.

    Attributes:
        artist: As the catalogue named it.
        tags: By tagger name, the tags of each cover in catalogue order; all taggers have the same covers, and
            no tags where one could not read a cover.
        albums: Whose covers they are, in the same order, each with its cover's digest.
        skipped: Covers that could not be used.
        embeddings: By tagger name, (n_covers, dim) numbers of the same covers, where they were asked for.
        unreadable: By tagger name, the covers that this one alone could not read, by number, and why.
        missing: Taggers that did not look at all of these covers, and why.
    """

    artist: Artist
    tags: Mapping[str, Sequence[Sequence[Tag]]]
    albums: tuple[Album, ...]
    skipped: tuple[Skipped, ...] = ()
    embeddings: Mapping[str, NDArray[np.float32]] = field(default_factory=dict, compare=False)
    unreadable: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def digests(self) -> tuple[str, ...]:
        """SHA-256 of each cover, in the same order, none twice."""
        return tuple(album.digest for album in self.albums if album.digest)

    def subset(self, kept: Sequence[int]) -> TaggedCovers:
        """The same of these covers alone, given by number."""
        return replace(
            self,
            tags={tagger: [covers[i] for i in kept] for tagger, covers in self.tags.items()},
            albums=tuple(self.albums[i] for i in kept),
            embeddings={tagger: vectors[list(kept)] for tagger, vectors in self.embeddings.items()},
            unreadable={
                tagger: {new: why[old] for new, old in enumerate(kept) if old in why}
                for tagger, why in self.unreadable.items()
            },
        )


class Choice(NamedTuple):
    """What was chosen, by name, and why."""

    name: str
    why: str

    def line(self, what: str) -> str:
        """One line for a person, such as ``tagger lite: no GPU and no weights on disk for clip``."""
        return f"{what} {self.name}: {self.why}"
