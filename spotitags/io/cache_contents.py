"""Contents of the cache folder: what is stored for whom, what is damaged, and the removal of entries."""

from __future__ import annotations

import re
import sqlite3
import time
import zipfile
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from spotitags.errors import SettingsError
from spotitags.io.cache import Cache, answer_cache
from spotitags.io.cache_values import FEATURES, TAGS, is_features, parse_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


KINDS: Final = {
    "covers": "addresses of covers, their sizes, and why some cannot be used",
    "responses": "responses of catalogues",
    "tags": "tags of covers",
    "features": "embeddings and other numbers of covers",
    "folds": "finished parts of evaluations",
    "paid": "tags that were paid for",
    "networks": "networks of taggers, made at their first use",
    "vectors": "embeddings of labels and genres",
    "limits": "counts and waits that keep within the limits of services",
    "other": "other files",
    "running": "reservations and locks of runs",
}
"""Kinds of entries, with their meaning."""
RUNNING: Final = "running"
"""Kind that is never removed."""
KEPT: Final = frozenset({"paid", "limits", "other"})
"""Kinds that are removed only if they are named."""

_ROWS: Final = {
    "digest": "covers", "size": "covers", "unusable": "covers", "file": "covers",
    "answer": "responses", "tags": "tags", "folds": "folds",
    "phrase": "vectors", "wait": "limits", "calls": "limits", "reserved": RUNNING, "owner": RUNNING,
}  # fmt: skip
_FILES: Final = {".onnx": "networks", ".npz": "vectors", ".pace": "limits", ".lock": RUNNING}
_PICKLE: Final = 4  # diskcache's mode of a row
_AT_ONCE: Final = 500
_LAST_ROW: Final = 2**63 - 1  # of SQLite


class Entry(NamedTuple):
    """An entry of the cache: a row of a database, or a file.

    Attributes:
        kind: One of `KINDS`.
        service: Tagger, catalogue or host that it belongs to; may be empty.
        bytes: Size.
        stored: When it was stored, in seconds since 1970.
        fault: What is damaged; empty if it can be read.
        file: The file, or the database.
        row: Number of the row; None for a file.
    """

    kind: str
    service: str
    bytes: int
    stored: float
    fault: str
    file: Path
    row: int | None = None


def entries(folder: Path, *, check: bool = False) -> Iterator[Entry]:
    """Yield all entries of the cache folder; other processes may use it meanwhile.

    Args:
        folder: Cache folder; need not exist.
        check: True reads every value and finds the damaged ones.

    Raises:
        SettingsError: A database cannot be read at all; `rebuild` saves what can be read.
    """
    cache = answer_cache(folder)
    databases = [cache.database, cache.paid.database]
    for database in databases:
        if database.exists():
            try:
                yield from _rows(database, paid=database == cache.paid.database, check=check)
            except sqlite3.Error as error:
                raise SettingsError(
                    f"{database} cannot be read ({error}): run 'spotitags cache verify --repair', which "
                    "keeps all that can be read"
                ) from error
    own = {database.parent for database in databases}
    for file in sorted(folder.rglob("*")) if folder.exists() else ():
        if file.is_file() and not own & set(file.parents):
            yield _file_entry(file, check=check)


def _rows(database: Path, *, paid: bool, check: bool) -> Iterator[Entry]:
    with closing(_connection(database)) as connection:
        for row, key, mode, filename, value, stored, size in connection.execute(
            "SELECT rowid, key, mode, filename, value, store_time, size FROM Cache"
        ):
            text = key if isinstance(key, str) else ""
            kind, _, rest = text.partition(":")
            fault = _fault(database.parent, text, mode, filename, value) if check else ""
            length = size + len(text) + (len(value) if isinstance(value, str | bytes) else 0)
            shown = _ROWS.get(kind, "other")
            if shown == "tags":
                shown = "paid" if paid else "features" if is_features(value or "") else "tags"
            yield Entry(shown, _service(kind, rest), length, stored or 0.0, fault, database, row)


def _service(kind: str, rest: str) -> str:
    """Return the tagger, catalogue or host of a row."""
    if kind in {"digest", "unusable"}:
        with suppress(ValueError):
            return urlsplit(rest).hostname or ""
        return ""
    if kind == "answer":  # format:service:request
        return rest.split(":")[1] if rest.count(":") > 1 else ""
    return "" if kind in {"size", "file", "reserved", "owner", "folds"} else rest.partition(":")[0]


def _fault(folder: Path, key: str, mode: int, filename: str | None, value: object) -> str:
    """Return what is damaged in a row; empty if nothing is."""
    if mode == _PICKLE:
        return "a pickled value, which is never read"
    if filename:
        try:
            value = (folder / filename).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            return f"its file cannot be read ({error})"
    try:
        parsed = parse_value(key, value)  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError):
        return "not JSON, or not what its checksum says"
    return "" if _has_shape(key.partition(":")[0], parsed) else "not a value of its kind"


def _has_shape(kind: str, value: Any) -> bool:  # noqa: ANN401 - any value
    """Return whether a value is one of its kind; of an unknown kind, any is."""
    match kind, value:
        case "tags", list():
            return all(map(_is_tag, value))
        case "tags", bytes():
            return value[:1] in {TAGS, FEATURES}
        case "answer", dict():
            return "answer" in value or "missing" in value
        case "digest", str():
            return re.fullmatch("[0-9a-f]{64}", value) is not None
        case ("size", [int(), int()] | None) | ("unusable", [str(), str()]):
            return True
    return kind not in {"tags", "answer", "digest", "size", "unusable"}


