"""Steps that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotitags.commands._console import message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotitags.commands._options import CatalogOptions, TaggerChoice
    from spotitags.errors import SpotiTagsError
    from spotitags.pipeline.spotitags import SpotiTags


def open_spotitags(
    source: CatalogOptions,
    tagging: TaggerChoice | None = None,
    **options: Any,  # noqa: ANN401  (of SpotiTags)
) -> SpotiTags:
    """Build a SpotiTags instance from option groups, whose fields are named as its keywords.

    Args:
        source: Options that choose albums.
        tagging: Options that choose taggers.
        options: Further keywords of SpotiTags; they replace options of the same name.
    """
    from spotitags.pipeline.spotitags import SpotiTags

    given = vars(source) | (vars(tagging) if tagging else {})
    given["catalog"] = str(source.catalog)
    if "also" in given:
        given["also"] = split(given["also"])
    given |= options
    return SpotiTags(notify=message, **{name: value for name, value in given.items() if value is not None})


def split(names: str | None) -> tuple[str, ...]:
    """Split the value of an option such as ``--genres a,b``."""
    return tuple(name.strip() for name in (names or "").split(",") if name.strip())


def print_failures(failed: Mapping[str, SpotiTagsError | str]) -> None:
    """Print a line on stderr for each artist that failed."""
    for ref, error in failed.items():
        message(f"{ref}: {error}")
