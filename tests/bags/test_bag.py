from __future__ import annotations

from math import fsum, inf, nan
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.bags.bag import bag, broad_labels, top
from spotitags.bags.tables import frame
from spotitags.errors import InputError
from spotitags.records import Artist, Skipped, Tag

if TYPE_CHECKING:
    import random

ARTIST = Artist("2ye2Wgw4gimLv2eAKyk1NB", "Metallica", "metal")
LABELS = st.sampled_from(["guitar", "church", "art", "fire", "dust jacket"])
COVER = st.dictionaries(LABELS, st.floats(0, 1)).map(lambda weights: [Tag(*tag) for tag in weights.items()])
COVERS = st.lists(COVER, max_size=8)


def test_weights_are_summed_over_covers_heaviest_first_and_ties_by_label() -> None:
    covers = [[Tag("sea", 0.9), Tag("man", 0.25)], [Tag("fire", 0.5), Tag("man", 0.25)]]
    assert bag(ARTIST, "lite", covers).tags == (Tag("sea", 0.9), Tag("fire", 0.5), Tag("man", 0.5))


def test_the_14_broad_tags_of_2015_and_our_own_are_dropped_unless_kept() -> None:
    covers = [[Tag("background", 1.0), Tag("album cover", 0.9), Tag("skull", 0.1)]]
    assert bag(ARTIST, "lite", covers).tags == (Tag("skull", 0.1),)
    assert [tag.label for tag in bag(ARTIST, "lite", covers, keep_broad=True).tags] == [
        "background", "album cover", "skull",
    ]  # fmt: skip
    assert {"art", "artistic", "graphic design", "retro", "sign", "symbol", "vector"} <= broad_labels()


def test_each_cover_s_own_tags_are_kept_without_broad_ones() -> None:
    whole = bag(
        ARTIST, "lite", [[Tag("art", 1.0), Tag("skull", 0.1), Tag("man", 0.5)], [], [Tag("man", 0.2)]]
    )
    assert whole.cover_weights() == [{"skull": 0.1, "man": 0.5}, {}, {"man": 0.2}]
    assert top(whole, 1).cover_weights() == [{"man": 0.5}, {}, {"man": 0.2}]


@given(COVERS)
def test_a_bag_is_the_sum_of_its_covers(covers: list[list[Tag]]) -> None:
    whole = bag(ARTIST, "lite", covers)
    assert len(whole.each) == whole.covers
    for label, weight in whole.tags:
        assert weight == fsum(cover.get(label, 0.0) for cover in whole.cover_weights())


def test_a_cover_on_which_nothing_was_seen_counts() -> None:
    skipped = Skipped("c.jpg", "truncated")
    empty = bag(ARTIST, "lite", [[], []], skipped=[skipped])
    assert (empty.tags, empty.covers, empty.skipped) == ((), 2, (skipped,))


@given(COVERS, st.randoms(use_true_random=False))
def test_the_order_of_covers_and_tags_makes_no_difference(
    covers: list[list[Tag]], rng: random.Random
) -> None:
    shuffled = [rng.sample(cover, len(cover)) for cover in rng.sample(covers, len(covers))]
    assert bag(ARTIST, "lite", shuffled) == bag(ARTIST, "lite", covers)


@given(COVERS)
def test_no_weight_is_lost_and_none_exceeds_the_number_of_covers(covers: list[list[Tag]]) -> None:
    whole = bag(ARTIST, "lite", covers, keep_broad=True)
    assert fsum(whole.weights().values()) == pytest.approx(fsum(w for cover in covers for _, w in cover))
    assert all(0 <= weight <= whole.covers for _, weight in whole.tags)
    kept = bag(ARTIST, "lite", covers).weights()
    assert kept == {label: w for label, w in whole.tags if label not in broad_labels()}


@given(COVERS, st.integers(0, 10))
def test_the_top_is_the_head_of_the_bag(covers: list[list[Tag]], n: int) -> None:
    whole = bag(ARTIST, "lite", covers)
    head = top(whole, n)
    assert head.tags + whole.tags[n:] == whole.tags
    assert len(head.tags) == min(n, len(whole.tags))
    assert head.covers == whole.covers


@pytest.mark.parametrize("weight", [-0.1, 1.1, nan, inf])
def test_a_weight_out_of_range_names_tagger_and_label(weight: float) -> None:
    with pytest.raises(InputError, match="lite gave 'man' the weight"):
        bag(ARTIST, "lite", [[Tag("man", weight)]])


def test_a_label_twice_on_one_cover_is_refused() -> None:
    with pytest.raises(InputError, match="twice"):
        bag(ARTIST, "lite", [[], [Tag("man", 0.1), Tag("man", 0.2)]])
    with pytest.raises(InputError, match="0 or more"):
        top(bag(ARTIST, "lite", []), -1)


def test_a_frame_has_a_row_an_artist_and_zeros_where_a_label_is_missing() -> None:
    one = bag(ARTIST, "lite", [[Tag("guitar", 0.5), Tag("fire", 0.25)]])
    two = bag(Artist("b"), "lite", [[Tag("fire", 1.0)]])
    none = bag(Artist("a"), "lite", [[]])
    table = frame([one, two, none])
    assert table.index.tolist() == [ARTIST.id, "b", "a"]
    assert table.index.name == "artist_id"
    assert table.columns.tolist() == ["fire", "guitar"]
    assert table.to_numpy().tolist() == [[0.25, 0.5], [1.0, 0.0], [0.0, 0.0]]
    assert frame([none]).shape == (1, 0)
    assert frame([]).shape == (0, 0)


def test_a_frame_of_several_taggers_keeps_their_labels_apart() -> None:
    table = frame([bag(ARTIST, tagger, [[Tag("fire", w)]]) for tagger, w in (("lite", 0.5), ("clip", 0.25))])
    assert table.columns.tolist() == [("clip", "fire"), ("lite", "fire")]
    assert table.loc[ARTIST.id].tolist() == [0.25, 0.5]


def test_a_long_frame_has_a_row_a_tag() -> None:
    table = frame([bag(ARTIST, "lite", [[Tag("guitar", 0.5), Tag("fire", 0.75)]])], long=True)
    assert table.to_dict("list") == {
        "artist_id": [ARTIST.id] * 2,
        "artist_name": ["Metallica"] * 2,
        "genre": ["metal"] * 2,
        "tagger": ["lite"] * 2,
        "label": ["fire", "guitar"],
        "weight": [0.75, 0.5],
    }
    assert frame([], long=True).columns.tolist() == list(table.columns)


def test_two_bags_of_one_artist_by_one_tagger_are_refused() -> None:
    one = bag(ARTIST, "lite", [[Tag("fire", 0.5)]])
    with pytest.raises(InputError, match="two bags of lite"):
        frame([one, one])
