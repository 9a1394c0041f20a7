"""Conversion of a service's labels to tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from spotitags.io.text import single_line
from spotitags.records import Skipped, Tag
from spotitags.taggers.cloud.grpc import short_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spotitags.errors import TaggerError
    from spotitags.records import Cover
    from spotitags.taggers.cloud.grpc import BusyError

TOP: Final = 20
"""Maximum number of tags per cover."""
MAX_LABEL: Final = 100
"""Maximum number of characters of a label; longer ones are cut."""
_DIGITS = 4
_ROUNDING = 0.001  # a weight may be above 1 by the rounding of a service

Result: TypeAlias = "list[Tag] | Skipped | BusyError | TaggerError"
"""The service's result for one cover."""


def tags(found: Iterable[tuple[str, float]]) -> list[Tag]:
    """Convert a service's labels to tags: lower case, unique, weights in (0, 1], the `TOP` heaviest.

    Raises:
        ValueError: A weight is no number from 0 to 1, so that it has another meaning or none.
    """
    weights: dict[str, float] = {}
    for name, score in found:
        if not -_ROUNDING <= score <= 1 + _ROUNDING:
            raise ValueError(f"a weight is {score:.6g} and not in 0 to 1")
        label = single_line(name.lower(), MAX_LABEL)
        weight = round(min(max(score, 0.0), 1.0), _DIGITS)
        if label and weight > weights.get(label, 0.0):
            weights[label] = weight
    best = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Tag(label, weight) for label, weight in best[:TOP]]


def tags_or_skipped(service: str, cover: Cover, found: Iterable[tuple[str, float]]) -> Result:
    """Return the tags of a cover, or a record of a malformed answer, which is not cached."""
    try:
        return tags(found)
    except ValueError as error:
        return skipped(cover, f"the answer of {service} is malformed ({error})")


def skipped(cover: Cover, reason: str) -> Skipped:
    """Return a record of a cover that the service returned no tags for."""
    return Skipped(short_line(cover.album.name or cover.album.id), reason)
