"""Corpora of tagged covers, and inputs for them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.fake_taggers import FakeTagger
from spotitags.io.corpus import COVERS, SKIPPED, Card, Part
from spotitags.pipeline.corpus.engines import Corpus, Summary, run_local
from spotitags.pipeline.corpus.inputs import open_source
from spotitags.pipeline.corpus.items import CoverItem
from spotitags.pipeline.corpus.output import opened, write_part
from spotitags.pipeline.corpus.rows import TaggedRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spotitags.records import Cover


class EmbeddingTagger(FakeTagger):
    """`FakeTagger` whose embeddings are mean colours."""

    def embed(self, covers: Sequence[Cover]) -> NDArray[np.float32]:
        return np.stack([cover.pixels.mean(axis=(0, 1)) for cover in covers]).astype(np.float32)


def tag_corpus(source: Path, out: Path, tagger: FakeTagger | None = None, size: int = 4) -> Summary:
    """Tag an input with a fake tagger."""
    used = tagger or EmbeddingTagger()
    return run_local(Corpus(open_source(source), out, lambda: used, size))


def rows(corpus: Path, table: str = COVERS) -> list[dict[str, Any]]:
    """Return the rows of a corpus, in the order of its input."""
    found = [row for file in (corpus / table).glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    return sorted(found, key=lambda row: (row["shard"], row["position"]))


def skipped(corpus: Path) -> list[dict[str, Any]]:
    """Return the rows of covers that were skipped."""
    return rows(corpus, SKIPPED)


def write_tar(path: Path, members: Iterable[tuple[str, bytes | Mapping[str, object]]]) -> Path:
    """Write a tar file of pictures and JSON objects."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def write_parquet(path: Path, columns: Mapping[str, Sequence[object]]) -> Path:
    """Write a Parquet file with row groups of two rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), path, row_group_size=2)
    return path


class TaggedCover(NamedTuple):
    """A cover of a made-up corpus; covers with the same picture are copies."""

    artist: str
    genre: str | None
    tags: Mapping[str, float]
    picture: str


def made_up(folder: Path, covers: Sequence[TaggedCover], size: int = 3) -> Path:
    """Write a corpus of these covers, without running a tagger."""
    card = Card("lite", "1", 0, {"path": "", "kind": "folder", "covers": len(covers), "sha256": ""})
    with opened(folder, card):
        for start in range(0, len(covers), size):
            part = Part(0, start, min(start + size, len(covers)))
            found = [(number, *_row(number, covers[number])) for number in range(part.start, part.stop)]
            write_part(folder, part, [*found], card)
    return folder


def _row(number: int, cover: TaggedCover) -> tuple[CoverItem, TaggedRow]:
    digest = hashlib.sha256(cover.picture.encode()).hexdigest()
    heaviest = sorted(cover.tags.items(), key=lambda tag: -tag[1])
    name = f"The {cover.artist}" if cover.artist else ""
    item = CoverItem(f"{number}", f"{number}.jpg", cover.artist, name, cover.genre or "")
    return item, TaggedRow(digest, (300, 300), [each for each, _ in heaviest], [each for _, each in heaviest])
