"""Names, covers and evidence of the artists, which a report shows besides their scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from classifiers.ensemble.results import Confidence


class ArtistEvidence(NamedTuple):
    """Tags that decided one artist's prediction.

    Attributes:
        predicted: The predicted genre.
        other: The genre that it is compared with: the true one if that is wrong, else the runner-up.
        tags: Label, and fall of the log-odds of the pair without it; the strongest first.
    """

    predicted: str
    other: str
    tags: tuple[tuple[str, float], ...]


class CoverMap(NamedTuple):
    """Map of one cover, by voters that were trained without its artist.

    Attributes:
        overlay: The map in colour over the cover, as JPEG.
        attention: Brightness times attention, as JPEG.
        total: Log-odds of the cover for the predicted genre over the one that it is compared with.
        strongest: Name of the ninth that speaks most for the predicted genre.
    """

    overlay: bytes
    attention: bytes
    total: float
    strongest: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """Names, covers and evidence of the artists of a report; each part may be empty.

    Attributes:
        names: Name of each artist by id, where it is known.
        covers: For each artist, by id, digest and title of each cover.
        thumbnails: JPEG files by digest, of covers on this machine.
        evidence: By artist.
        evidence_part: Part of the weight of all voters that the evidence rests on.
        maps: By digest.
        maps_part: Part of the weight of all voters that the maps explain.
        mappable: Number of covers that could be mapped.
        confidence: By artist: how often such shares were right.
        telling: For each genre, tags that it has more often than the others, with the factor of their odds.
        hidden: Number of covers that are not shown, since there are too many.
    """

    names: Mapping[str, str | None] = field(default_factory=dict)
    covers: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)
    evidence: Mapping[str, ArtistEvidence] = field(default_factory=dict)
    evidence_part: float = 1.0
    maps: Mapping[str, CoverMap] = field(default_factory=dict)
    maps_part: float = 1.0
    mappable: int = 0
    confidence: Mapping[str, Confidence] = field(default_factory=dict)
    telling: Mapping[str, Sequence[tuple[str, float]]] = field(default_factory=dict)
    hidden: int = 0
