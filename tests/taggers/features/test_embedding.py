from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.manifests import manifest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from spotitags.pipeline.spotitags import SpotiTags
from spotitags.records import Album, Artist, Cover, Tag, TaggedCovers
from spotitags.settings import Settings
from spotitags.taggers.features.embedding import (
    EmbeddingExtractor,
    embedding_extractors,
    pack,
    unpack,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spotitags.taggers.base import Readiness, TaggerOptions

NUMBERS = st.floats(-1e6, 1e6, width=32)
ROWS = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=NUMBERS)
ARTIST = Artist("a", "A")


class Means:
    """A tagger that embeds: mean red, green and blue. Counts what it is shown."""

    name = "means"
    version = "1"
    image_size = 64
    batch_size = 4

    def __init__(self) -> None:
        self.tagged: list[str] = []
        self.embedded: list[str] = []

    @classmethod
    def from_options(cls, options: TaggerOptions) -> Means:
        raise NotImplementedError

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:
        raise NotImplementedError

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        self.tagged += [cover.digest for cover in covers]
        return [[Tag("something", 0.5)] for _ in covers]

    def embed(self, covers: Sequence[Cover]) -> NDArray[np.float32]:
        self.embedded += [cover.digest for cover in covers]
        return np.array([cover.pixels.mean(axis=(0, 1)) for cover in covers], dtype=np.float32)


@given(ROWS)
def test_a_number_comes_back_within_half_a_step(rows: NDArray[np.float32]) -> None:
    packed = pack(rows)
    assert packed.shape == (len(rows), 4 + rows.shape[1])
    step = np.abs(rows).max(axis=1, keepdims=True) / 127
    assert (np.abs(unpack(packed) - rows) <= step * 0.501 + 1e-37).all()


@given(ROWS)
def test_packing_again_changes_nothing(rows: NDArray[np.float32]) -> None:
    once = unpack(pack(rows))
    assert unpack(pack(once)) == pytest.approx(once, rel=1e-6)


def test_no_covers_have_no_rows() -> None:
    assert unpack(pack(np.zeros((0, 5), np.float32))).shape == (0, 5)


def test_an_extractor_packs_and_unpacks_its_tagger_s_embeddings() -> None:
    means = Means()
    (extractor,) = embedding_extractors([means])
    assert means.version in extractor.version
    assert extractor.feature == "means"
    covers = [Cover(Album(str(n), "", ARTIST), str(n), np.full((8, 8, 3), 40 * n, np.uint8)) for n in (1, 2)]
    features = extractor.unpack(extractor.extract(covers))
    assert features == pytest.approx(np.array([[40] * 3, [80] * 3]))
    tagged = TaggedCovers(
        ARTIST,
        {"means": means.tag(covers)},
        tuple(cover.album for cover in covers),
        features={"means": features},
    )
    assert tagged.subset([1]).features["means"] == pytest.approx(np.array([[80] * 3]))
    assert len(tagged.subset([1]).tags["means"]) == len(tagged.subset([1]).albums) == 1


def test_a_tagger_that_cannot_embed_has_no_reader() -> None:
    class Plain:
        name = "plain"

    assert embedding_extractors([Plain()]) == []  # type: ignore[list-item]
    assert isinstance(embedding_extractors([Means()])[0], EmbeddingExtractor)


def test_a_second_run_neither_tags_nor_embeds(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path / "cache")
    path = manifest(tmp_path / "covers", {"a": "sea", "b": "fire"}, covers=3)

    def run() -> tuple[Means, list[TaggedCovers]]:
        means = Means()
        spotitags = SpotiTags(settings=settings, manifest=path, tagger=means)
        return means, [
            seen for _, seen in spotitags.tagged_covers(["a", "b"]) if isinstance(seen, TaggedCovers)
        ]

    first, before = run()
    second, after = run()
    assert len(first.tagged) == len(first.embedded) == 6
    assert second.tagged == second.embedded == []
    for one, two in zip(before, after, strict=True):
        assert one.features["means"].shape == (3, 3)
        assert (one.features["means"] == two.features["means"]).all()
    assert before[0].features["means"][:, 2].min() > before[1].features["means"][:, 2].max(), "the sea"


def test_tags_alone_are_had_without_embedding(tmp_path: Path) -> None:
    means = Means()
    path = manifest(tmp_path / "covers", {"a": "sea"}, covers=2)
    settings = Settings(cache_dir=tmp_path / "cache")
    assert SpotiTags(settings=settings, manifest=path, tagger=means).tag("a") == [Tag("something", 1.0)]
    assert means.embedded == []
