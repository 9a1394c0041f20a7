"""Disk cache for arrays that are computed once; uses no pickle."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from classifiers.files import read_plain, replaced_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def cached_arrays(
    file: Path, rows: Sequence[int], compute: Callable[[], list[NDArray[np.float32]]]
) -> list[NDArray[np.float32]]:
    """Load the arrays of ``file``; compute and store them if it is missing or broken.

    If the folder cannot be written, the arrays are computed again at the next start.

    Args:
        file: An ``.npz`` file.
        rows: The number of rows of each array; a file with other arrays counts as broken.
        compute: Returns the arrays, (rows[i], dim) float32 each.
    """
    if (cached := _read(file, rows)) is not None:
        return cached
    arrays = compute()
    with suppress(OSError), replaced_file(file) as stream:
        np.savez(stream, *arrays)
    return arrays


def _read(file: Path, rows: Sequence[int]) -> list[NDArray[np.float32]] | None:
    try:
        with np.load(io.BytesIO(read_plain(file)), allow_pickle=False) as stored:
            arrays = [stored[f"arr_{i}"] for i in range(len(rows))]
    except Exception:  # noqa: BLE001  (a broken file raises errors of numpy, zipfile, zlib or ast)
        return None
    valid = all(
        array.dtype == np.float32 and array.shape[:-1] == (count,) and np.isfinite(array).all()
        for array, count in zip(arrays, rows, strict=True)
    )
    return arrays if valid else None
