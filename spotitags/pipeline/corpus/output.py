"""Output folder of a corpus run: its card, its lock, and parts that are whole or absent."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock, Timeout

from classifiers.files import replaced_file
from spotitags.errors import InputError
from spotitags.io.corpus import (
    ARTIST_COLUMNS,
    CARD,
    COVERS,
    SKIPPED,
    Card,
    Part,
    covers_schema,
    import_pyarrow,
    is_corpus,
    parts,
    read_card,
    skipped_schema,
)
from spotitags.io.output import output_errors
from spotitags.pipeline.corpus.rows import ROWS, Bad, TaggedRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from spotitags.pipeline.corpus.items import CoverItem
    from spotitags.pipeline.corpus.rows import Rows

_LOCK: Final = ".lock"


@contextmanager
def opened(folder: Path, card: Card) -> Iterator[list[Part]]:
    """Open a new or unfinished corpus, for this process alone; yield its finished parts.

    Raises:
        InputError: It was written by another tagger or from another input, another process writes to it, or
            the folder is not a corpus, or cannot be written.
    """
    import_pyarrow("a corpus")
    with output_errors(folder, "OUTPUT"):
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is a file: give a new folder as OUTPUT")
        if (
            folder.exists()
            and any(folder.iterdir())
            and not (folder / _LOCK).exists()
            and not is_corpus(folder)
        ):
            raise InputError(f"{folder} is not empty and no corpus: give a new folder as OUTPUT")
        for name in (COVERS, SKIPPED):
            (folder / name).mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"another run writes to {folder}: wait until it has ended, or give another OUTPUT"
        ) from None
    try:
        if (folder / CARD).exists():
            _check(folder, read_card(folder), card)
        else:
            with output_errors(folder, "OUTPUT"), replaced_file(folder / CARD, lasting=True) as file:
                file.write(card.to_json())
        done = parts(folder)
        _remove_unfinished({part.name for part in done}, folder / SKIPPED)
        yield done
    finally:
        lock.release()


def _check(folder: Path, old: Card, new: Card) -> None:
    """Check that a run may continue.

    Raises:
        InputError: The tagger or the input is another one now.
    """
    if (old.tagger, old.version) != (new.tagger, new.version):
        raise InputError(
            f"{folder} has tags of {old.tagger} {old.version}, not of {new.tagger} {new.version}: continue "
            "with the same tagger, options and version of SpotiTags, or give another OUTPUT"
        )
    if old.source.get("sha256") != new.source.get("sha256") or old.source.get("kind") != new.source.get(
        "kind"
    ):
        raise InputError(
            f"{folder} was begun with {_described(old)}, and the input is {_described(new)} now: give "
            "the same input to continue, or another OUTPUT, such as one for new covers alone"
        )


def _described(card: Card) -> str:
    covers = card.source.get("covers")
    count = "" if covers is None else f" ({covers} covers)"
    return f"{card.source.get('path')}{count}, as listed in {str(card.source.get('sha256'))[:8]}"


def _remove_unfinished(done: set[str], folder: Path) -> None:
    """Remove what killed runs left: tables of skipped covers whose part was not finished."""
    for file in folder.glob("*.parquet"):
        if file.name not in done:
            file.unlink()


def write_part(folder: Path, part: Part, rows: Rows, card: Card) -> None:
    """Write a part: first the covers that were skipped, then the others, with which the part is finished.

    Args:
        folder: The corpus.
        part: The part.
        rows: Its rows.
        card: Card of the corpus.

    Raises:
        InputError: It cannot be written.
    """
    bad = [(position, item, row) for position, item, row in rows if isinstance(row, Bad)]
    good = [(position, item, row) for position, item, row in rows if isinstance(row, TaggedRow)]
    with output_errors(folder, "OUTPUT"):
        if bad:
            columns = _common(part, bad) | {
                "code": [row.code for _, _, row in bad],
                "reason": [row.reason for _, _, row in bad],
            }
            _write(folder / SKIPPED / part.name, columns, skipped_schema())
        columns = _common(part, good) | {
            "digest": [row.digest for _, _, row in good],
            "width": [row.size and row.size[0] for _, _, row in good],
            "height": [row.size and row.size[1] for _, _, row in good],
            "labels": [row.labels for _, _, row in good],
            "weights": [row.weights for _, _, row in good],
        }
        if card.dimensions:
            columns["scale"] = [row.scale for _, _, row in good]
            columns["embedding"] = _vectors([row.embedding for _, _, row in good], card.dimensions)
        _write(folder / COVERS / part.name, columns, covers_schema(card))


def _common(part: Part, rows: Sequence[tuple[int, CoverItem, object]]) -> dict[str, Any]:
    return {
        "shard": [part.unit] * len(rows),
        "position": [position for position, _, _ in rows],
        "id": [item.id for _, item, _ in rows],
        "file": [item.file for _, item, _ in rows],
        **{name: [getattr(item, name) or None for _, item, _ in rows] for name in ARTIST_COLUMNS},
        "artist_id": [item.artist_id or item.artist_name or None for _, item, _ in rows],
    }


def _vectors(rows: Sequence[bytes], dimensions: int) -> Any:  # noqa: ANN401 - no types
    import pyarrow as pa

    values = pa.array([], pa.int8()) if not rows else pa.Array.from_buffers(
        pa.int8(), len(rows) * dimensions, [None, pa.py_buffer(b"".join(rows))]
    )  # fmt: skip
    return pa.FixedSizeListArray.from_arrays(values, dimensions)


def _write(path: Path, columns: dict[str, Any], schema: Any) -> None:  # noqa: ANN401 - no types
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: columns[name] for name in schema.names}, schema=schema)
    with replaced_file(path, lasting=True) as file:
        pq.write_table(table, file, compression="zstd", row_group_size=ROWS)
