"""Records of the covers that are explored."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.explore.neighbours import Neighbours

MAX_TAGS = 40
"""Maximum number of tags of a cover that are kept."""


@dataclass(slots=True)
class ExploredCover:
    """One cover.

    Attributes:
        digest: SHA-256 (hex) of its file.
        album: Title of its album.
        album_id: Id of the album in its catalogue.
        artist: Name of the artist, or its id.
        artist_id: Id of the artist in its catalogue.
        genre: Genre that the catalogue or table gives; None if it gives none.
        year: Year of the release; None if it is unknown.
        file: File on this machine; None for the bundled library and for covers from the web.
        tags: Label and weight in [0, 1], heaviest first.
        votes: Share of each genre; empty if there is no vote.
        none: Probability that none of the genres fits; None if it is unknown.
        colour: Mean colour, red, green and blue in [0, 255].
        numbers: Number columns of the user's table.
    """

    digest: str
    album: str
    album_id: str
    artist: str
    artist_id: str
    genre: str | None = None
    year: int | None = None
    file: str | None = None
    tags: list[tuple[str, float]] = field(default_factory=list)
    votes: Mapping[str, float] = field(default_factory=dict)
    none: float | None = None
    colour: tuple[int, int, int] = (128, 128, 128)
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def predicted(self) -> str | None:
        """Genre with the largest share; None if there is no vote."""
        return max(self.votes, key=self.votes.__getitem__) if self.votes else None

    def to_json(self) -> dict[str, Any]:
        """Return the record for a JSON file."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> ExploredCover:
        """Return the record of a JSON file."""
        values = dict(row)
        values["tags"] = [(label, weight) for label, weight in values["tags"]]
        values["colour"] = tuple(values["colour"])
        return cls(**values)


@dataclass(slots=True)
class Gathered:
    """New covers before they are placed.

    Attributes:
        covers: Their records.
        vectors: (n, 4 + dim) packed embeddings, see `spotitags.taggers.features.embedding.pack`.
        thumbs: WebP file of each cover; empty bytes where there is no picture.
    """

    covers: list[ExploredCover]
    vectors: NDArray[np.uint8]
    thumbs: list[bytes]


class Placed(NamedTuple):
    """Covers that are shown, with their places and neighbours.

    Attributes:
        shown: Numbers of the covers that are shown; near-duplicates are left out.
        leaders: (n,) number of the cover that stands for each.
        map: (m, 2) places on the map of neighbours.
        components: (m, k) principal components.
        near: Neighbours among the shown.
        bridges: (b, 2) links between groups of the shown.
    """

    shown: NDArray[np.int64]
    leaders: NDArray[np.int64]
    map: NDArray[np.float32]
    components: NDArray[np.float32]
    near: Neighbours
    bridges: NDArray[np.uint32]
