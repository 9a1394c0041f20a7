"""Arguments that are one value or several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.taggers.base import Tagger


def tagger_list(tagger: str | Tagger | Sequence[str | Tagger]) -> list[str | Tagger]:
    """Return one tagger, by name or as an object, or several, as a list."""
    return list(tagger) if isinstance(tagger, Iterable) and not isinstance(tagger, str) else [tagger]


def name_tuple(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return one name or several as a tuple."""
    return (names,) if isinstance(names, str) else tuple(names)
