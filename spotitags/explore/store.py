"""Folder with the data of one selection of covers: records, embeddings, small pictures, places."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from classifiers.files import replaced_file
from spotitags.errors import InputError
from spotitags.explore.records import ExploredCover, Gathered
from spotitags.io.output import output_errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT: Final = 1
"""Format of the folder that this version reads; another one is built anew."""

_COVERS: Final = "covers.json"
_VECTORS: Final = "vectors.npy"
_THUMBS: Final = "thumbs.bin"
_OFFSETS: Final = "thumbs.npy"
_LAYOUT: Final = "layout.npz"
META: Final = "meta.json"
"""Description of the data; written last, so a folder without it is incomplete."""


class Store:
    """Data in one folder.

    Args:
        folder: The folder; created when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def meta(self) -> dict[str, Any] | None:
        """Description of the data; None if there are none that this version can use."""
        try:
            meta = json.loads((self.folder / META).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return meta if isinstance(meta, dict) and meta.get("format") == FORMAT else None

    def covers(self) -> list[ExploredCover]:
        """Return the records of all covers, also of near-duplicates, in the order of their numbers.

        Raises:
            InputError: The folder is damaged.
        """
        if self.meta is None:
            return []
        try:
            rows = json.loads((self.folder / _COVERS).read_text(encoding="utf-8"))
            return [ExploredCover.from_json(row) for row in rows]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise self.damaged(error) from error

    def gathered(self) -> Gathered:
        """Return all covers with embeddings and pictures; of an empty folder none.

        Raises:
            InputError: The folder is damaged.
        """
        covers = self.covers()
        if not covers:
            return Gathered([], np.zeros((0, 0), np.uint8), [])
        try:
            vectors = np.load(self.folder / _VECTORS, allow_pickle=False)
            offsets = np.load(self.folder / _OFFSETS, allow_pickle=False)
            data = (self.folder / _THUMBS).read_bytes()
        except (OSError, ValueError) as error:
            raise self.damaged(error) from error
        thumbs = [data[a:b] for a, b in pairwise(offsets)]
        if not len(covers) == len(vectors) == len(thumbs):
            raise self.damaged("its files do not belong together")
        return Gathered(covers, vectors, thumbs)

    def layout(self) -> dict[str, NDArray[Any]]:
        """Return the places of covers and the axes of the maps, by name; empty if there are none."""
        try:
            with np.load(self.folder / _LAYOUT, allow_pickle=False) as file:
                return dict(file)
        except (OSError, ValueError):
            return {}

    def thumb(self, number: int) -> bytes:
        """Return the WebP file of one of `covers`; empty bytes where there is none."""
        offsets = np.load(self.folder / _OFFSETS, mmap_mode="r", allow_pickle=False)
        if not 0 <= number < len(offsets) - 1:
            return b""
        with (self.folder / _THUMBS).open("rb") as file:
            file.seek(int(offsets[number]))
            return file.read(int(offsets[number + 1] - offsets[number]))

    def read(self, name: str) -> bytes:
        """Return a file of the page's data, such as ``points.bin``."""
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise self.damaged(error) from error

    def write(self, name: str, data: bytes) -> None:
        """Write one file of the folder."""
        with output_errors(self.folder, "SPOTITAGS_CACHE_DIR"), replaced_file(self.folder / name) as file:
            file.write(data)

    def write_gathered(self, gathered: Gathered) -> None:
        """Write all covers with embeddings and pictures."""
        rows = [cover.to_json() for cover in gathered.covers]
        self.write(_COVERS, json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode())
        self.write(_VECTORS, array_bytes(gathered.vectors))
        offsets = np.cumsum([0, *map(len, gathered.thumbs)], dtype=np.int64)
        self.write(_OFFSETS, array_bytes(offsets))
        self.write(_THUMBS, b"".join(gathered.thumbs))

    def write_layout(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write places and axes by name."""
        stream = io.BytesIO()
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        self.write(_LAYOUT, stream.getvalue())

    def clear(self) -> None:
        """Delete the data; lists of liked covers stay."""
        for name in (META, _COVERS, _VECTORS, _THUMBS, _OFFSETS, _LAYOUT):
            (self.folder / name).unlink(missing_ok=True)
        for sheet in self.folder.glob("atlas-*.webp"):
            sheet.unlink()

    def size(self) -> int:
        """Return the size of all files in bytes."""
        return sum(file.stat().st_size for file in self.folder.iterdir() if file.is_file())

    def picture_size(self) -> int:
        """Return the size of the small pictures and of the sheets of pictures in bytes."""
        files: Sequence[Path] = [self.folder / _THUMBS, *self.folder.glob("atlas-*.webp")]
        return sum(file.stat().st_size for file in files if file.exists())

    def damaged(self, error: object) -> InputError:
        """Build the error that the folder cannot be used."""
        return InputError(
            f"the data in {self.folder} cannot be read ({error}): add --rebuild to build them again"
        )


def array_bytes(array: NDArray[Any]) -> bytes:
    """Return an array as the bytes of an ``.npy`` file."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()
