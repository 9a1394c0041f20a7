"""Arrays that are computed once and kept on disk, without pickle."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


def cached_arrays(
    file: Path, rows: Sequence[int], compute: Callable[[], list[NDArray[np.float32]]]
) -> list[NDArray[np.float32]]:
    """The arrays of ``file``, or computed and written there where it is missing or broken.

    A folder that cannot be written costs the computation at the next start, and nothing else.

    Args:
        file: An ``.npz`` file.
        rows: Rows that each array must have; a file that differs is broken.
        compute: Gives the arrays, (rows[i], dim) float32 each.
    """
    if (found := _read(file, rows)) is not None:
        return found
    arrays = compute()
    with suppress(OSError):
        _write(file, arrays)
    return arrays


def _read(file: Path, rows: Sequence[int]) -> list[NDArray[np.float32]] | None:
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = [stored[f"arr_{i}"] for i in range(len(rows))]
    except Exception:  # noqa: BLE001  (a broken file breaks numpy, zipfile, zlib and ast, each in its own way)
        return None
    whole = all(
        array.dtype == np.float32 and array.shape[:-1] == (count,) and np.isfinite(array).all()
        for array, count in zip(arrays, rows, strict=True)
    )
    return arrays if whole else None


def _write(file: Path, arrays: Sequence[NDArray[np.float32]]) -> None:
    """Write beside the target, then rename: another process sees the whole file or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.stem, suffix=".npz")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, *arrays)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
