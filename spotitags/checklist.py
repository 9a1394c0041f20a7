"""What is in order and what is not, as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table


class Line(NamedTuple):
    """One thing looked at.

    Attributes:
        ok: Whether it is in order.
        name: What was looked at; a second line tells whose it is.
        found: What was found.
        remedy: What would mend it; told only where it is not in order.
        aside: What else there is to know, or nothing.
    """

    ok: bool
    name: str
    found: str
    remedy: str = ""
    aside: str = ""


def checklist(columns: tuple[str, str], lines: Iterable[Line]) -> Table:
    """The lines as a table; what needs doing stands under what was found, the rest below."""
    from rich.table import Table
    from rich.text import Text

    from spotitags.present import plain

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("", *columns):
        table.add_column(column, overflow="fold")
    for line in lines:
        found = Text(plain(line.found))
        if line.remedy and not line.ok:
            found.append(f"\n{plain(line.remedy)}", style="yellow")
        if line.aside:
            found.append(f"\n{plain(line.aside)}", style="dim")
        first, *rest = line.name.split("\n")
        name = Text(plain(first))
        for part in rest:
            name.append(f"\n{plain(part)}", style="dim")
        table.add_row(Text("ok", style="green") if line.ok else Text("--", style="yellow"), name, found)
    return table
