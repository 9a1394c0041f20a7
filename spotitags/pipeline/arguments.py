"""Arguments of `spotitags.pipeline.spotitags.SpotiTags`: forms that users give them, and their ranges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.taggers.base import Tagger


def check_ranges(albums: int, max_calls: int | None, taggers: Sequence[str | Tagger], *, merge: bool) -> None:
    """Check numbers, and that there are bags to merge.

    Raises:
        InputError: An argument is out of range.
    """
    if albums < 1:
        raise InputError(f"albums must be at least 1, not {albums}")
    if max_calls is not None and max_calls < 0:
        raise InputError(f"max_calls must be at least 0, not {max_calls}")
    if merge and len(taggers) < 2:  # noqa: PLR2004
        raise InputError("merging bags takes two taggers at least: name them by --tagger")


def as_list(tagger: str | Tagger | Sequence[str | Tagger]) -> list[str | Tagger]:
    """Return one tagger or several as a list."""
    return list(tagger) if isinstance(tagger, Iterable) and not isinstance(tagger, str) else [tagger]


def as_tuple(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return one name or several as a tuple."""
    return (names,) if isinstance(names, str) else tuple(names)
