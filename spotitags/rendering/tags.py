"""Tags of artists as rich renderables."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from spotitags.bags.bag import skipped_covers
from spotitags.bags.display.selection import shown_tags
from spotitags.io.text import plain
from spotitags.rendering.wording import cover_count, small_covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from spotitags.records import Tag, TagBag


BAGS_ABREAST = 3  # pairs of columns that fit in 80 characters


def show_bags(bags: Sequence[TagBag], top: int = 20, *, raw: bool = False) -> list[RenderableType]:
    """Render one artist's tags as tables with two columns per tagger, below the name of the artist.

    Args:
        bags: One bag per tagger.
        top: Maximum number of tags per tagger.
        raw: False for the tags that are worth reading, True for the heaviest of the bag.
    """
    tags = [(bag, chosen_tags(bag, top, raw=raw)) for bag in bags if not bag.missing]
    listed = [(bag.tagger, chosen) for bag, chosen in tags if chosen]
    tables = [
        _tag_table(listed[first : first + BAGS_ABREAST]) for first in range(0, len(listed), BAGS_ABREAST)
    ]
    empty = [tag_line(bag, ()) for bag, chosen in tags if not chosen]
    return [heading(bags), *tables, *empty, *missing_lines(bags), Text("")]


def chosen_tags(bag: TagBag, top: int, *, raw: bool) -> Sequence[Tag]:
    """Return the tags that are worth reading; with ``raw`` the heaviest of the bag."""
    return bag.tags[:top] if raw else shown_tags(bag, top)


def _tag_table(tags: Sequence[tuple[str, Sequence[Tag]]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for tagger, _ in tags:
        table.add_column(f"{plain(tagger)} tag", overflow="fold")
        table.add_column("weight", justify="right", no_wrap=True)
    for row in zip_longest(*(chosen for _, chosen in tags)):
        cells: list[str | Text] = []
        for tag in row:
            cells += [Text(plain(tag.label)), f"{tag.weight:.3f}"] if tag else ["", ""]
        table.add_row(*cells)
    return table


def heading(bags: Sequence[TagBag]) -> Text:
    """Render the artist's name, the number of covers, and those that were skipped or are small."""
    artist = bags[0].artist
    text = Text(plain(artist.name or artist.id), style="bold")
    text.append(f"  {cover_count(bags)}", style="dim")
    for cover, reason, _ in skipped_covers(bags):
        text.append(f"\n  skipped {plain(cover)}: {plain(reason)}", style="yellow")
    if line := small_covers(bags):
        text.append(f"\n  {line}", style="yellow")
    return text


def tag_line(bag: TagBag, tags: Iterable[Tag]) -> Text:
    """Render tags of a bag in one line, after the name of the tagger."""
    line = Text(f"{plain(bag.tagger)}: ", style="dim")
    named = ", ".join(f"{plain(tag.label)} {tag.weight:.2f}" for tag in tags)
    return line.append(named or _without_tags(bag), style="default")


def _without_tags(bag: TagBag) -> str:
    return "no tag is sure enough; --raw-tags shows all" if bag.tags else "no tags"


def missing_lines(bags: Sequence[TagBag]) -> list[Text]:
    """Render the reason of each missing tagger."""
    return [
        Text(f"{plain(bag.tagger)} is missing: {plain(bag.missing)}", style="yellow")
        for bag in bags
        if bag.missing
    ]
