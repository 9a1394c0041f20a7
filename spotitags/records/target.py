"""Predicted number of an artist, such as popularity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from spotitags.records import Album, Artist


class TargetPrediction(NamedTuple):
    """Predicted number of one artist.

    Attributes:
        artist: The artist.
        target: Name of the number.
        value: The prediction.
        low: Lower end of its interval, which 90% of held-out artists were in.
        high: Upper end.
        covers: Number of covers that were used.
        albums: The albums whose covers were used.
    """

    artist: Artist
    target: str
    value: float
    low: float
    high: float
    covers: int
    albums: tuple[Album, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of ``spotitags predict --json``."""
        number = {"value": self.value, "low": self.low, "high": self.high}
        return {
            "artist": {"id": self.artist.id, "name": self.artist.name},
            "target": {"name": self.target} | {name: float(f"{each:.6g}") for name, each in number.items()},
            "covers": {"used": self.covers},
        }
