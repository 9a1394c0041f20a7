from __future__ import annotations

import pytest

from spotitags.bags.distinctive import distinct_tags, log_odds_tags
from spotitags.errors import InputError
from spotitags.records import Artist, Tag, TagBag


def bag(artist: str, genre: str | None, tagger: str = "lite", **weights: float) -> TagBag:
    tags = sorted((Tag(*tag) for tag in weights.items()), key=lambda tag: -tag.weight)
    return TagBag(Artist(artist, genre=genre), tagger, tuple(tags), covers=5)


CORPUS = [
    bag("a", "metal", man=3.0, skull=2.0, church=0.5),
    bag("b", "metal", man=2.0, skull=1.5),
    bag("c", "jazz", man=3.0, trumpet=2.5),
    bag("d", "country", man=2.5, hat=2.0, church=0.25),
]


def test_distinct_tags_are_in_one_genres_top_alone() -> None:
    assert distinct_tags(CORPUS) == {
        "country": [Tag("hat", 2.0)],
        "jazz": [Tag("trumpet", 2.5)],
        "metal": [Tag("skull", 3.5)],
    }


def test_only_the_top_k_of_each_genre_are_compared() -> None:
    loud, quiet = bag("a", "metal", man=3.0, church=2.0), bag("b", "jazz", man=3.0, trumpet=2.0, church=1.0)
    assert distinct_tags([loud, quiet], k=2)["metal"] == [Tag("church", 2.0)]
    assert distinct_tags([loud, quiet], k=3)["metal"] == []
    assert distinct_tags(CORPUS, k=1) == {"country": [], "jazz": [], "metal": []}


def test_by_default_the_top_100_of_each_genre_are_compared() -> None:
    many = bag("a", "metal", **{f"tag{number:03}": 200.0 - number for number in range(101)})
    jazz = bag("b", "jazz", tag099=1.0, tag100=1.0)
    found = distinct_tags([many, jazz])
    assert found["jazz"] == [Tag("tag100", 1.0)]
    assert [tag.label for tag in found["metal"]] == [f"tag{number:03}" for number in range(99)]


def test_log_odds_rank_every_tag_and_put_the_common_one_between() -> None:
    tags = log_odds_tags(CORPUS)
    assert list(tags) == ["country", "jazz", "metal"]
    assert [ranked[0].label for ranked in tags.values()] == ["hat", "trumpet", "skull"]
    for ranked in tags.values():
        weights = dict(ranked)
        assert set(weights) == {"man", "skull", "church", "trumpet", "hat"}
        assert ranked[0].weight > abs(weights["man"])
        assert ranked[-1].weight < 0


def test_genres_given_beside_the_bags_win_over_the_artists_own() -> None:
    assert set(distinct_tags(CORPUS, ["x", "x", "y", "y"])) == {"x", "y"}


@pytest.mark.parametrize(
    ("bags", "genres", "message"),
    [
        ([bag("a", None, man=1.0)], None, "artist a has no genre"),
        (CORPUS, ["metal"], "4 bags and 1 genres"),
        ([CORPUS[0], bag("z", "jazz", tagger="clip", man=1.0)], None, r"several taggers \(clip, lite\)"),
    ],
)
def test_bags_that_cannot_be_compared_are_refused(
    bags: list[TagBag], genres: list[str] | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        distinct_tags(bags, genres)
    with pytest.raises(InputError, match=message):
        log_odds_tags(bags, genres)


def test_one_genre_or_a_prior_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="two genres"):
        log_odds_tags(CORPUS[:2])
    with pytest.raises(InputError, match="prior"):
        log_odds_tags(CORPUS, prior=0)
    with pytest.raises(InputError, match="k is 0"):
        distinct_tags(CORPUS, k=0)
