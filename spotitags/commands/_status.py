"""Tables of checks, for ``doctor`` and ``taggers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table


class StatusRow(NamedTuple):
    """Result of one check.

    Attributes:
        ok: True if nothing needs to be done.
        name: Subject of the check; a second line is shown dimmed.
        found: Result.
        remedy: What to do; shown only if not ``ok``.
        aside: Further information; may be empty.
    """

    ok: bool
    name: str
    found: str
    remedy: str = ""
    aside: str = ""


def status_table(columns: tuple[str, str], lines: Iterable[StatusRow]) -> Table:
    """Build a table of checks, with remedies and further information below each result."""
    from rich.table import Table
    from rich.text import Text

    from spotitags.io.text import plain

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
