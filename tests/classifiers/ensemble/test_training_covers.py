from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.ensemble.training_covers import count_known, pack, unpack

DIGESTS = st.lists(st.binary(min_size=1, max_size=4).map(lambda data: hashlib.sha256(data).hexdigest()))


@given(DIGESTS, DIGESTS)
def test_covers_of_the_training_are_counted_and_no_others(trained: list[str], others: list[str]) -> None:
    known = unpack(pack(trained))
    assert count_known(known, trained) == len(set(trained))
    assert count_known(known, others) == len(set(others) & set(trained))
    assert pack(reversed(trained)) == pack(trained)


@pytest.mark.parametrize(
    ("text", "word"), [("AAAA", "5 bytes"), ("no base64!", "is not base64"), ("A" * 4_000_000, "more than")]
)
def test_what_is_no_list_of_covers_is_refused(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        unpack(text)
