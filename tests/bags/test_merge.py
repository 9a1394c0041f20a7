"""Properties of merged tags and of bags of several taggers."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.bags.bag import artist_bags, bag, merged_name
from spotitags.bags.merge import merge, merge_tags, merged_version, normalised_label
from spotitags.records import Album, Artist, Skipped, Tag, TaggedCovers

if TYPE_CHECKING:
    from collections.abc import Mapping

ARTIST = Artist("a", "A")
WORDS = [
    "guitar",
    "Guitar",
    "hip hop",
    "hip-hop",
    "HIP_HOP",
    "night  sky",
    "glass",
    "glasses",
    "poster",
    "café",
]
WEIGHTS = st.sampled_from([0.0, 0.001, 0.25, 0.5, 0.98, 1.0]) | st.floats(0, 1)
COVER = st.dictionaries(st.sampled_from(WORDS), WEIGHTS, max_size=6).map(
    lambda weights: [Tag(*tag) for tag in weights.items()]
)
LOOKS = st.lists(COVER, min_size=1, max_size=4)


@given(LOOKS)
def test_the_order_of_the_taggers_makes_no_difference(looks: list[list[Tag]]) -> None:
    assert len({tuple(merge_tags(order)) for order in permutations(looks)}) == 1


@given(LOOKS)
def test_weights_are_in_0_to_1_best_first_and_no_label_stands_twice(looks: list[list[Tag]]) -> None:
    tags = merge_tags(looks)
    assert all(0 < tag.weight <= 1 for tag in tags)
    assert tags == sorted(tags, key=lambda tag: (-tag.weight, tag.label))
    assert len({tag.label for tag in tags}) == len(tags)


@given(LOOKS)
def test_every_label_with_a_weight_is_there_in_its_normalised_form_but_broad_ones(
    looks: list[list[Tag]],
) -> None:
    named = {normalised_label(label) for tags in looks for label, weight in tags if weight > 0}
    assert {tag.label for tag in merge_tags(looks)} == named - {"poster"}
    assert {tag.label for tag in merge_tags(looks, keep_broad=True)} == named


@given(COVER, st.integers(1, 3))
def test_a_tagger_merged_with_itself_says_what_it_says_alone_and_merging_again_changes_nothing(
    cover: list[Tag], times: int
) -> None:
    once = merge_tags([cover])
    assert dict(merge_tags([cover] * times)) == pytest.approx(dict(once))
    assert dict(merge_tags([once])) == pytest.approx(dict(once))


@given(COVER, COVER, st.floats(0.01, 1))
def test_a_tagger_s_scale_makes_no_difference(one: list[Tag], other: list[Tag], scale: float) -> None:
    other = [Tag(label, round(weight, 3)) for label, weight in other]
    smaller = [Tag(label, weight * scale) for label, weight in other]
    assert merge_tags([one, smaller]) == merge_tags([one, other])


@given(COVER)
def test_one_tagger_s_order_is_kept(cover: list[Tag]) -> None:
    weighted = {tag.label: tag.weight for tag in cover if tag.weight > 0}
    ranked = dict(merge_tags([[Tag(f"label {i}", weight) for i, weight in enumerate(weighted.values())]]))
    weights = list(weighted.values())
    for i, a in enumerate(weights):
        for j, b in enumerate(weights):
            if a > b:
                assert ranked[f"label {i}"] > ranked[f"label {j}"]


@given(LOOKS)
def test_a_label_that_all_put_first_weighs_1(looks: list[list[Tag]]) -> None:
    tags = merge_tags([[Tag("first", 1.0), *(tag for tag in look if tag.weight < 1)] for look in looks])
    assert tags[0] == Tag("first", 1.0)


@given(st.lists(LOOKS.filter(lambda looks: len(looks) == 2), max_size=5))
def test_a_merged_bag_s_weights_are_at_most_its_covers(covers: list[list[list[Tag]]]) -> None:
    whole = bag(ARTIST, "one+two", [merge_tags(looks) for looks in covers])
    assert all(0 < tag.weight <= whole.covers for tag in whole.tags)


def test_tags_of_equal_weight_are_in_alphabetical_order_in_any_order_of_taggers() -> None:
    covers = [[Tag("sea", 0.5), Tag("man", 0.5)], [Tag("fire", 0.1), Tag("boat", 0.1)]]
    for order in (covers, covers[::-1]):
        assert [tag.label for tag in merge_tags(order)] == ["boat", "fire", "man", "sea"]


@given(st.text())
def test_a_normalised_label_is_its_own_normalised_form(text: str) -> None:
    assert normalised_label(normalised_label(text)) == normalised_label(text)


@pytest.mark.parametrize(
    ("label", "form"),
    [
        ("Black-and-white", "black and white"),
        ("  black_and\u2013white ", "black and white"),
        ("Jack\u2019o lantern", "jack'o lantern"),
        ("\uff37\uff2f\uff32\uff24", "word"),
        ("glasses", "glasses"),
        ("STRASSE", "strasse"),
        ("\u2665", "\u2665"),
        ("--", "--"),
        ("\u0926\u093f\u0932", "\u0926\u093f\u0932"),
    ],
)
def test_labels_meet_by_case_and_gaps_and_by_nothing_else(label: str, form: str) -> None:
    assert normalised_label(label) == form


def album(number: int) -> Album:
    return Album(str(number), f"Album {number}", ARTIST, digest=f"d{number}")


def tagged_covers(
    *,
    unreadable: Mapping[str, Mapping[int, str]] | None = None,
    missing: Mapping[str, str] | None = None,
    names: tuple[str, ...] = ("two", "one"),
) -> TaggedCovers:
    tags = {
        "one": [[Tag("Guitar", 0.9), Tag("sky", 0.8)], [Tag("sky", 0.7)]],
        "two": [[Tag("guitar", 0.02)], [Tag("sea", 0.01)]],
    }
    return TaggedCovers(
        ARTIST,
        {name: tags[name] for name in names},
        (album(0), album(1)),
        (Skipped("Album 2", "truncated"),),
        {name: np.array([[3.0, 4.0], [0.0, 0.0]], np.float32) for name in names if name == "one"},
        unreadable or {},
        missing or {},
    )


def test_the_bag_of_all_is_named_by_all_in_one_order() -> None:
    assert merged_name(["lite", "clip"]) == merged_name(["clip", "lite"]) == "clip+lite"
    versions = {"lite": "1", "clip": "2"}
    assert merged_version(versions) == merged_version(dict(reversed(versions.items())))
    assert merged_version(versions) != merged_version({"lite": "1", "clip": "3"})
    assert "\n" not in merged_version(versions)


def test_merged_covers_stand_in_place_of_the_taggers() -> None:
    whole = merge(tagged_covers(), ["two", "one"])
    assert list(whole.tags) == ["one+two"]
    assert whole.tags["one+two"] == [
        [Tag("guitar", 1.0), Tag("sky", 0.25)], [Tag("sea", 0.5), Tag("sky", 0.5)],
    ]  # fmt: skip
    assert whole.features["one+two"].tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0.0, 0.0]]
    (bag_of_all,) = artist_bags(whole, ["two", "one"], merged=True)
    assert bag_of_all.tagger == "one+two"
    assert bag_of_all.weights() == {"guitar": 1.0, "sky": 0.75, "sea": 0.5}


def test_merged_embeddings_stand_in_one_order_whatever_the_order_of_the_taggers() -> None:
    embeddings = {"two": np.array([[0, 2], [3, 0]], np.float32), "one": np.array([[5], [0]], np.float32)}
    both = replace(tagged_covers(), features=embeddings)
    for names in (["two", "one"], ["one", "two"]):
        assert merge(both, names).features["one+two"].tolist() == [[1, 0, 1], [0, 1, 0]]


def test_a_cover_that_one_cannot_read_is_merged_from_the_others_and_named() -> None:
    whole = merge(tagged_covers(unreadable={"one": {1: "too dark"}}), ["two", "one"])
    assert whole.tags["one+two"][1] == [Tag("sea", 1.0)]
    (bag_of_all,) = artist_bags(whole, ["two", "one"], merged=True)
    assert bag_of_all.covers == 2
    assert bag_of_all.skipped == (Skipped("Album 2", "truncated"), Skipped("Album 1", "one: too dark"))


def test_without_the_other_a_tagger_s_bag_is_its_own_and_so_is_its_name() -> None:
    alone = tagged_covers(missing={"two": "it dropped out"}, names=("one",))
    assert merge(alone, ["two", "one"]) == alone
    for merging in (True, False):
        left, missing = artist_bags(alone, ["two", "one"], merged=merging)
        assert (left.tagger, left.missing, left.covers) == ("one", "", 2)
        assert left.weights()["Guitar"] == 0.9
        assert (missing.tagger, missing.missing) == ("two", "it dropped out")
        assert missing.tags == ()


def test_a_cover_that_a_tagger_cannot_read_is_none_of_its_bag_s() -> None:
    two, one = artist_bags(tagged_covers(unreadable={"one": {1: "too dark"}}), ["two", "one"])
    assert (two.tagger, two.covers, one.tagger, one.covers) == ("two", 2, "one", 1)
    assert one.weights() == {"Guitar": 0.9, "sky": 0.8}
    assert Skipped("Album 1", "one: too dark") in one.skipped
    assert two.skipped == (Skipped("Album 2", "truncated"),)


def test_what_a_tagger_cannot_read_is_known_by_number_among_fewer_covers() -> None:
    some = tagged_covers(unreadable={"one": {1: "too dark"}})
    assert some.subset([1]).unreadable == {"one": {0: "too dark"}}
    assert some.subset([0]).unreadable == {"one": {}}
