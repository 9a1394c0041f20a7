"""Lists of liked and other covers as tables, from which ``spotitags like`` learns a taste."""

from __future__ import annotations

import csv
import io
import shlex
from typing import TYPE_CHECKING, Final

from spotitags.io.tables import harmless

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotitags.explore.records import ExploredCover
    from spotitags.explore.store import Store

LIST_NAMES: Final = ("liked", "other")
"""Names of the two lists, and of their files."""

_COLUMNS: Final = ("artist_id", "artist_name", "album_id", "album_name")


def write_lists(
    store: Store, covers: Sequence[ExploredCover], lists: Mapping[str, Sequence[int]]
) -> str | None:
    """Write the lists beside the data.

    Args:
        store: Folder to write to.
        covers: All covers.
        lists: Numbers of covers by the name of each list.

    Returns:
        The command that learns from them; None while one of them is empty.
    """
    paths = []
    for name in LIST_NAMES:
        store.write(f"{name}.csv", list_table([covers[number] for number in lists[name]]))
        paths.append(shlex.quote(str(store.folder / f"{name}.csv")))
    return f"spotitags like {' '.join(paths)}" if all(lists[name] for name in LIST_NAMES) else None


def list_table(covers: Sequence[ExploredCover]) -> bytes:
    """Return covers as a CSV; with the column ``file`` if all of them are files on this machine."""
    with_files = bool(covers) and all(cover.file for cover in covers)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_COLUMNS, *(["file"] if with_files else [])])
    for cover in covers:
        row = [cover.artist_id, cover.artist, cover.album_id, cover.album]
        writer.writerow([harmless(cell) for cell in [*row, *([str(cover.file)] if with_files else [])]])
    return stream.getvalue().encode()
