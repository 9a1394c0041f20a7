"""Reservations: one owner for each key, until it releases the key or dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from spotitags.io.cache import Cache
from spotitags.io.reservations import Reservations

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

OWNER = """
import sys, time
from pathlib import Path
from spotitags.io.cache import Cache
from spotitags.io.reservations import Reservations
held = Reservations(Cache(Path(sys.argv[1])), "tags", lease=float(sys.argv[2]), host=sys.argv[3] or None)
held.claim(["a", "b"])
print("claimed", flush=True)
time.sleep(600)
"""


@pytest.fixture
def one(cache: Cache) -> Iterator[Reservations]:
    reservations = Reservations(cache, "tags")
    yield reservations
    reservations.close()


@pytest.fixture
def two(cache: Cache) -> Iterator[Reservations]:
    reservations = Reservations(Cache(cache.folder), "tags")
    yield reservations
    reservations.close()


def owner(cache: Cache, lease: float = 60.0, host: str = "") -> subprocess.Popen[str]:
    """Start a process that reserves two keys and keeps them."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(cache.folder), str(lease), host],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "claimed\n"
    return process


def test_a_key_is_reserved_for_one_until_it_is_released(one: Reservations, two: Reservations) -> None:
    assert one.claim(["a", "b"]).own == ["a", "b"]
    assert one.claim(["a", "b"]).own == ["a", "b"], "a claim may be repeated"
    claim = two.claim(["b", "c"])
    assert claim.own == ["c"]
    assert claim.held.keys() == {"b"}
    assert " on " in str(claim.held["b"])
    one.release(["b"])
    assert two.claim(["a", "b"]).own == ["b"]
    one.close()
    assert two.claim(["a"]).own == ["a"]


def test_a_key_with_a_value_is_answered(cache: Cache, one: Reservations) -> None:
    cache.put("tags", "a", [])
    assert one.claim(["a", "b"]) == (["b"], ["a"], {})


def test_a_reservation_of_many_at_once_has_one_owner(cache: Cache) -> None:
    claims: list[list[str]] = []
    keys = [str(n) for n in range(50)]

    def claim() -> None:
        reservations = Reservations(Cache(cache.folder), "tags")
        claims.append(reservations.claim(keys).own)

    cache.put("tags", "x", [])
    threads = [threading.Thread(target=claim) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, claims)) == [0, 0, 0, 0, 0, 50]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_dead_owner_s_keys_are_free_at_once(cache: Cache, one: Reservations, number: int) -> None:
    process = owner(cache)
    assert one.claim(["a"]).held.keys() == {"a"}
    process.send_signal(number)
    deadline = time.monotonic() + 30  # the system needs a moment to end it; it is not waited for: a zombie
    while not (own := one.claim(["a", "b"]).own) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert own == ["a", "b"]
    process.communicate()


def test_a_stopped_owner_keeps_its_keys_however_long(cache: Cache, one: Reservations) -> None:
    process = owner(cache, lease=0.2)
    process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    assert one.claim(["a"]).held
    process.kill()
    process.communicate()


def test_another_machine_s_keys_are_free_when_it_no_longer_renews_them(
    cache: Cache, one: Reservations
) -> None:
    process = owner(cache, lease=3, host="elsewhere")
    time.sleep(4)
    assert one.claim(["a"]).held, "it renews them"
    process.kill()
    process.communicate()
    assert one.claim(["a"]).held, "whether it is dead cannot be known"
    deadline = time.monotonic() + 30
    while not one.claim(["a"]).own and time.monotonic() < deadline:
        time.sleep(0.1)
    assert one.claim(["a"]).own == ["a"]


def test_nothing_is_left_behind(cache: Cache, one: Reservations) -> None:
    process = owner(cache)
    process.kill()
    process.communicate()
    one.claim(["c"])
    one.close()
    assert cache.keys("reserved") == cache.keys("owner") == []
    assert not list(cache.folder.glob("*.lock"))
