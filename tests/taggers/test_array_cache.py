from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotitags.taggers.array_cache import cached_arrays

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

ROWS = [12, 2]
OLD = [np.arange(96, dtype=np.float32).reshape(12, 8), np.ones((2, 8), dtype=np.float32)]
NEW = [array + 1 for array in OLD]


def old() -> list[NDArray[np.float32]]:
    return OLD


def new() -> list[NDArray[np.float32]]:
    return NEW


def same(some: list[NDArray[np.float32]], others: list[NDArray[np.float32]]) -> bool:
    return all((one == other).all() for one, other in zip(some, others, strict=True))


def test_cached_arrays_are_read_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "made" / "on the way" / "arrays.npz"

    assert same(cached_arrays(file, ROWS, old), OLD)
    assert same(cached_arrays(file, ROWS, new), OLD)
    assert [path.name for path in file.parent.iterdir()] == ["arrays.npz"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:200] + b"\xff" * 64 + data[264:],
        lambda _: b"<html>not found</html>",
    ],
    ids=["empty", "truncated", "overwritten", "something else"],
)
def test_a_broken_file_is_replaced(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    file = tmp_path / "arrays.npz"
    cached_arrays(file, ROWS, old)
    file.write_bytes(damage(file.read_bytes()))

    assert same(cached_arrays(file, ROWS, new), NEW)
    assert same(cached_arrays(file, ROWS, old), NEW)


@pytest.mark.parametrize(
    "others",
    [
        [OLD[0]],
        [OLD[0][:11], OLD[1]],
        [OLD[0].astype(np.float64), OLD[1]],
        [np.full_like(OLD[0], np.nan), OLD[1]],
        [np.array([object()] * 12), OLD[1]],
    ],
    ids=["one missing", "too few rows", "another type", "not a number", "a pickle"],
)
def test_a_file_of_other_arrays_is_replaced(tmp_path: Path, others: list[NDArray[np.float32]]) -> None:
    file = tmp_path / "arrays.npz"
    np.savez(file, *others)

    assert same(cached_arrays(file, ROWS, new), NEW)


@settings(max_examples=50, deadline=None)
@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_no_single_wrong_byte_gives_wrong_numbers(
    tmp_path_factory: pytest.TempPathFactory, position: int, byte: int
) -> None:
    file = tmp_path_factory.mktemp("kept") / "arrays.npz"
    cached_arrays(file, ROWS, old)
    data = bytearray(file.read_bytes())
    data[position % len(data)] = byte
    file.write_bytes(data)

    assert same(cached_arrays(file, ROWS, old), OLD)


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_work(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")

    assert same(cached_arrays(blocked / "arrays.npz", ROWS, old), OLD)
    assert same(cached_arrays(blocked / "arrays.npz", ROWS, new), NEW)
