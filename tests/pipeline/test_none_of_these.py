"""The answer "none of these genres" of predictions with the bundled model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spotitags.bags.bag import bag
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.pipeline.library_tags import library_tags
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.pipeline.voting import Voting
from spotitags.records import NONE_FROM, Artist, Prediction, TaggedCovers
from spotitags.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BLIND_GUARDIAN = "7jxJ25p0pPjk0MStloN6o6"
PREDICTION = Prediction(Artist("a", "A"), {"jazz": 0.3, "metal": 0.7}, (), ())


@given(st.none() | st.floats(0, 1))
def test_there_is_no_genre_from_three_in_four_on_and_always_a_leading_one(none: float | None) -> None:
    prediction = replace(PREDICTION, none=none)
    assert prediction.leading == "metal"
    assert prediction.genre == (None if none is not None and none >= 0.75 else "metal")


@pytest.mark.parametrize(("none", "genre"), [(NONE_FROM, None), (NONE_FROM - 1e-9, "metal")])
def test_the_limit_itself_is_none(none: float, genre: str | None) -> None:
    assert replace(PREDICTION, none=none).genre == genre


def predicted(
    ref: str, genres: Sequence[str] = (), *, version: str | None = None, embeddings: bool = True
) -> Prediction:
    library = LibraryCatalog()
    found = library_tags(library, ref, 10, embeddings=embeddings)
    assert isinstance(found, TaggedCovers)
    voting = Voting(None, {"lite": version or library.version}, genres=genres)
    return voting.predict([bag(found.artist, "lite", found.tags["lite"])], found)


def test_an_artist_that_the_model_was_not_trained_on_stays_surely_metal() -> None:
    library = LibraryCatalog()
    assert BLIND_GUARDIAN in library.held_out
    prediction = predicted(BLIND_GUARDIAN)
    assert prediction.genre == "metal"
    assert prediction.none is not None
    assert prediction.none < 0.1
    assert prediction.confidence
    assert prediction.confidence.sure


def test_most_held_out_artists_keep_their_genre() -> None:
    library = LibraryCatalog()
    found = [predicted(artist) for artist in sorted(library.held_out)]
    assert len(found) == 10
    assert sum(prediction.genre is not None for prediction in found) >= 8
    sure = [each for each in found if each.confidence and each.confidence.sure]
    assert len(sure) >= 4
    assert all(each.none is not None and each.none < 0.45 for each in sure)


def test_none_of_some_genres_is_none_of_all_or_one_that_was_left_out() -> None:
    whole = predicted(BLIND_GUARDIAN)
    assert whole.none is not None
    for genres in (["jazz", "metal"], ["country", "jazz"], ["classical", "country", "hiphop", "jazz"]):
        some = predicted(BLIND_GUARDIAN, genres)
        expected = 1 - (1 - whole.none) * sum(whole.votes[genre] for genre in genres)
        assert some.none == pytest.approx(expected)
        assert some.none >= whole.none
        assert some.confidence is None
        assert some.genre == ("metal" if "metal" in genres else None)
        assert some.leading in genres
    in_order = predicted(BLIND_GUARDIAN, ["metal", "jazz", "hiphop", "country", "classical"])
    assert in_order.none == pytest.approx(whole.none), "all genres"


def test_none_is_unknown_for_another_version_and_without_embeddings() -> None:
    for prediction in (
        predicted(BLIND_GUARDIAN, version="of old"),
        predicted(BLIND_GUARDIAN, embeddings=False),
    ):
        assert prediction.none is None
        assert prediction.genre == "metal"


def test_black_squares_are_none_of_the_genres(tmp_path: Path) -> None:
    folder = tmp_path / "void"
    folder.mkdir()
    for number in range(10):
        Image.new("RGB", (300 + number, 300 + number), "black").save(folder / f"{number}.png")
    settings = Settings(cache_dir=tmp_path / "cache")
    prediction = SpotiTags(manifest=tmp_path, tagger="lite", settings=settings).predict("void")
    assert prediction.genre is None
    assert prediction.none is not None
    assert prediction.none > 0.9
    assert prediction.leading == next(iter(prediction.votes))
    assert sum(prediction.votes.values()) == pytest.approx(1), "the shares compare the genres"
    assert not (prediction.confidence and prediction.confidence.sure)
    own = SpotiTags(manifest=tmp_path, tagger="lite", settings=settings, genres=["doom metal", "k-pop"])
    untrained = own.predict("void")
    assert untrained.none is None
    assert untrained.genre == untrained.leading, "untrained votes always name a genre"
