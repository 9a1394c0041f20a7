"""Tables of checks, for ``doctor`` and ``taggers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from spotitags.io.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table
    from rich.text import Text

BESIDE = 5  # columns of the state and the gaps
NARROW = 72  # columns of a terminal that has no space for names and results side by side


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


def status_table(columns: tuple[str, str], lines: Iterable[StatusRow], width: int = 80) -> Table:
    """Build a table of checks, with remedies and further information below each result.

    Args:
        columns: Headings of the names and the results.
        lines: The checks.
        width: Columns of the terminal; on a narrow one, the result is below the name.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(no_wrap=True)
    lines = list(lines)
    names = max((len(part) for line in lines for part in line.name.split("\n")), default=0)
    longest = max((len(word) for line in lines for word in _found(line).plain.split()), default=0)
    narrow = width < NARROW or names + longest + BESIDE > width  # a path is never broken
    for column in (" / ".join(columns),) if narrow else columns:
        table.add_column(column, overflow="fold", min_width=longest if column != columns[0] else None)
    for line in lines:
        name, found = _name(line.name), _found(line)
        state = Text("ok", style="green") if line.ok else Text("--", style="yellow")
        table.add_row(state, *([Text("\n").join([name, found])] if narrow else [name, found]))
    return table


def _name(name: str) -> Text:
    from rich.text import Text

    first, *rest = name.split("\n")
    shown = Text(plain(first))
    for part in rest:
        shown.append(f"\n{plain(part)}", style="dim")
    return shown


def _found(line: StatusRow) -> Text:
    from rich.text import Text

    found = Text(plain(line.found))
    if line.remedy and not line.ok:
        found.append(f"\n{plain(line.remedy)}", style="yellow")
    if line.aside:
        found.append(f"\n{plain(line.aside)}", style="dim")
    return found
