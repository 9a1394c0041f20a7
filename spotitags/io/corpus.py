"""Layout of a corpus folder: tags of many covers in Parquet files, and the card of the run that wrote them.

``run.json`` is the card. ``covers/`` has a row for each cover that was tagged, ``skipped/`` one for each that
was not, in parts of the same names: each cover of the input is in exactly one of the two.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from classifiers.files import read_plain
from spotitags.errors import InputError, NotInstalledError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

FORMAT: Final = 1
"""Format of corpus folders that this version reads and writes."""
CARD: Final = "run.json"
COVERS: Final = "covers"
SKIPPED: Final = "skipped"
ARTIST_COLUMNS: Final = ("artist_id", "artist_name", "genre", "album_name", "release_date")
"""Columns that may be null, as the input does not have them."""

_METADATA: Final = b"spotitags"  # key of the card in the metadata of a Parquet file
_NAME: Final = re.compile(r"(\d{5,})-(\d{10,})-(\d{10,})(-end)?\.parquet")


class Part(NamedTuple):
    """Part of a corpus: consecutive covers of one unit of its input.

    Attributes:
        unit: Number of the input's file with the covers; 0 for a folder or table of cover files.
        start: Number of the first cover in the unit.
        stop: Number of the last one, plus 1.
        last: True if the unit's end was found behind it.
    """

    unit: int
    start: int
    stop: int
    last: bool = False

    @property
    def name(self) -> str:
        """Name of its files."""
        return f"{self.unit:05d}-{self.start:010d}-{self.stop:010d}{'-end' if self.last else ''}.parquet"

    @classmethod
    def of(cls, name: str) -> Part | None:
        """Return the part of a file of this name; None if it is no part's."""
        match = _NAME.fullmatch(name)
        return match and cls(int(match[1]), int(match[2]), int(match[3]), last=bool(match[4]))


@dataclass(frozen=True, slots=True)
class Card:
    """Card of a corpus.

    Attributes:
        tagger: Name of the tagger.
        version: Its version.
        dimensions: Dimensions of its embeddings; 0 if it gives none.
        source: Description of the input: ``path``, ``kind``, ``covers`` (null if unknown) and ``sha256`` of
            what the input lists.
        spotitags: Version of SpotiTags.
    """

    tagger: str
    version: str
    dimensions: int
    source: dict[str, Any]
    spotitags: str = ""

    def to_json(self) -> bytes:
        """Return the content of `CARD`."""
        card = {
            "format": FORMAT,
            "spotitags": self.spotitags,
            "tagger": {"name": self.tagger, "version": self.version},
            "embedding": {"dimensions": self.dimensions, "packing": "int8-1"} if self.dimensions else None,
            "input": self.source,
        }
        return f"{json.dumps(card, indent=2, ensure_ascii=False)}\n".encode()


def is_corpus(folder: Path) -> bool:
    """Return whether a folder is a corpus, finished or not."""
    return (folder / CARD).is_file() and (folder / COVERS).is_dir()


def read_card(folder: Path) -> Card:
    """Read the card of a corpus.

    Raises:
        InputError: It cannot be read, or is of another format.
    """
    path = folder / CARD
    try:
        return _card(read_plain(path, 1_000_000), path)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error}): restore it, or write the corpus anew") from error


def _card(text: bytes, path: Path) -> Card:
    try:
        card = json.loads(text)
        if card["format"] != FORMAT:
            raise InputError(f"{path} is of format {card['format']}, not {FORMAT}: update SpotiTags")
        dimensions = card["embedding"]["dimensions"] if card["embedding"] else 0
        tagger = card["tagger"]
        return Card(str(tagger["name"]), str(tagger["version"]), int(dimensions), dict(card["input"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is not the card of a corpus ({error}): restore it, or write the corpus anew"
        ) from error


def corpus_files(path: Path) -> list[Path]:
    """Return the Parquet files of a corpus: of its folder, of the folder of its covers, or one of them.

    Empty for anything else, such as a folder of pictures.
    """
    folder = path.parent if path.name == COVERS else path
    if path.is_dir():
        return [folder / COVERS / part.name for part in parts(folder)] if is_corpus(folder) else []
    return [path] if _file_card(path) else []


def corpus_card(path: Path) -> Card:
    """Return the card of a corpus, which each of its files has, too.

    Args:
        path: As for `corpus_files`.

    Raises:
        InputError: It is no corpus.
    """
    for folder in (path, path.parent):
        if is_corpus(folder):
            return read_card(folder)
    if text := _file_card(path):
        return _card(text, path)
    raise InputError(f"{path} is no corpus: give a folder that 'spotitags tag-corpus' wrote")


def _file_card(path: Path) -> bytes:
    """Return the card in the metadata of a Parquet file; empty if it has none."""
    if path.suffix.lower() != ".parquet" or not path.is_file():
        return b""
    schema = import_pyarrow("a corpus").parquet
    try:
        found: bytes = (schema.read_schema(path).metadata or {}).get(_METADATA, b"")
    except (OSError, ValueError):
        return b""
    return found


def parts(folder: Path) -> list[Part]:
    """Return the finished parts of a corpus, in the order of its input."""
    return sorted(part for file in (folder / COVERS).glob("*.parquet") if (part := Part.of(file.name)))


def import_pyarrow(what: str) -> Any:  # noqa: ANN401 - no types
    """Import pyarrow.

    Args:
        what: The feature that needs it, as the user called it.

    Raises:
        NotInstalledError: It is missing.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError as error:
        raise NotInstalledError(what, "parquet") from error
    return pa


def covers_schema(card: Card) -> pa.Schema:
    """Return the columns of tagged covers, with the card as metadata.

    An embedding is ``embedding * scale``, as `spotitags.taggers.features.embedding.pack` packs it.
    """
    import pyarrow as pa

    fields = [
        ("shard", pa.int32()),
        ("position", pa.int64()),
        ("id", pa.string()),
        ("file", pa.string()),
        ("digest", pa.string()),
        *((name, pa.string()) for name in ARTIST_COLUMNS),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("labels", pa.list_(pa.string())),
        ("weights", pa.list_(pa.float64())),
    ]
    if card.dimensions:
        fields += [("scale", pa.float32()), ("embedding", pa.list_(pa.int8(), card.dimensions))]
    return pa.schema(fields, metadata={_METADATA: card.to_json()})


def skipped_schema() -> pa.Schema:
    """Return the columns of covers that could not be used."""
    import pyarrow as pa

    texts = ("id", "file", *ARTIST_COLUMNS, "code", "reason")
    return pa.schema(
        [("shard", pa.int32()), ("position", pa.int64()), *((name, pa.string()) for name in texts)]
    )
