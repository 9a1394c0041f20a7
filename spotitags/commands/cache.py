"""Commands ``cache info``, ``cache verify`` and ``cache clear``."""

import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from spotitags.commands._console import NONE_SUCCEEDED, message, print_json, stdout
from spotitags.commands._options import Json
from spotitags.errors import InputError, SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from spotitags.io.cache_contents import Entry

DAY: Final = 24 * 3600.0


def info(*, as_json: Json = False) -> None:
    """Show what the cache folder holds, by kind and service, and what was paid for."""
    from spotitags.io.cache_contents import KINDS, entries

    folder = _folder()
    sizes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for entry in entries(folder):
        sizes[entry.kind, entry.service].append(entry.bytes)
    order = list(KINDS)
    rows: list[dict[str, Any]] = [
        {"kind": kind, "service": service, "entries": len(found), "bytes": sum(found)}
        for (kind, service), found in sorted(
            sizes.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
        )
    ]
    paid = _paid(rows)
    if as_json:
        total = sum(row["bytes"] for row in rows)
        print_json({"folder": str(folder), "bytes": total, "contents": rows, "paid": paid})
        return
    _print_contents(folder, rows, paid)


def verify(
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Remove what is damaged.")] = False,
    as_json: Json = False,
) -> None:
    """Read the whole cache folder, and report what is damaged."""
    from spotitags.io.cache_contents import entries, rebuild, remove

    folder = _folder()
    for aside, saved in rebuild(folder) if repair else ():
        message(f"a database was damaged: {saved} values were saved, and the damaged files are in {aside}")
    count = 0
    damaged: list[Entry] = []
    for entry in entries(folder, check=True):
        count += 1
        if entry.fault:
            damaged.append(entry)
    if repair:
        remove(damaged)
    if as_json:
        faults = [
            {"kind": each.kind, "service": each.service, "file": str(each.file), "row": each.row,
             "fault": each.fault} for each in damaged
        ]  # fmt: skip
        print_json({"folder": str(folder), "entries": count, "damaged": faults, "repaired": repair})
    else:
        for each in damaged:
            row = "" if each.row is None else f", row {each.row}"
            message(f"{each.file}{row} ({each.kind}): {each.fault}")
        removed = "; they were removed" if repair and damaged else ""
        sys.stdout.write(f"{count} entries, {len(damaged)} damaged{removed}\n")
    if damaged and not repair:
        message("'spotitags cache verify --repair' removes the damaged entries; the next run makes them anew")
        raise typer.Exit(NONE_SUCCEEDED)


def clear(
    *,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", metavar="KIND", help="Remove this kind alone, as 'info' names it; repeatable."
        ),
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(
            "--service",
            metavar="NAME",
            help="Remove this tagger's, catalogue's or host's alone; repeatable.",
        ),
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option("--older-than", metavar="DAYS", min=0, help="Remove only what was stored before that."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Remove also what was paid for, and the counts of service limits.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove entries of the cache; what was paid for stays without --all. Later runs make the others anew."""
    import time

    from spotitags.io.cache_contents import KEPT, KINDS, RUNNING, entries, remove

    if unknown := sorted(set(kind or ()) - KINDS.keys()):
        raise InputError(f"there is no kind {unknown[0]!r}: give one of {', '.join(KINDS)}")
    if "paid" in (kind or ()) and not everything:
        raise InputError("--kind paid removes what was paid for: give --all, too")
    before = None if older_than is None else time.time() - older_than * DAY
    chosen = [
        entry
        for entry in entries(_folder())
        if (entry.kind in kind if kind else everything or entry.kind not in KEPT)
        and entry.kind != RUNNING
        and (not service or entry.service in service)
        and (before is None or entry.stored < before)
    ]
    if everything and not yes:
        _confirm(chosen)
    remove(chosen)
    removed = sum(entry.bytes for entry in chosen)
    if as_json:
        print_json({"removed": len(chosen), "bytes": removed})
    else:
        sys.stdout.write(f"{len(chosen)} entries removed, {_megabytes(removed)} MB\n")


def _confirm(chosen: "Iterable[Entry]") -> None:
    """Ask before answers are removed that were paid for.

    Raises:
        InputError: There is no terminal to ask on.
    """
    numbers: dict[str, int] = defaultdict(int)
    for entry in chosen:
        if entry.kind == "paid":
            numbers[entry.service] += 1
    found = [{"kind": "paid", "service": name, "entries": number} for name, number in numbers.items()]
    if not found:
        return
    lines = [_paid_line(each) for each in _paid(found)]
    if not sys.stdin.isatty():
        raise InputError(f"--all removes what was paid for ({'; '.join(lines)}): give --yes to confirm")
    for line in lines:
        message(line)
    typer.confirm("Remove all of it?", abort=True, err=True)


def _paid(rows: "Iterable[Mapping[str, Any]]") -> list[dict[str, Any]]:
    """Return the number of covers that each tagger was paid for, and its price in words if it is known."""
    return [
        {"tagger": row["service"], "covers": row["entries"], "cost": _cost(row["service"])}
        for row in rows
        if row["kind"] == "paid"
    ]


def _cost(tagger: str) -> str | None:
    from spotitags.taggers.registry import tagger_class

    try:
        cost = getattr(tagger_class(tagger), "cost", None)
    except SpotiTagsError:  # it is no longer installed
        return None
    return cost if isinstance(cost, str) else None


def _paid_line(paid: "Mapping[str, Any]") -> str:
    from spotitags.rendering.wording import number_of_covers

    covers = number_of_covers(paid["covers"])
    return f"paid for: {covers} by {paid['tagger']}" + (f"; {paid['cost']}" if paid["cost"] else "")


def _print_contents(folder: "Path", rows: "list[dict[str, Any]]", paid: "list[dict[str, Any]]") -> None:
    from rich.table import Table
    from rich.text import Text

    from spotitags.io.text import plain

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("kind", "service"):
        table.add_column(column, overflow="fold")
    for column in ("entries", "MB"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row["kind"], Text(plain(row["service"])), f"{row['entries']:,}", _megabytes(row["bytes"])
        )
    console = stdout()
    console.print(Text(plain(f"{folder}  {_megabytes(sum(row['bytes'] for row in rows))} MB")))
    if rows:
        console.print(table)
    for each in paid:
        console.print(Text(plain(_paid_line(each)), style="dim"))


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.1f}"


def _folder() -> "Path":
    from spotitags.settings import Settings

    return Settings().cache_dir


ACTIONS: "Mapping[str, Callable[..., None]]" = {"info": info, "verify": verify, "clear": clear}
