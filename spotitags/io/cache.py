"""Disk cache of JSON values and bytes: diskcache with a `Disk` that neither reads nor writes pickles."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import diskcache
from diskcache import Disk, Timeout
from diskcache.core import MODE_PICKLE, MODE_RAW

from spotitags.errors import SettingsError
from spotitags.io.cache_values import parsed, read_values, stored_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


_ALLOWED = (str, bytes)
_FILE = re.compile(r"[0-9a-f]{2}[/\\][0-9a-f]{2}[/\\][0-9a-f]{28}\.val")  # of a large value
_LAST: Final = "\U0010ffff"
"""Sorts after every character of a key."""
_AT_ONCE: Final = 500  # values in one transaction, which keeps other processes from writing


class PicklelessDisk(Disk):  # type: ignore[misc]
    """Stores text and bytes only; neither writes nor reads a pickle (CVE-2025-69872)."""

    def put(self, key: Any) -> tuple[Any, bool]:  # noqa: ANN401
        """Serialise a key.

        Raises:
            TypeError: The key is neither str nor bytes.
        """
        if type(key) not in _ALLOWED:
            raise TypeError(f"a cache key must be text or bytes, not {type(key).__name__}")
        return super().put(key)  # type: ignore[no-any-return]

    def get(self, key: Any, raw: bool) -> Any:  # noqa: ANN401, FBT001
        """Read a key.

        Raises:
            ValueError: The key is pickled.
        """
        if not raw:
            raise ValueError("the cache holds a pickled key, which is never read")
        return super().get(key, raw)

    def store(self, value: Any, read: Any, key: Any = None) -> Any:  # noqa: ANN401
        """Serialise a value.

        Raises:
            TypeError: The value is neither str nor bytes.
        """
        if type(value) not in _ALLOWED or read:
            raise TypeError(f"a cached value must be text or bytes, not {type(value).__name__}")
        return super().store(value, read, key=key)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:  # noqa: ANN401, FBT001
        """Return a stored value, as diskcache calls this method, but refuse pickles.

        Raises:
            ValueError: The value is pickled.
        """
        if mode == MODE_PICKLE:
            raise ValueError("the cache holds a pickled value, which is never read")
        if mode != MODE_RAW and not (
            self._is_own(filename) and Path(self._directory, filename or "").is_file()
        ):
            raise FileNotFoundError(f"{filename!r} is no file of the cache")  # counts as missing
        return super().fetch(mode, filename, value, read)

    def remove(self, file_path: str) -> None:
        """Remove the file of a large value, but none outside the cache."""
        if self._is_own(file_path):
            super().remove(file_path)

    def _is_own(self, name: str | None) -> bool:
        """Return whether a row names a file as `diskcache` does: in the cache's folder, and without links."""
        folder = Path(self._directory).resolve()
        return bool(name and _FILE.fullmatch(name)) and (folder / str(name)).resolve() == folder / str(name)


