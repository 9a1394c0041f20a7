"""Pooling the votes of covers; needs no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.errors import InputError
from spotitags.taggers.zero_shot import pool_votes

if TYPE_CHECKING:
    from random import Random

GENRES = ["jazz", "metal", "country"]

shares = st.lists(st.floats(1e-6, 1), min_size=3, max_size=3).map(
    lambda values: {genre: value / sum(values) for genre, value in zip(GENRES, values, strict=True)}
)


@given(st.lists(shares, min_size=1, max_size=6), st.randoms())
def test_pooled_votes_sum_to_one_in_any_order_of_covers(
    votes: list[dict[str, float]], random: Random
) -> None:
    shuffled = random.sample(votes, len(votes))

    pooled = pool_votes(votes)

    assert sum(pooled.values()) == pytest.approx(1)
    assert pooled == pytest.approx(pool_votes(shuffled))
    assert pool_votes([votes[0]] * 3) == pytest.approx(votes[0])


def test_a_cover_that_rules_a_genre_out_altogether_can_be_pooled() -> None:
    pooled = pool_votes([{"jazz": 1.0, "metal": 0.0}, {"jazz": 0.5, "metal": 0.5}])

    assert pooled["jazz"] == pytest.approx(1)
    with pytest.raises(InputError):
        pool_votes([])
