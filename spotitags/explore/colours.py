"""Colour of a cover without a picture, from its colour tags."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spotitags.taggers.lite.attributes import USUAL, weight_in_full

if TYPE_CHECKING:
    from collections.abc import Mapping

SHADES: Final[Mapping[str, tuple[int, int, int]]] = MappingProxyType(
    {
        "black": (20, 20, 20),
        "white": (242, 242, 242),
        "grey": (128, 128, 128),
        "red": (200, 32, 38),
        "orange": (238, 128, 10),
        "yellow": (240, 212, 50),
        "green": (40, 130, 60),
        "turquoise": (40, 180, 180),
        "blue": (40, 80, 190),
        "purple": (120, 50, 150),
        "pink": (240, 120, 170),
        "brown": (110, 72, 38),
        "beige": (216, 194, 150),
    }
)
"""A typical shade, red, green and blue, of each colour that `lite` measures."""


def colour_of_tags(weights: Mapping[str, float]) -> tuple[int, int, int]:
    """Estimate the mean colour of a cover from the share of its pixels that has each colour name.

    `spotitags.taggers.lite.attributes` turns shares into weights; this turns them back. A colour without a
    tag counts with a fifth of its usual share, so that the tags are seen.

    Args:
        weights: Weight of each tag of the cover.

    Returns:
        Red, green and blue in [0, 255].

    >>> colour_of_tags({"red": 0.5})
    (187, 45, 49)
    """
    total, mixed = 0.0, [0.0, 0.0, 0.0]
    for name, shade in SHADES.items():
        usual = USUAL[name]
        excess = min(weights.get(name, 0.0) / weight_in_full(name), 1.0)
        share = usual + excess * (1 - usual) if excess else usual / 5
        total += share
        mixed = [value + share * part for value, part in zip(mixed, shade, strict=True)]
    red, green, blue = (round(value / total) for value in mixed)
    return red, green, blue
