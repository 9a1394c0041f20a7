"""Reservations of keys, so that of all processes that share a cache only one does the work for a key."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from filelock import BaseFileLock

    from spotitags.io.cache import Cache


LEASE_SECONDS: Final = 60.0
"""Time after which the reservations of another machine's process lapse if it does not renew them."""
_RENEWALS: Final = 3  # in that time
_RESERVED, _OWNER = "reserved", "owner"


class Holder(NamedTuple):
    """Owner of reservations: a process.

    Attributes:
        owner: Random id.
        host: Name of its machine.
        pid: Process id on that machine.
        started: Time of its first reservation, ISO 8601 with the offset from UTC.
    """

    owner: str
    host: str
    pid: int
    started: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {datetime.fromisoformat(self.started):%H:%M:%S}"


class Claim(NamedTuple):
    """Result of `Reservations.claim`: each key is in one of the three.

    Attributes:
        own: Keys that are reserved for the caller now.
        answered: Keys that have a value meanwhile.
        held: Keys that another live process has reserved.
    """

    own: list[str]
    answered: list[str]
    held: dict[str, Holder]


class Reservations:
    """Reserves keys of one kind in a cache until their values are stored.

    A reservation ends when it is released or its owner dies. Every owner locks a file: the operating system
    ends this lock with the process, even if it is killed. A process on another machine must also renew its
    reservations, as locks may not reach over the network; it does so in a thread.

    Args:
        cache: Cache with the values; all processes share it.
        kind: Kind of the values.
        lease: Seconds as of `LEASE_SECONDS`.
        host: Name of this machine.
    """

    def __init__(
        self, cache: Cache, kind: str, *, lease: float = LEASE_SECONDS, host: str | None = None
    ) -> None:
        self.cache = cache
        self.kind = kind
        self.lease = lease
        self.host = host or socket.gethostname()
        self._self: Holder | None = None
        self._lock: BaseFileLock | None = None
        self._ended = threading.Event()

    def claim(self, keys: Sequence[str]) -> Claim:
        """Reserve those keys that have no value and that no other live process has reserved.

        Raises:
            SettingsError: The folder of the cache cannot be used.
        """
        holder = self._opened()
        claim, alive = Claim([], [], {}), {holder.owner: True}
        with self.cache.transaction():
            values = self.cache.get_many(self.kind, keys)
            owners = self.cache.get_many(_RESERVED, [f"{self.kind}:{key}" for key in keys])
            for key, value, owner in zip(keys, values, owners, strict=True):
                if value is not None:
                    claim.answered.append(key)
                elif owner and owner != holder.owner and self._is_alive(owner, alive):
                    claim.held[key] = self._holder(owner)
                else:
                    claim.own.append(key)
            self.cache.put_many(
                _RESERVED, dict.fromkeys((f"{self.kind}:{key}" for key in claim.own), holder.owner)
            )
        return claim

    def release(self, keys: Iterable[str]) -> None:
        """End the own reservations of these keys."""
        if self._self is not None:
            self.cache.delete_many(_RESERVED, [f"{self.kind}:{key}" for key in keys])

    def close(self) -> None:
        """End all own reservations; the next claim starts anew."""
        if self._self is None:
            return
        holder, self._self = self._self, None
        self._ended.set()
        try:
            with self.cache.transaction():
                self._forget(lambda owner: owner == holder.owner or not self._is_alive(owner, {}))
        finally:
            if self._lock is not None:
                self._lock.release(force=True)
                self._lock = None

    def _opened(self) -> Holder:
        """Register this process as an owner, and remove the reservations of dead ones."""
        if self._self is None:
            now = datetime.now().astimezone().isoformat(timespec="seconds")
            holder = Holder(secrets.token_hex(8), self.host, os.getpid(), now)
            with self.cache.transaction():
                self._forget(lambda owner: not self._is_alive(owner, {}))
                self._lock = _acquired(self._lock_file(holder.owner))
                self._renew(holder)
            self._self, self._ended = holder, threading.Event()
            threading.Thread(
                target=self._renew_until, args=(holder, self._ended), name="reservations", daemon=True
            ).start()
        return self._self

    def _renew(self, holder: Holder) -> None:
        self.cache.put(_OWNER, holder.owner, [*holder, time.time() + self.lease])

    def _renew_until(self, holder: Holder, ended: threading.Event) -> None:
        while not ended.wait(self.lease / _RENEWALS):
            with suppress(Exception):  # a cache that is locked now may be free next time
                self._renew(holder)

    def _forget(self, is_gone: Callable[[str], bool]) -> None:
        """Delete the owners for whose ids this is true, with their reservations and files."""
        gone = [owner for owner in self.cache.keys(_OWNER) if is_gone(owner)]
        reserved = self.cache.keys(_RESERVED)
        owners = self.cache.get_many(_RESERVED, reserved)
        known = set(self.cache.keys(_OWNER)) - set(gone)
        self.cache.delete_many(
            _RESERVED, [key for key, owner in zip(reserved, owners, strict=True) if owner not in known]
        )
        self.cache.delete_many(_OWNER, gone)
        for owner in gone:
            self._lock_file(owner).unlink(missing_ok=True)

    def _is_alive(self, owner: str, known: dict[str, bool]) -> bool:
        """Return whether an owner's process is alive: on this machine by its lock, else by its lease, too."""
        if owner not in known:
            row = self.cache.get(_OWNER, owner)
            known[owner] = row is not None and (
                _is_locked(self._lock_file(owner)) or (row[1] != self.host and row[-1] > time.time())
            )
        return known[owner]

    def _holder(self, owner: str) -> Holder:
        return Holder(*self.cache.get(_OWNER, owner)[:4])

    def _lock_file(self, owner: str) -> Path:
        return self.cache.folder / f"owner-{owner}.lock"


def _acquired(file: Path) -> BaseFileLock:
    from filelock import FileLock

    lock = FileLock(file, thread_local=False)
    lock.acquire(blocking=False)
    return lock


def _is_locked(file: Path) -> bool:
    """Return whether a live process holds the lock of a file."""
    from filelock import Timeout

    if not file.exists():
        return False
    try:
        _acquired(file).release(force=True)
    except Timeout:
        return True
    return False
