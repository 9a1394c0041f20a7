"""Covers with their own votes as rich renderables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from spotitags.io.text import plain
from spotitags.rendering.explanation import signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from spotitags.explain.artist.covers import ExplainedCover

_TAGS = 3  # of a cover


def show_covers(covers: Sequence[ExplainedCover], mapped: str) -> list[RenderableType]:
    """Render a line for each cover, those that speak most for it first."""
    if not covers:
        return [Text("there are no pictures of these covers, so there are no maps", style="dim"), Text("")]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("cover", overflow="fold")
    table.add_column(plain(mapped), justify="right", no_wrap=True)
    table.add_column("most in the", no_wrap=True)
    table.add_column("tags", overflow="fold")
    for cover in sorted(covers, key=lambda cover: -cover.map.total):
        tags = ", ".join(plain(tag.label) for tag in cover.tags[:_TAGS])
        title = Text(plain(cover.album.name or cover.album.id))
        table.add_row(title, signed(cover.map.total), cover.strongest, Text(tags))
    return [table, Text("")]


def covers_json(covers: Sequence[ExplainedCover]) -> list[dict[str, Any]]:
    """Build the JSON objects of covers, with their maps."""
    return [
        {
            "album": cover.album.name,
            "digest": cover.album.digest,
            "total": cover.map.total,
            "constant": cover.map.constant,
            "places": cover.map.places.tolist(),
            "most_in": cover.strongest,
            "tags": [{"label": tag.label, "weight": tag.weight} for tag in cover.tags],
        }
        for cover in covers
    ]