class Cache:
    """Cache of JSON values and of bytes by kind and key, on disk. The database is opened on first use.

    Every method raises SettingsError if the folder cannot be used.

    Args:
        folder: Folder of the database; created so that only its owner can read it.
        megabytes: Maximum size; beyond it, the least recently stored values are deleted. None for no limit:
            no value is ever deleted to make room, and each is on the disk before a call returns.
    """

    def __init__(self, folder: Path, megabytes: int | None = 2048) -> None:
        self.folder = folder
        self.megabytes = megabytes
        self._store: diskcache.Cache | None = None
        self._opening = Lock()

    def __repr__(self) -> str:
        return f"Cache({str(self.folder)!r})"

    @cached_property
    def paid(self) -> Cache:
        """Cache beside this one for answers that were paid for: they never make room for others."""
        return Cache(self.folder.with_name(f"paid-{self.folder.name}"), None)

    @property
    def database(self) -> Path:
        """File of the database, which may not exist yet."""
        return self.folder / "cache.db"

    def get(self, kind: str, key: str) -> Any:  # noqa: ANN401
        """Return the value of one key, or None."""
        return self.get_many(kind, [key])[0]

    def get_many(self, kind: str, keys: Sequence[str]) -> list[Any]:
        """Return the values of several keys, None for each key without a value."""
        names = [f"{kind}:{key}" for key in keys]
        with self._opened() as store:
            texts = read_values(store, names)
        return list(map(parsed, names, texts))

    def put(self, kind: str, key: str, value: Any, *, seconds: float | None = None) -> None:  # noqa: ANN401
        """Store one value, for ``seconds`` or until it is deleted to make room."""
        self.put_many(kind, {key: value}, seconds=seconds)

    def put_many(self, kind: str, values: Mapping[str, Any], *, seconds: float | None = None) -> None:
        """Store several values in one transaction: an interrupted call stores none of them."""
        if not values:
            return
        with self._opened() as store, store.transact():
            for key, value in values.items():
                name = f"{kind}:{key}"
                store.set(name, stored_value(name, value), expire=seconds)

    def update(
        self, kind: str, key: str, change: Callable[[Any], Any], *, seconds: float | None = None
    ) -> Any:  # noqa: ANN401
        """Replace one value in one transaction, which no other process can interrupt.

        Args:
            kind: Kind of the value.
            key: Key of the value.
            change: Returns the new value for the old one, or for None. If it raises, the old value stays.
            seconds: As for `put`.

        Returns:
            The new value.
        """
        name = f"{kind}:{key}"
        with self._opened() as store, store.transact():
            value = change(parsed(name, store.get(name)))
            store.set(name, stored_value(name, value), expire=seconds)
        return value

    def delete_many(self, kind: str, keys: Iterable[str]) -> None:
        """Delete values in one transaction; keys without a value are ignored."""
        with self._opened() as store, store.transact():
            for key in keys:
                store.delete(f"{kind}:{key}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run several calls of this thread as one transaction: no other process changes a value meanwhile."""
        with self._opened() as store, store.transact():
            yield

    def keys(self, kind: str, prefix: str = "") -> list[str]:
        """Return the keys of a kind that begin with a prefix; creates no database."""
        begin = f"{kind}:{prefix}"
        with self._explained():
            if not self.database.exists():
                return []
            with self._opened():  # another process may have made the file, and not yet its tables
                pass
            with closing(
                sqlite3.connect(f"{self.database.resolve().as_uri()}?mode=ro", uri=True)
            ) as connection:
                rows = connection.execute(
                    "SELECT key FROM Cache WHERE key >= ? AND key < ? AND typeof(key) = 'text'",
                    (begin, begin + _LAST),
                ).fetchall()
        return [str(key)[len(kind) + 1 :] for (key,) in rows]

    def move(self, kind: str, prefix: str, to: Cache) -> None:
        """Move the values of a kind whose keys begin with a prefix to another cache, which keeps its own.

        They are stored there before they are deleted here, so that an interruption loses none.
        """
        keys = self.keys(kind, prefix)
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            there = to.get_many(kind, part)
            here = self.get_many(kind, part)
            to.put_many(
                kind,
                {
                    key: value
                    for key, value, other in zip(part, here, there, strict=True)
                    if value is not None and other is None
                },
            )
            self.delete_many(kind, [key for key, value in zip(part, here, strict=True) if value is not None])

    def volume(self) -> int:
        """Return the size on disk in bytes; 0 if nothing was cached yet."""
        with self._explained():
            if not self.database.exists():
                return 0
        with self._opened() as store:
            return int(store.volume())

    def close(self) -> None:
        """Close the database; the next call opens it again."""
        if self._store is not None:
            self._store.close()
            self._store = None

    @contextmanager
    def _opened(self) -> Iterator[diskcache.Cache]:
        with self._explained():
            with self._opening:
                if self._store is None:
                    self._store = self._open()
            yield self._store

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Convert errors of the folder and the database into a SettingsError that says what to do."""
        try:
            yield
        except (OSError, sqlite3.Error, ValueError, Timeout) as error:
            raise SettingsError(
                f"the cache in {self.folder} cannot be used: {self._advice(error)}"
            ) from error

    def _advice(self, error: Exception) -> str:
        """Describe what happened and what to do. Nothing is to be deleted: answers may have been paid for."""
        if isinstance(error, Timeout) or "locked" in str(error):
            return (
                "another program has locked it for a minute; try again, or set SPOTITAGS_CACHE_DIR to another"
            )
        if "disk is full" in str(error) or "disk I/O" in str(error):
            return f"{error}; free some space, or set SPOTITAGS_CACHE_DIR to a folder on another disk"
        if isinstance(error, OSError) or "readonly" in str(error) or "unable to open" in str(error):
            return f"{error}; set SPOTITAGS_CACHE_DIR to a folder that you may write to"
        return (
            f"{error or type(error).__name__}; run 'spotitags cache verify --repair', which keeps all that "
            "can be read, or set SPOTITAGS_CACHE_DIR to another folder"
        )

    def _open(self) -> diskcache.Cache:
        if not self.folder.exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        limits: dict[str, Any] = (
            # 2: a commit returns when it is on the disk, so that a power failure loses nothing
            {"eviction_policy": "none", "cull_limit": 0, "sqlite_synchronous": 2}
            if self.megabytes is None
            else {"size_limit": self.megabytes << 20}
        )
        try:
            return diskcache.Cache(
                str(self.folder),
                disk=PicklelessDisk,
                disk_min_file_size=1 << 20,  # values are small: store them in the database itself
                **limits,
            )
        except (TypeError, AttributeError, KeyError) as error:  # settings of diskcache are in the database
            raise ValueError(f"its settings are damaged ({error})") from error


def answer_cache(folder: Path, megabytes: int = 2048) -> Cache:
    """Return the cache of results and responses in the user's cache folder; ``megabytes`` as for `Cache`."""
    return Cache(folder / "answers", megabytes)
