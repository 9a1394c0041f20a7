"""Values that pass between packages: frozen records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from spotitags.records.deferred import Deferred
from spotitags.records.printing import Printable
from spotitags.records.tagged_covers import TaggedCovers as TaggedCovers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from classifiers.ensemble.results import Confidence, Evidence, KindVote

NONE_FROM = 3 / 4
"""Smallest probability of "none of these genres" at which that is the answer."""
JOINT = "+"
"""Joins the names of merged taggers."""
SMALL_SIDE = 150
"""Shorter side of a cover in pixels below which votes are less often right; see docs/ensemble.md."""


class Tag(NamedTuple):
    """Weighted label of a cover or of a bag.

    Attributes:
        label: Lower-case words in readable form.
        weight: In [0, 1] on one cover; in a bag the sum over covers, so at most their number.
    """

    label: str
    weight: float


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist as a catalogue names it; name and genre may be unknown."""

    id: str
    name: str | None = None
    genre: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """One size of a cover: URL or file, its size in pixels, and the hosts of the service that named it."""

    url: str
    width: int | None = None
    height: int | None = None
    hosts: tuple[str, ...] = ()

    @property
    def side(self) -> int:
        """Shorter side in pixels, 0 if it is unknown."""
        return min(self.width or 0, self.height or 0)