def _is_tag(value: Any) -> bool:  # noqa: ANN401 - any JSON
    match value:
        case [str(), int() | float()]:
            return True
    return False


def _file_entry(file: Path, *, check: bool) -> Entry:
    try:
        status = file.stat()
    except OSError as error:
        return Entry("other", "", 0, 0.0, str(error), file)
    fault = ""
    if check and file.suffix == ".npz":
        try:
            with zipfile.ZipFile(file) as archive:
                fault = "a damaged archive" if archive.testzip() else ""
        except (OSError, zipfile.BadZipFile) as error:
            fault = f"a damaged archive ({error})"
    service = file.name.partition("-")[0] if file.suffix in {".npz", ".onnx"} else ""
    return Entry(_FILES.get(file.suffix, "other"), service, status.st_size, status.st_mtime, fault, file)


def remove(found: Iterable[Entry]) -> None:
    """Remove entries; a missing one is ignored.

    Raises:
        SettingsError: The folder cannot be written.
    """
    rows: dict[Path, list[int]] = {}
    try:
        for entry in found:
            if entry.row is None:
                entry.file.unlink(missing_ok=True)
            else:
                rows.setdefault(entry.file, []).append(entry.row)
        for database, numbers in rows.items():
            with closing(_connection(database, mode="rw")) as connection:
                for start in range(0, len(numbers), _AT_ONCE):
                    _remove_rows(connection, database.parent, numbers[start : start + _AT_ONCE])
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(f"the cache cannot be changed ({error}): check who may write to it") from error


def _remove_rows(connection: sqlite3.Connection, folder: Path, numbers: list[int]) -> None:
    marks = ",".join("?" * len(numbers))
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        files = connection.execute(
            f"SELECT filename FROM Cache WHERE filename IS NOT NULL AND rowid IN ({marks})",  # noqa: S608
            numbers,
        ).fetchall()
        connection.execute(f"DELETE FROM Cache WHERE rowid IN ({marks})", numbers)  # noqa: S608
    for (file,) in files:
        (folder / file).unlink(missing_ok=True)


def rebuild(folder: Path) -> list[tuple[Path, int]]:
    """Build damaged databases anew from all values that can be read; the damaged files are kept aside.

    Returns:
        The folder with the damaged files and the number of values that were saved, for each such database.
    """
    cache = answer_cache(folder)
    return [_rebuilt(each) for each in (cache, cache.paid) if each.database.exists() and _is_damaged(each)]


def _is_damaged(cache: Cache) -> bool:
    try:
        with closing(_connection(cache.database)) as connection:
            connection.execute("SELECT count(*), sum(length(value)) FROM Cache").fetchone()
            if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                return True
            cache.volume()  # opens the database with the settings in it
    except sqlite3.OperationalError as error:
        return "locked" not in str(error)
    except sqlite3.DatabaseError:
        return True
    except SettingsError as error:
        return isinstance(error.__cause__, ValueError)
    finally:
        cache.close()
    return False


def _rebuilt(cache: Cache) -> tuple[Path, int]:
    now = time.strftime("%Y%m%d-%H%M%S")
    aside = cache.folder.with_name(f"{cache.folder.name}-damaged-{now}")
    new = Cache(cache.folder.with_name(f"{cache.folder.name}-rebuilt-{now}"), cache.megabytes)
    saved = 0
    for key, value, expires in _readable(cache):
        kind, _, rest = key.partition(":")
        new.put(kind, rest, value, seconds=expires and expires - time.time())
        saved += 1
    new.volume()
    new.close()
    cache.folder.rename(aside)
    if new.folder.exists():
        new.folder.rename(cache.folder)
    return aside, saved


def _readable(cache: Cache) -> Iterator[tuple[str, Any, float | None]]:
    """Yield key, value and time of expiry of those rows of a damaged database that can be read."""
    with suppress(sqlite3.Error), closing(_connection(cache.database)) as connection:
        for key, mode, filename, value, expires in _readable_rows(connection):
            with suppress(ValueError, TypeError, AttributeError, OSError):
                if not _fault(cache.folder, key, mode, filename, value):
                    text = (cache.folder / filename).read_text(encoding="utf-8") if filename else value
                    yield key, parse_value(key, text), expires


def _readable_rows(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """Yield rows in order; from a row that cannot be read, go on 1, 2, 4 … rows later."""
    row, step = 0, 1
    while row < _LAST_ROW:
        try:
            found = connection.execute(
                "SELECT rowid, key, mode, filename, value, expire_time FROM Cache WHERE rowid > ? "
                "ORDER BY rowid LIMIT 1",
                (row,),
            ).fetchone()
        except sqlite3.Error:
            found = (0,)
        if found is None:
            return
        if found[0] <= row:  # an error, or a damaged order
            row, step = row + step, 2 * step
        else:
            row, step = found[0], 1
            yield found[1:]


def _connection(database: Path, mode: str = "ro") -> sqlite3.Connection:
    return sqlite3.connect(
        f"{database.resolve().as_uri()}?mode={mode}", uri=True, timeout=60, isolation_level=None
    )
