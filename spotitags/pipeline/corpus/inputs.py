"""Open the input of a corpus run by its form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spotitags.catalogs.csv_table import CsvTable
from spotitags.errors import InputError
from spotitags.pipeline.corpus.listed import FolderSource, TableSource
from spotitags.pipeline.corpus.parquet_source import ParquetSource
from spotitags.pipeline.corpus.tar_source import TarSource

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.pipeline.corpus.items import Source

_TAR: Final = ".tar"
_PARQUET: Final = frozenset({".parquet", ".pq"})


def open_source(source: Path | CsvTable) -> Source:
    """Open an input: a folder of pictures, of tar files or of Parquet files, one such file, or a table.

    Args:
        source: The input; a table's ``given`` columns count for Parquet and tar files, too.

    Raises:
        InputError: There is no such file or folder, or it has none of these.
    """
    table = CsvTable.of(source)
    path = table.path.absolute()  # workers may run in other folders
    if not path.exists():
        raise InputError(f"there is no file or folder {table.path}: give covers to tag")
    files = _shards(path) if path.is_dir() else [path]
    endings = {file.suffix.lower() for file in files}
    if endings and endings <= {_TAR}:
        return TarSource(path, files, table.given)
    if endings and endings <= _PARQUET:
        return ParquetSource(path, files, table.given)
    if path.is_dir() and endings:
        raise InputError(f"{path} has tar files and Parquet files: give a folder of one kind")
    if path.is_dir():
        return FolderSource(path)
    return TableSource(CsvTable(path, table.given, table.notify))


def _shards(folder: Path) -> list[Path]:
    """Return the tar and Parquet files directly in a folder, by name."""
    endings = {_TAR} | _PARQUET
    return sorted(each for each in folder.iterdir() if each.suffix.lower() in endings and each.is_file())
