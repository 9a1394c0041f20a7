"""Columns of a user's table that SpotiTags does not read, and the genre: they are kept in its own tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.catalogs.pictures import is_picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotitags.catalogs.csv_table import CsvTable


def other_columns(table: CsvTable, key: str) -> dict[str, dict[str, str]]:
    """Return the cells of the other columns by artist or cover.

    Args:
        table: The table; a folder of covers or a picture has no columns.
        key: Column of `spotitags.catalogs.columns.COLUMNS` by which rows belong together.

    Returns:
        By cell of ``key``, name of a column to its cell, in the order of the table; different cells of
        several lines are joined by ``"; "``.

    Raises:
        InputError: The table cannot be read.
    """
    if table.path.is_dir() or is_picture(table.path) or key not in table.columns:
        return {}
    read = {position for name, position in table.columns.items() if name != "genre"}
    kept = {position: name for position, name in enumerate(table.header) if name and position not in read}
    place = table.columns[key]
    cells: dict[str, dict[int, dict[str, None]]] = {}
    for row in table.records():
        if len(row) <= place or not kept:
            continue
        of_key = cells.setdefault(row[place], {position: {} for position in kept})
        for position in kept:
            if position < len(row) and row[position]:
                of_key[position][row[position]] = None
    return {
        of: {kept[position]: "; ".join(values) for position, values in each.items()}
        for of, each in cells.items()
    }


def free_names(names: Mapping[str, object], taken: Mapping[str, object]) -> dict[str, str]:
    """Return a name for each column beside those of another table: ``table_genre`` if ``genre`` is taken.

    >>> free_names({"genre": str, "note": str}, {"genre": str})
    {'genre': 'table_genre', 'note': 'note'}
    """
    found: dict[str, str] = {}
    for name in names:
        free = name
        while free in taken or free in found.values():
            free = f"table_{free}"
        found[name] = free
    return found