@dataclass(frozen=True, slots=True)
class Album:
    """One release of an artist, with every image size that its catalogue offers.

    Attributes:
        id: Id in the catalogue.
        name: Title as the catalogue writes it.
        artist: Artist whose albums were listed.
        images: All sizes; empty if the release has no cover.
        kind: ``album``, ``single`` or ``compilation``.
        release_date: As the catalogue gives it (year, month or day precision), or None.
        digest: SHA-256 (hex) of the cover's bytes, if the catalogue knows it, as the bundled library does.
        size: Width and height of the cover's file in pixels, once they are known.
    """

    id: str
    name: str
    artist: Artist
    images: tuple[Image, ...] = ()
    kind: str = "album"
    release_date: str | None = None
    digest: str | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class CoverFile:
    """File of a cover, not yet decoded.

    Attributes:
        album: Album of the cover.
        digest: SHA-256 (hex) of its bytes.
        data: Its bytes; empty if they are not held in memory: `read` returns them in any case.
        load: Reads the bytes that are not held in memory; None if they are.
        length: Number of its bytes, if they are not held in memory.
        size: Width and height in pixels, if they are known.
    """

    album: Album
    digest: str
    data: bytes = field(repr=False)
    load: Callable[[], bytes] | None = field(default=None, repr=False)
    length: int = 0
    size: tuple[int, int] | None = None

    def read(self) -> bytes:
        """Return its bytes.

        Raises:
            CoverError: They cannot be read again, or have changed.
        """
        return self.load() if self.load else self.data


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """Decoded cover.

    Attributes:
        album: Album of the cover.
        digest: SHA-256 (hex) of its file.
        pixels: (height, width, 3) RGB uint8, C-contiguous.
        data: Bytes of the file, for taggers that send them to a service; empty if only pixels are known, or
            if services may show the file otherwise (CMYK, or turned by EXIF).
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


@dataclass(frozen=True, slots=True, repr=False)
class TagBag(Printable, Deferred):
    """Summed tags of one artist's covers by one tagger.

    Attributes:
        artist: Artist of the covers.
        tagger: Name of the tagger.
        tags: Heaviest first, no label twice; a weight is a sum over covers, so in [0, covers].
        covers: Number of tagged covers.
        skipped: Covers that could not be used, with reasons.
        each: Tags of each cover; empty if only the sum is known.
        missing: Reason why the tagger did not tag this artist's covers; the bag is then empty.
        copies: Number of releases left out because their cover is a copy of a counted one.
        sides: Shorter side of each cover's file in pixels, None where it is unknown; empty if all are.
        albums: Album of each cover, in the order of ``each``; empty if only the sum is known.
    """

    artist: Artist
    tagger: str
    tags: tuple[Tag, ...]
    covers: int
    skipped: tuple[Skipped, ...] = ()
    each: tuple[tuple[Tag, ...], ...] = field(default=(), repr=False, compare=False)
    missing: str = ""
    copies: int = 0
    sides: tuple[int | None, ...] = field(default=(), repr=False, compare=False)
    albums: tuple[Album, ...] = field(default=(), repr=False, compare=False)

    def weights(self) -> dict[str, float]:
        """Return the weight of each label, heaviest first."""
        return dict(self.tags)

    def cover_weights(self) -> list[dict[str, float]]:
        """Return the weight of each label on each cover."""
        return [dict(tags) for tags in self.each]

    def small_sides(self) -> list[int]:
        """Return the shorter side of each cover that is known to be smaller than `SMALL_SIDE`."""
        return [side for side in self.sides if side is not None and side < SMALL_SIDE]

    def to_dict(self, top: int | None = None) -> dict[str, Any]:
        """Return the JSON object of ``spotitags tag --json``, with the ``top`` tags (None: all)."""
        from spotitags.rendering.json_objects import bags_json

        return bags_json([self], top)

    def _repr_html_(self) -> str:
        """Return HTML for a notebook."""
        from spotitags.rendering.notebook import bags_html

        return bags_html([self])


class Reason(NamedTuple):
    """Effect of one tag on the winning genre.

    Attributes:
        label: Label of the tag.
        pull: Decrease of the winner's share without the tag, in [-1, 1]; above 0 the tag speaks for it.
        tagger: Tagger of the tag.
        log_odds: Decrease of the log-odds of the winner over the runner-up without the tag; above 0 the tag
            speaks for the winner. Unlike ``pull`` it does not vanish where the winner's share is near 1.
    """

    label: str
    pull: float
    tagger: str
    log_odds: float


@dataclass(frozen=True, slots=True)
class Vote:
    """Vote of one voter.

    Attributes:
        tagger: Tagger whose tags or features the voter uses.
        view: One of `classifiers.text.views.VIEWS`, ``embedding``, ``zero-shot`` or ``carried``.
        classifier: Name of the classifier.
        votes: Probability of each genre, summing to 1.
        weight: Part of the weight of all voters, in [0, 1].
        trained: False for a zero-shot voter, which was trained on no labelled artist.
        reasons: Tags that pull this vote alone to the winner or away from it, strongest first.
        basis: How a vote came about that is carried over from other words; empty for other votes.
    """

    tagger: str
    view: str
    classifier: str
    votes: Mapping[str, float]
    weight: float
    trained: bool = True
    reasons: tuple[Reason, ...] = ()
    basis: str = ""

    @property
    def genre(self) -> str:
        """Genre with the largest probability."""
        return max(self.votes, key=self.votes.__getitem__)


@dataclass(frozen=True, slots=True, repr=False)
class Prediction(Printable, Deferred):
    """Prediction of the ensemble for one artist.

    Attributes:
        artist: Artist as the catalogue names it.
        votes: Share of each genre, largest first, summing to 1.
        voters: Vote of each voter.
        bags: One bag per tagger, in the order of the taggers; that of a missing tagger holds the reason.
        reasons: Tags for and against the winner, by the size of their log-odds; empty unless requested.
        confidence: Confidence in the leading genre. None if it was not measured: untrained voters, a choice
            of genres, other voters than in the evaluation, another version of a tagger, or unknown tags.
        none: Probability that none of the genres fits, in (0, 1); None if it is unknown: untrained voters, a
            model without outsiders, another version of a tagger, or no embeddings.
        evidence: Log-odds of the winner over the runner-up; None unless requested, or with untrained voters.
        trained_on: Number of the artist's covers that the model was trained on; None if it is unknown.
        kinds: Votes by kind of voter; empty for untrained voters and for models without kinds.
    """

    artist: Artist
    votes: Mapping[str, float]
    voters: tuple[Vote, ...]
    bags: tuple[TagBag, ...]
    reasons: tuple[Reason, ...] = ()
    confidence: Confidence | None = None
    none: float | None = None
    evidence: Evidence | None = None
    trained_on: int | None = None
    kinds: tuple[KindVote, ...] = ()

    @property
    def leading(self) -> str:
        """Genre with the largest share."""
        return max(self.votes, key=self.votes.__getitem__)

    @property
    def genre(self) -> str | None:
        """The leading genre; None if the artist belongs to none of the genres (``none`` is at least 3/4)."""
        return None if self.none is not None and self.none >= NONE_FROM else self.leading

    def to_dict(self, top: int | None = None) -> dict[str, Any]:
        """Return the JSON object of ``predict --json``: ``top`` tags, and the evidence if there is any."""
        from spotitags.rendering.json_objects import prediction_json

        return prediction_json(self, top, explain=self.evidence is not None)

    def _repr_html_(self) -> str:
        """Return HTML for a notebook."""
        from spotitags.rendering.notebook import prediction_html

        return prediction_html(self)
