"""Bags summed as arrays: the same numbers as one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text.coded import LABELS, NumberTable, coded_bags
from classifiers.text.views import sum_tags

COVER = st.dictionaries(st.sampled_from([f"label {n}" for n in range(9)]), st.just(0.0) | st.floats(1e-6, 1))


@given(st.lists(st.lists(COVER, max_size=5), max_size=4))
def test_sums_and_order_are_those_of_single_bags(artists: list[list[dict[str, float]]]) -> None:
    covers = [cover for artist in artists for cover in artist]
    coded = coded_bags(
        [LABELS.numbers(list(cover)) for cover in covers],
        [np.array(list(cover.values()), np.float64) for cover in covers],
        [len(artist) for artist in artists],
        NumberTable(["label 3"], [1], missing=0),
    )
    assert coded.cover_counts().tolist() == [len(artist) for artist in artists]
    for number, artist in enumerate(artists):
        kept = [[tag for tag in cover.items() if tag[0] != "label 3"] for cover in artist]
        expected = sorted(sum_tags(kept).items(), key=lambda tag: (-tag[1], tag[0]))
        assert list(zip(*coded.bag(number), strict=True)) == expected
    for number, cover in enumerate(covers):
        tags = list(zip(*coded.cover(number), strict=True))
        assert tags == [tag for tag in cover.items() if tag[0] != "label 3"]


def test_a_table_has_its_default_for_labels_that_came_later() -> None:
    table = NumberTable(["a table's label"], [7], missing=-1)
    numbers = LABELS.numbers(["a table's label", "a label that came later"])
    assert table[numbers].tolist() == [7, -1]
