from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.cover_files import picture
from helpers.manifests import manifest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spotitags.errors import InputError
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.records import Album, Artist, Cover, TaggedCovers
from spotitags.settings import Settings
from spotitags.taggers.features.colour import (
    BINS,
    SIDE,
    appearance_readers,
    histogram,
    pack_colours,
    thumbnail,
    unpack_colours,
    with_appearance,
)
from spotitags.taggers.features.embedding import embedding_extractors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PIXELS = arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3)))
ARTIST = Artist("a", "A")


def plain(red: int, green: int, blue: int) -> NDArray[np.uint8]:
    return np.full((4, 5, 3), (red, green, blue), np.uint8)


@pytest.mark.parametrize(
    ("colour", "place"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((255, 255, 255), (0, 0, BINS - 1)),
        ((255, 0, 0), (0, BINS - 1, BINS - 1)),
        ((0, 255, 0), (2, BINS - 1, BINS - 1)),
        ((0, 0, 255), (5, BINS - 1, BINS - 1)),
        ((0, 0, 100), (5, BINS - 1, 3)),
    ],
)
def test_a_plain_colour_fills_its_bin(colour: tuple[int, int, int], place: tuple[int, int, int]) -> None:
    shares = histogram(plain(*colour)).reshape(BINS, BINS, BINS)
    assert np.argwhere(shares).tolist() == [list(place)]
    assert shares[place] == 1


@given(PIXELS)
def test_a_histogram_sums_to_one_wherever_the_pixels_stand(pixels: NDArray[np.uint8]) -> None:
    shares = histogram(pixels)
    assert shares.sum() == pytest.approx(1)
    assert (shares >= 0).all()
    assert (histogram(pixels[::-1, ::-1].copy()) == shares).all()


@given(PIXELS)
def test_packing_loses_next_to_nothing_and_packing_again_nothing(pixels: NDArray[np.uint8]) -> None:
    shares = histogram(pixels)[np.newaxis]
    back = unpack_colours(pack_colours(shares))
    assert back.sum() == pytest.approx(1, abs=1e-6)
    assert np.sqrt(back) == pytest.approx(np.sqrt(shares), abs=0.006)
    assert np.abs(pack_colours(back).astype(int) - pack_colours(shares)).max() <= 1


def test_a_thumbnail_is_made_of_means() -> None:
    halves = np.zeros((64, 64, 3), np.uint8)
    halves[:, 32:] = (200, 100, 50)
    small = thumbnail(halves)
    assert small.shape == (SIDE, SIDE, 3)
    assert (small[:, : SIDE // 2] == 0).all()
    assert (small[:, SIDE // 2 :] == (200, 100, 50)).all()


def test_what_readers_say_becomes_numbers_beside_the_tags() -> None:
    covers = [
        Cover(Album(str(n), "", ARTIST), str(n), np.asarray(picture(size=(64 * n, 64)))) for n in (1, 2, 3)
    ]
    readers = appearance_readers(["colours", "thumbnail", "colours"])
    tags = {reader.name: reader.tag(covers) for reader in readers} | {"other": [[], [], []]}
    seen = with_appearance(TaggedCovers(ARTIST, tags, tuple(cover.album for cover in covers)))
    assert set(seen.tags) == {"other"}
    assert seen.embeddings["colours"].shape == (3, BINS**3)
    assert seen.embeddings["colours"].sum(axis=1) == pytest.approx(1)
    assert seen.embeddings["thumbnail"].shape == (3, 3 * SIDE**2)
    first = thumbnail(covers[0].pixels).ravel() / 255
    assert seen.embeddings["thumbnail"][0] == pytest.approx(first, abs=1e-6)


def test_a_measure_that_is_none_is_named() -> None:
    with pytest.raises(InputError, match=r"'smell'.*colours, thumbnail"):
        appearance_readers(["smell"])
    assert embedding_extractors([]) == appearance_readers([]) == []


def test_measures_are_kept_like_tags_and_a_second_run_opens_no_cover(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path / "cache")
    path = manifest(tmp_path / "covers", {"a": "sea", "b": "fire"}, covers=2)

    def run() -> list[TaggedCovers]:
        spotitags = SpotiTags(settings=settings, manifest=path, tagger="lite")
        found = spotitags.tagged_covers(["a", "b"], appearance_readers(["colours"]))
        return [seen for _, seen in found if isinstance(seen, TaggedCovers)]

    before = run()
    after = run()
    for one, two in zip(before, after, strict=True):
        assert one.embeddings["colours"].shape == (2, BINS**3)
        assert (one.embeddings["colours"] == two.embeddings["colours"]).all()
        assert set(one.embeddings) == {"lite", "colours"}
    blue, red = (seen.embeddings["colours"].reshape(-1, BINS, BINS**2).sum(axis=2) for seen in before)
    assert (blue[:, 4:6].sum(axis=1) > 0.9).all(), "the sea is blue"
    assert (red[:, :2].sum(axis=1) > 0.9).all(), "fire is red and orange"
