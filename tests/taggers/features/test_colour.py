from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.cover_files import picture
from helpers.manifests import manifest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spotitags.pipeline.spotitags import SpotiTags
from spotitags.records import Album, Artist, Cover, TaggedCovers
from spotitags.settings import Settings
from spotitags.taggers.features.colour import (
    BINS,
    SIDE,
    histogram,
    pack_colours,
    thumbnail,
    unpack_colours,
)
from spotitags.taggers.features.registry import extractors_by_name

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


def test_extractors_give_a_row_of_features_per_cover() -> None:
    covers = [
        Cover(Album(str(n), "", ARTIST), str(n), np.asarray(picture(size=(64 * n, 64)))) for n in (1, 2, 3)
    ]
    colours, small = extractors_by_name(["colours", "thumbnail", "colours"])
    shares = colours.unpack(colours.extract(covers))
    assert shares.shape == (3, BINS**3)
    assert shares.sum(axis=1) == pytest.approx(1)
    pixels = small.unpack(small.extract(covers))
    assert pixels.shape == (3, 3 * SIDE**2)
    assert pixels[0] == pytest.approx(thumbnail(covers[0].pixels).ravel() / 255, abs=1e-6)


def test_measures_are_kept_like_tags_and_a_second_run_opens_no_cover(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path / "cache")
    path = manifest(tmp_path / "covers", {"a": "sea", "b": "fire"}, covers=2)

    def run() -> list[TaggedCovers]:
        spotitags = SpotiTags(settings=settings, manifest=path, tagger="lite")
        found = spotitags.tagged_covers(["a", "b"], extractors_by_name(["colours"]))
        return [seen for _, seen in found if isinstance(seen, TaggedCovers)]

    before = run()
    after = run()
    for one, two in zip(before, after, strict=True):
        assert one.features["colours"].shape == (2, BINS**3)
        assert (one.features["colours"] == two.features["colours"]).all()
        assert set(one.features) == {"lite", "colours"}
    blue, red = (seen.features["colours"].reshape(-1, BINS, BINS**2).sum(axis=2) for seen in before)
    assert (blue[:, 4:6].sum(axis=1) > 0.9).all(), "the sea is blue"
    assert (red[:, :2].sum(axis=1) > 0.9).all(), "fire is red and orange"
