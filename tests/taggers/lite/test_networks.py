"""The reader of PyTorch's old format on files by PyTorch, and on files that are no state dicts."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotitags.errors import WeightsError
from spotitags.taggers.lite.networks import read_state_dict

_IN_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def write(path: Path, state: object) -> Path:
    torch.save(state, path, _use_new_zipfile_serialization=False)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.pth"


@_IN_ONE_FOLDER
@given(
    shape=st.lists(st.integers(0, 4), max_size=4),
    order=st.randoms(use_true_random=False),
    integers=st.booleans(),
)
def test_reads_what_torch_writes(path: Path, shape: list[int], order: object, integers: bool) -> None:
    axes = list(range(len(shape)))
    order.shuffle(axes)  # type: ignore[attr-defined]
    numbers = torch.arange(int(np.prod(shape)), dtype=torch.int64 if integers else torch.float32)
    tensor = numbers.reshape(shape).permute(axes)
    read = read_state_dict(write(path, OrderedDict(first=tensor, second=tensor)))
    assert list(read) == ["first", "second"]
    for array in read.values():
        assert array.dtype == tensor.numpy().dtype
        np.testing.assert_array_equal(array, tensor.numpy())


def test_views_of_one_storage_keep_their_places(path: Path) -> None:
    whole = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    state = {"whole": whole, "column": whole[:, 2], "corner": whole[2:, 3:], "number": whole[1, 1]}
    read = read_state_dict(write(path, state))
    for name, tensor in state.items():
        np.testing.assert_array_equal(read[name], tensor.numpy())


def test_a_pickle_that_calls_something_is_refused_and_calls_nothing(path: Path, tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "called",)

    with path.open("wb") as file:
        parts: tuple[object, ...] = (0x1950A86A20F9469CFC6C, 1001, {}, {"weight": Touch()}, [])
        for part in parts:
            pickle.dump(part, file, protocol=2)
    with pytest.raises(WeightsError, match="is not allowed in a state dict"):
        read_state_dict(path)
    assert not (tmp_path / "called").exists()


def test_a_file_cut_short_anywhere_is_refused(path: Path) -> None:
    data = write(path, {"a": torch.ones(3, 5), "b": torch.zeros(2)}).read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(WeightsError, match="reinstall"):
            read_state_dict(path)


def test_other_formats_are_refused(path: Path) -> None:
    torch.save({"a": torch.ones(3)}, path)  # a zip archive
    with pytest.raises(WeightsError):
        read_state_dict(path)
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(WeightsError, match="legacy format"):
        read_state_dict(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"gone\.pth"):
        read_state_dict(tmp_path / "gone.pth")
