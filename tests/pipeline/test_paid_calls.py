"""Batches for taggers that cost money: nothing is lost, and no call could have been saved."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.fake_taggers import PaidFakeTagger
from hypothesis import given
from hypothesis import strategies as st

from spotitags.pipeline.paid_calls import PaidQueue, announcement, filled
from spotitags.records import Album, Artist, Cover

if TYPE_CHECKING:
    from collections.abc import Sequence


def cover(data: bytes) -> Cover:
    digest = hashlib.sha256(data).hexdigest()
    return Cover(Album(digest, "", Artist("a")), digest, np.zeros((1, 1, 3), np.uint8), data)


class BySize(PaidFakeTagger):
    """As many covers a call as fit into 100 bytes, in their order."""

    def calls_for(self, sizes: Sequence[int]) -> int:
        calls, room = 0, 0
        for size in sizes:
            if size > room:
                calls, room = calls + 1, 100
            room -= size
        return calls


def sent(tagger: PaidFakeTagger, arrivals: Sequence[Sequence[Cover]]) -> list[list[Cover]]:
    """The batches, whole ones as covers arrive and the rest at the end."""
    waiting, batches = PaidQueue(tagger, tagger), []
    for whole, covers in [*((True, covers) for covers in arrivals), (False, ())]:
        waiting.add(covers)
        while batch := waiting.next_batch(whole=whole):
            waiting.remove(cover.digest for cover in batch)
            batches.append(batch)
    assert len(waiting) == 0
    return batches


ARRIVALS = st.lists(st.lists(st.integers(0, 60).map(lambda n: cover(bytes([n])))), max_size=6)


@given(ARRIVALS, st.integers(1, 20))
def test_every_cover_is_sent_once_in_order_and_all_batches_but_the_last_are_full(
    arrivals: list[list[Cover]], most: int
) -> None:
    tagger = PaidFakeTagger(a_call=most)
    batches = sent(tagger, arrivals)
    flat = [each.digest for batch in batches for each in batch]
    twice = [digest for digest in flat if flat.count(digest) > 1]
    assert set(flat) == {each.digest for covers in arrivals for each in covers}
    assert all(len(batch) == most for batch in batches[:-1])
    assert not twice or len(arrivals) > 1, "sent twice only where it came again after it was gone"


@given(st.lists(st.lists(st.integers(1, 100)), max_size=6))
def test_calls_filled_by_bytes_are_as_few_as_for_all_covers_at_once(sizes: list[list[int]]) -> None:
    number = iter(range(10_000))
    arrivals = [
        [cover(f"{next(number):04}".encode().ljust(size, b"x")[:size] or b"x") for size in part]
        for part in sizes
    ]
    tagger = BySize(a_call=16)
    batches = sent(tagger, arrivals)
    kept = [len(each.data) for batch in batches for each in batch]
    assert sum(tagger.calls_for([len(each.data) for each in batch]) for batch in batches) == tagger.calls_for(
        kept
    )


def test_a_batch_is_full_where_not_even_one_byte_would_fit() -> None:
    tagger = PaidFakeTagger(a_call=4)
    assert filled([1] * 3, tagger, 4) == 0
    assert filled([1] * 4, tagger, 4) == 4
    assert filled([1] * 9, tagger, 8) == 8
    assert filled([60, 60, 60], BySize(), 16) == 2, "the third waits for company"
    assert filled([10, 10], BySize(), 16) == 0


@pytest.mark.parametrize(
    ("waiting", "coming", "line"),
    [
        (100, 0, "7 paid calls for 100 covers"),
        (16, 284, "at most 19 paid calls for at most 300 covers, fewer if some are cached"),
        (1, None, "at least 1 paid call for at least 1 covers"),
    ],
)
def test_a_line_says_what_a_large_batch_costs(waiting: int, coming: int | None, line: str) -> None:
    said = announcement("t", PaidFakeTagger(), [9] * waiting, coming, None)
    assert said == f"tagger t: {line}; a farthing a call"


def test_little_is_not_worth_a_line() -> None:
    assert announcement("t", PaidFakeTagger(), [9] * 16, 83, None) is None


def test_a_limit_stands_in_the_line_where_it_is_in_the_way() -> None:
    def said(most: int) -> str | None:
        return announcement("t", PaidFakeTagger(), [9] * 160, 0, most)

    assert (
        said(4) == "tagger t: 10 paid calls for 160 covers, of which --max-calls allows 4; a farthing a call"
    )
    assert said(10) == "tagger t: 10 paid calls for 160 covers; a farthing a call"
    assert said(0) is None, "nothing will be paid"


def test_covers_that_are_still_to_come_are_taken_to_be_as_large_as_the_largest() -> None:
    line = announcement("t", BySize(), [10, 50], 100, None)
    assert line is not None
    assert "at most 51 paid calls for at most 102 covers" in line
