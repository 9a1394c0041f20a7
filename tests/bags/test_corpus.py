"""Bags of a corpus by DuckDB: the numbers of the bags in Python."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from helpers.corpora import TaggedCover, made_up
from hypothesis import given, settings
from hypothesis import strategies as st

from spotitags.bags.bag import bag, top
from spotitags.bags.corpus import CorpusBags
from spotitags.bags.distinctive import distinct_tags, log_odds_tags
from spotitags.bags.tables import Row, rows
from spotitags.errors import InputError
from spotitags.records import Artist, Tag, TagBag

COVERS = st.builds(
    TaggedCover,
    artist=st.sampled_from("abcd"),
    genre=st.just(None),
    tags=st.dictionaries(
        st.sampled_from(["skull", "it's", "poster", "sea", "fire"]),
        st.integers(0, 10_000).map(lambda n: n / 10_000),
    ),
    picture=st.text("xyz", min_size=1, max_size=2),
)
GENRES = {"a": "jazz", "b": "metal", "c": "Jazz", "d": "pop"}


def with_genres(covers: list[TaggedCover]) -> list[TaggedCover]:
    """Give artists genres, and the same picture the same tags."""
    tags = {cover.picture: cover.tags for cover in covers}
    return [cover._replace(genre=GENRES[cover.artist], tags=tags[cover.picture]) for cover in covers]


def bags(covers: list[TaggedCover], albums: int, *, keep_broad: bool) -> list[TagBag]:
    """Sum the tags in Python, as for covers on disk."""
    found = []
    for name in dict.fromkeys(cover.artist for cover in covers):
        own = [cover for cover in covers if cover.artist == name]
        unique = list({cover.picture: cover.tags for cover in own}.values())[:albums]
        artist = Artist(name, f"The {name}", GENRES[name])
        found.append(
            bag(
                artist,
                "lite",
                [[Tag(*tag) for tag in each.items()] for each in unique],
                keep_broad=keep_broad,
            )
        )
    return found


@settings(max_examples=25)
@given(st.lists(COVERS, min_size=1, max_size=12).map(with_genres), st.integers(1, 4), st.booleans())
def test_rows_and_distinct_tags_are_those_of_the_bags(
    covers: list[TaggedCover], albums: int, keep: bool
) -> None:
    expected = bags(covers, albums, keep_broad=keep)
    with tempfile.TemporaryDirectory() as folder:
        corpus = made_up(Path(folder) / "corpus", covers)
        with CorpusBags(corpus, albums=albums, keep_broad=keep) as found:
            assert list(found.rows()) == list(rows(expected))
            assert list(found.rows(2)) == list(rows([top(each, 2) for each in expected]))
            assert_close(found.distinct_tags(3), distinct_tags(expected, k=3))
            if len({GENRES[cover.artist].lower() for cover in covers}) > 1:
                assert_close(found.log_odds_tags(), log_odds_tags(expected))


def assert_close(found: dict[str, list[Tag]], expected: dict[str, list[Tag]]) -> None:
    assert list(found) == list(expected)
    for genre, tags in expected.items():
        assert dict(found[genre]) == pytest.approx(dict(tags), abs=1e-9)


def test_a_parquet_file_has_the_rows(tmp_path: Path) -> None:
    covers = [
        TaggedCover("b", None, {"sea": 0.5, "sky": 0.25}, "1"),
        TaggedCover("a", None, {"sea": 1.0}, "2"),
    ]
    with CorpusBags(made_up(tmp_path / "it's a corpus", covers)) as found:
        found.write_parquet(tmp_path / "tags.parquet")
        assert found.artists() == 2
    table = pq.read_table(tmp_path / "tags.parquet").to_pylist()
    assert [Row(**row) for row in table] == [
        Row("b", "The b", None, "lite", "sea", 0.5),
        Row("b", "The b", None, "lite", "sky", 0.25),
        Row("a", "The a", None, "lite", "sea", 1.0),
    ]


def test_genres_are_needed_and_may_not_differ(tmp_path: Path) -> None:
    plain = made_up(tmp_path / "plain", [TaggedCover("a", None, {"sea": 0.5}, "1")])
    with CorpusBags(plain) as found, pytest.raises(InputError, match="the artist a has no genre"):
        found.distinct_tags()
    two = [TaggedCover("a", genre, {"sea": 0.5}, genre) for genre in ("jazz", "metal")]
    with (
        CorpusBags(made_up(tmp_path / "two", two)) as found,
        pytest.raises(InputError, match="'jazz' and 'metal'"),
    ):
        found.distinct_tags()
    with CorpusBags(plain) as found, pytest.raises(InputError, match="k is 0"):
        found.distinct_tags(0)


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    corpus = made_up(tmp_path / "corpus", [TaggedCover("a", None, {"sea": 0.5}, "1")])
    next((corpus / "covers").iterdir()).write_bytes(b"PAR1")
    with pytest.raises(InputError, match="cannot be summed"):
        CorpusBags(corpus)
