from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.bags.bag import bag
from spotitags.bags.display.groups import label_groups
from spotitags.bags.display.rates import rates_of
from spotitags.bags.display.selection import SURE_OF_ONE, cover_chances, shown_tags
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.records import Artist, Tag, TagBag

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping

ARTIST = Artist("a", "Blind Guardian")
LABELS = (
    "man", "young man", "woman", "girl", "beard", "long hair", "duo", "group of friends", "face", "skull",
    "skeleton", "fire", "flames", "forest", "dark forest", "tree", "drawing", "ink drawing", "line art",
    "guitar", "electric guitar", "guitarist", "trumpet", "cornet", "blue", "dark", "black and white",
    "lettering", "high contrast", "comic book", "website", "a label of my own", "crow", "dog",
)  # fmt: skip
COVERS = st.lists(st.dictionaries(st.sampled_from(LABELS), st.floats(0, 1)), min_size=1, max_size=8)
TAGGERS = st.sampled_from(["lite", "clip", "clip+lite"])


def bag_of(covers: Iterable[Mapping[str, float]], tagger: str = "lite") -> TagBag:
    return bag(ARTIST, tagger, [[Tag(*tag) for tag in cover.items()] for cover in covers])


def shown(*covers: Mapping[str, float], tagger: str = "lite") -> list[str]:
    return [tag.label for tag in shown_tags(bag_of(covers, tagger))]


@given(COVERS, TAGGERS)
def test_no_tag_repeats_another(covers: list[dict[str, float]], tagger: str) -> None:
    labels = [tag.label for tag in shown_tags(bag_of(covers, tagger))]
    assert len(labels) == len(set(labels))
    for label in labels:
        assert not label_groups().related(label) & set(labels)


@given(COVERS, TAGGERS, st.randoms(use_true_random=False))
def test_the_order_of_covers_makes_no_difference(
    covers: list[dict[str, float]], tagger: str, shuffled: random.Random
) -> None:
    other = covers.copy()
    shuffled.shuffle(other)
    assert shown_tags(bag_of(covers, tagger)) == shown_tags(bag_of(other, tagger))


@given(COVERS, TAGGERS)
def test_no_weight_exceeds_the_number_of_covers(covers: list[dict[str, float]], tagger: str) -> None:
    for tag in shown_tags(bag_of(covers, tagger)):
        assert 0 < tag.weight <= len(covers)


@given(COVERS)
def test_what_is_shown_of_one_cover_is_more_often_right_than_not(covers: list[dict[str, float]]) -> None:
    rates = rates_of("lite")
    assert rates
    for cover in bag_of(covers).each:
        chances = cover_chances(cover, rates)
        for tag in shown_tags(bag(ARTIST, "lite", [cover])):
            assert chances[tag.label] >= SURE_OF_ONE > 1 / 2


@given(COVERS, st.integers(0, 8))
def test_the_first_n_are_the_head_of_all(covers: list[dict[str, float]], n: int) -> None:
    assert shown_tags(bag_of(covers), n) == shown_tags(bag_of(covers))[:n]


def test_the_more_specific_label_stands_for_both_and_no_cover_counts_twice() -> None:
    covers = [{"tree": 0.6, "dark forest": 0.5}, {"tree": 0.3, "dark forest": 0.7}]
    assert shown_tags(bag_of(covers)) == [Tag("dark forest", pytest.approx(0.5 + 0.7))]


def test_a_broader_label_stays_where_the_narrower_one_is_rare_and_counts_it() -> None:
    covers = [{"woman": 0.8, "young woman": 0.75}, *[{"woman": 0.8}] * 5]
    assert shown_tags(bag_of(covers)) == [Tag("woman", pytest.approx(6 * 0.8))]


def test_near_synonyms_count_together() -> None:
    (tag,) = shown_tags(bag_of([{"fire": 0.7, "flames": 0.8}, {"fire": 0.6}]))
    assert tag.label in {"fire", "flames"}
    assert tag.weight == pytest.approx(0.8 + 0.6)


def test_several_unlikely_kinds_make_their_broader_label_likely() -> None:
    unlikely = dict.fromkeys(["trumpet", "saxophone", "clarinet", "flute"], 0.3)
    assert shown({"trumpet": 0.3}) == []
    assert shown(unlikely) == ["musical instrument"]


def test_sex_is_named_only_where_the_tags_agree() -> None:
    assert "man" in shown({"man": 0.7})
    assert "woman" in shown({"woman": 0.7, "long hair": 0.4})
    unsure = shown({"man": 0.5, "woman": 0.5, "young man": 0.4})
    assert "person" in unsure
    assert not {"man", "woman", "young man"} & set(unsure)


def test_what_every_cover_has_comes_after_what_sets_the_artist_apart() -> None:
    covers = [{"skull": 0.8, "drawing": 0.5}] * 3
    assert shown(*covers) == ["skull", "drawing"]


def test_a_colour_must_mark_a_third_of_the_covers() -> None:
    blue, plain = {"blue": 0.45, "skull": 0.8}, {"skull": 0.8}
    assert "blue" in shown(blue, blue, plain, plain)
    assert "blue" not in shown(blue, *[plain] * 4)


def test_classes_of_imagenet_are_shown_by_a_plain_name_or_not_at_all() -> None:
    assert shown({"bald eagle": 0.19, "crossword": 0.2, "high contrast": 0.1}) == ["bird"]


def test_custom_labels_are_shown_if_likely() -> None:
    assert shown({"a label of my own": 0.7}) == ["a label of my own"]
    assert shown({"a label of my own": 0.2}) == []


def test_tags_of_other_taggers_keep_their_order_without_repeats() -> None:
    cover = {"zebra crossing": 0.9, "fire": 0.3, "flames": 0.29, "man": 0.2, "person": 0.8}
    assert shown(cover, tagger="google-vision") == ["zebra crossing", "flames", "man"]


def test_a_bag_of_which_only_the_sum_is_known_keeps_its_order() -> None:
    whole = TagBag(ARTIST, "lite", (Tag("skull", 2.1), Tag("flames", 1.0), Tag("fire", 0.9)), 3)
    assert shown_tags(whole) == [Tag("skull", 2.1), Tag("flames", 1.0)]


def test_an_empty_bag_shows_nothing() -> None:
    assert shown() == []
    assert shown({}, {}) == []


def test_the_bag_that_voters_read_is_not_changed() -> None:
    whole = bag_of([{"man": 0.5, "fire": 0.4, "flames": 0.3}])
    before = (whole.tags, whole.each)
    shown_tags(whole)
    assert (whole.tags, whole.each) == before


def test_every_artist_of_the_library_has_tags_worth_reading() -> None:
    library = LibraryCatalog()
    for artist in library.artists():
        digests = [album.digest or "" for album in library.albums(artist.id, 10)]
        assert shown_tags(bag(artist, "lite", [tags or [] for tags in library.tags(digests)])), artist
